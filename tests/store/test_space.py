"""A full disk is reported, and loses nothing that was accepted."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from p2pchat.core.values.changes import PutMessage
from p2pchat.errors import StoreError
from p2pchat.store import KeyFile, Store
from tests.support.homes import WITH_BOB, message, new_store

ROOT = Path(__file__).parents[2]


def fill(store: Store) -> tuple[int, str]:
    """Commit until refused: how many were taken, and the line of the refusal."""
    for number in range(2000):
        try:
            store.commit_changes([PutMessage(message(2 * number + half, "x" * 3000)) for half in (0, 1)])
        except StoreError as error:
            return number, str(error)
    raise AssertionError("it never was full")


def test_a_store_at_its_largest_size_refuses_whole_batches(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home)
    store._connection.pragma("max_page_count", 100)
    taken, line = fill(store)
    assert line.startswith("the disk is full")
    assert len(store.history.read_messages(WITH_BOB)) == 2 * taken > 0
    store._connection.pragma("max_page_count", 1 << 20)
    store.commit_changes([PutMessage(message(100_000))])
    store.close()
    store = Store.open_store(home, KeyFile())
    assert len(store.history.read_messages(WITH_BOB)) == 2 * taken + 1
    store.close()


LIMITED = """
import resource, signal, sys
from pathlib import Path
from p2pchat.core.values.changes import PutMessage
from p2pchat.store import KeyFile, Store
from tests.store.test_space import fill
from tests.support.homes import WITH_BOB, message
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store.open_store(Path(sys.argv[1]), KeyFile())
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
taken, line = fill(store)
assert len(store.history.read_messages(WITH_BOB)) == 2 * taken
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.commit_changes([PutMessage(message(100_000))])
print(taken, line, sep="|")
"""


def test_a_write_the_system_refuses_is_reported_and_undone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(home)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    taken, line = done.stdout.strip().split("|")
    assert "disk" in line
    store = Store.open_store(home, KeyFile())
    assert len(store.history.read_messages(WITH_BOB)) == 2 * int(taken) + 1 > 10
    store.close()


SMALL = ("unshare", "--map-root-user", "--mount")

ON_A_SMALL_DISK = """
import os, shutil, sys
from pathlib import Path
from p2pchat.errors import StoreError
from p2pchat.store import KeyFile, Store
from tests.store.test_space import fill
from p2pchat.sim.entropy import SeededEntropy
from tests.support.homes import CHEAP, WITH_BOB, identity, new_store
disk = Path(sys.argv[1])
store = new_store(disk / "home")
taken, line = fill(store)
assert len(store.history.read_messages(WITH_BOB)) == 2 * taken > 0
try:
    Store.create_store(disk / "second", KeyFile(), identity(), SeededEntropy(1), CHEAP)
except StoreError as error:
    assert "\\n" not in str(error)
else:
    raise AssertionError("a second home on a full disk")
shutil.copytree(disk / "home", sys.argv[2])
print(taken, line, sep="|", flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_small_disk_that_fills_up(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = f"mount -t tmpfs -o size=1m none {disk}"
    if (
        shutil.which("unshare") is None
        or subprocess.run([*SMALL, "sh", "-c", mounted], capture_output=True, check=False).returncode
    ):
        pytest.skip("needs the right to make mount namespaces")
    script = f'{mounted} && exec "$@"'
    copy = tmp_path / "copy"
    done = subprocess.run(
        [*SMALL, "sh", "-c", script, "sh", sys.executable, "-c", ON_A_SMALL_DISK, str(disk), str(copy)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (-9, "")
    taken, line = done.stdout.strip().split("|")
    assert line.startswith("the disk is full")
    store = Store.open_store(copy, KeyFile())
    assert len(store.history.read_messages(WITH_BOB)) == 2 * int(taken)
    store.close()

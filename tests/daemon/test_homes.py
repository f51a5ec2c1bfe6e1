"""A home has one maker and one owner, and a missing permission is not reported as damage."""

from __future__ import annotations

import gc
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from p2pchat.client import connect
from p2pchat.daemon.home import LOCK, Lock
from p2pchat.daemon.setup import change_passphrase, create_home, wipe_home
from p2pchat.errors import StoreError, TrustError, UsageError
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store import DataKey, KeyFile, Passphrase, Store, vault
from tests.support.homes import CHEAP, identity, new_store

STRANGER = 65534


def make(home: Path) -> None:
    create_home(home, "ana", (), KeyFile())


def test_of_many_attempts_to_make_a_home_at_once_one_succeeds(tmp_path: Path) -> None:
    def attempt(home: Path) -> bool:
        try:
            make(home)
        except UsageError:
            return False
        return True

    for number in range(10):
        home = tmp_path / str(number)
        with ThreadPoolExecutor(6) as makers:
            assert sorted(makers.map(attempt, [home] * 6)) == [False] * 5 + [True]
        Store.open_store(home, KeyFile()).close()


def test_a_home_that_another_is_making_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    lock = Lock.try_acquire(home)
    assert lock is not None
    with pytest.raises(UsageError, match="another p2pchat makes or uses"):
        make(home)
    lock.release()
    make(home)


def test_making_a_home_in_vain_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the disk is broken")

    monkeypatch.setattr(Store, "create_store", refuse)
    with pytest.raises(StoreError):
        make(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_of_a_home_that_was_wiped_meanwhile_is_no_lock(tmp_path: Path) -> None:
    make(tmp_path)
    first = Lock.try_acquire(tmp_path)
    assert first is not None
    (tmp_path / LOCK).unlink()
    second = Lock.try_acquire(tmp_path)
    assert second is not None, "the first holds a file that no longer exists"
    assert Lock.try_acquire(tmp_path) is None
    first.release()
    second.release()


USES: list[Callable[[Path], object]] = [
    make,
    lambda home: Store.open_store(home, KeyFile()),
    lambda home: Store.create_store(home, KeyFile(), identity(), SeededEntropy(1), CHEAP),
    lambda home: change_passphrase(home, KeyFile(), Passphrase("new")),
    wipe_home,
    Lock.try_acquire,
]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user than the owner")
@pytest.mark.parametrize("use", USES)
def test_another_user_than_the_owner_is_told_whose_home_it_is_and_touches_nothing(
    tmp_path: Path, use: Callable[[Path], object]
) -> None:
    make(tmp_path / "home")
    home = tmp_path / "home"
    (home / LOCK).unlink()
    os.chown(home, STRANGER, STRANGER)
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    with pytest.raises(UsageError, match=f"belongs to {pwd.getpwuid(STRANGER).pw_name}; run p2pchat as"):
        use(home)
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before


@pytest.mark.parametrize("name", ["keys", "store.db"])
def test_a_file_that_may_not_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    new_store(tmp_path / "home").close()

    def refuse(path: object, *_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    if name == "keys":
        monkeypatch.setattr(vault, "open", refuse, raising=False)
    else:
        monkeypatch.setattr(os, "chmod", refuse)
    with pytest.raises(StoreError, match="Permission denied") as refused:
        Store.open_store(tmp_path / "home", KeyFile())
    assert "damaged" not in str(refused.value) and "wipe" not in str(refused.value)


def test_the_data_key_opens_what_the_passphrase_opened(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home", Passphrase("correct horse"))
    way = store.unlock
    store.close()
    Store.open_store(tmp_path / "home", way).close()
    assert "key=" not in repr(way)
    with pytest.raises((TrustError, StoreError)):
        Store.open_store(tmp_path / "home", DataKey(bytes(32)))


@pytest.mark.real
async def test_a_node_keeps_no_passphrase(tmp_path: Path) -> None:
    new_store(tmp_path / "home", Passphrase("said here alone")).close()
    asked: list[str] = []

    def ask() -> str:
        asked.append("asked")
        return "said here alone"

    async with connect(tmp_path / "home", passphrase=ask) as node:
        await node.whoami()
        gc.collect()
        kept = [each for each in gc.get_objects() if isinstance(each, Passphrase)]
        assert "said here alone" not in [each.text for each in kept]
        assert node._unlock._ask is None
    assert asked == ["asked"]


def test_no_core_dump_is_left_and_no_debugger_attaches() -> None:
    code = (
        "import ctypes, resource; from p2pchat import cores;"
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1];"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)); cores.leave_none(); print("
        "resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ("0 0\n" if sys.platform == "linux" else done.stdout)


def test_every_command_leaves_no_core() -> None:
    code = (
        "import sys; from p2pchat import cores; cores.leave_none = lambda: print('none');"
        "from p2pchat.cli import main; sys.argv = ['p2pchat', '--version']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("none\n")

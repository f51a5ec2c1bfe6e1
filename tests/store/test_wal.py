"""What was altered in the database or its log is reported, never believed."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from p2pchat.errors import P2PChatError, StoreError, TrustError
from p2pchat.store import KeyFile, Store, wal
from p2pchat.store.database import translate_sqlite_errors
from tests.support.homes import WITH_BOB, message, new_store

ROOT = Path(__file__).parents[2]
HEADER, FRAME, PAGE = 32, 24, 4096
COMMITS = 12

KILLED = """
import os, sys
from pathlib import Path
from p2pchat.core.values.changes import PutMessage
from tests.support.homes import message, new_store
store = new_store(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    store.commit_changes([PutMessage(message(number, "attack at dawn " * 100))])
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose node was killed: all it committed is in the log."""
    home = tmp_path_factory.mktemp("killed") / "home"
    done = subprocess.run([sys.executable, "-c", KILLED, str(home), str(COMMITS)], cwd=ROOT, check=False)
    assert done.returncode == -9
    return home


def read(home: Path) -> object:
    store = Store.open_store(home, KeyFile())
    try:
        store.check_pages()
        return store.load_memory(), store.history.read_messages(WITH_BOB)
    finally:
        store.close()


def outcome(home: Path, name: str, data: bytes, scratch: Path) -> object:
    """What is read with ``name`` replaced; the line, where that is refused."""
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(home, scratch)
    (scratch / name).write_bytes(data)
    try:
        return read(scratch)
    except (StoreError, TrustError) as error:
        return "refused" if len(str(error).splitlines()) == 1 else str(error)


def flipped(data: bytes, spot: int, bits: int = 0x40) -> bytes:
    return data[:spot] + bytes([data[spot] ^ bits]) + data[spot + 1 :]


def commits(log: bytes) -> list[int]:
    """Where in the log each commit ends."""
    ends = range(HEADER + FRAME + PAGE, len(log) + 1, FRAME + PAGE)
    return [end for end in ends if any(log[end - PAGE - FRAME :][4:8])]


def test_a_flipped_byte_anywhere_in_the_database_is_reported(killed: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(killed, home)
    expected = read(home)  # which moves all of the log into the database
    whole = (home / "store.db").read_bytes()
    tags = [page + PAGE - back for page in range(0, len(whole), PAGE) for back in (1, 16, 17, 32)]
    spots = [*range(0, 100, 7), *random.Random(7).sample(range(len(whole)), 60), *tags]
    found = [outcome(home, "store.db", flipped(whole, spot), tmp_path / "scratch") for spot in spots]
    assert all(each in ("refused", expected) for each in found)
    # Only the page size and its like lie open, for readers without the key; nothing relies on them.
    believed = [spot for spot, each in zip(spots, found, strict=True) if each != "refused"]
    assert all(16 <= spot < 24 for spot in believed)


def test_a_flipped_byte_anywhere_in_the_log_is_reported(killed: Path, tmp_path: Path) -> None:
    log = (killed / "store.db-wal").read_bytes()
    *_, before_last, end = commits(log)
    assert end == len(log)
    frames = range(HEADER, before_last, FRAME + PAGE)
    heads = [frame + spot for frame in random.Random(2).sample(frames, 4) for spot in range(FRAME)]
    spots = [*range(HEADER), *heads, *random.Random(3).sample(range(before_last), 40)]
    found = Counter(
        str(outcome(killed, "store.db-wal", flipped(log, spot), tmp_path / "scratch")) for spot in spots
    )
    assert found == {"refused": len(spots)}


def test_a_refused_log_stays_refused(killed: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(killed, home)
    log = (home / "store.db-wal").read_bytes()
    (home / "store.db-wal").write_bytes(flipped(log, len(log) // 2))
    for _ in range(2):
        with pytest.raises(StoreError, match="log is damaged"):
            Store.open_store(home, KeyFile())
    (home / "store.db-wal").write_bytes(log)
    assert read(home)


def test_a_commit_torn_by_a_power_cut_is_dropped_and_nothing_else(killed: Path, tmp_path: Path) -> None:
    log = (killed / "store.db-wal").read_bytes()
    *_, start, end = commits(log)
    chance = random.Random(4)
    for _ in range(12):
        cut = chance.randrange(start, end)
        sector = chance.randrange(start, end)
        for torn in (
            log[:cut],
            log[:cut] + bytes(end - cut),
            log[:sector] + bytes(512) + log[sector + 512 :],
        ):
            found = outcome(killed, "store.db-wal", torn[:end], tmp_path / "scratch")
            assert isinstance(found, tuple)
            assert found[1] == [message(number, "attack at dawn " * 100) for number in range(COMMITS - 1)]


def test_a_log_cut_short_or_absent_is_no_damage(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert not wal.damaged(log)
    for content in (b"", b"x" * 31, bytes(32), bytes(10_000)):
        log.write_bytes(content)
        assert not wal.damaged(log)


def test_frames_of_an_older_log_are_no_damage(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home)
    log = home / "store.db-wal"
    long = log.stat().st_size
    store._connection.wal_checkpoint()
    store.history.mark_read([])
    store.commit_changes([])
    store._connection.pragma("user_version", 1)  # one page, at the log's beginning
    assert log.stat().st_size == long
    assert log.read_bytes()[12:16] == (2).to_bytes(4, "big")
    assert not wal.damaged(log)
    store.close()


def test_the_side_file_of_a_killed_node_is_not_relied_on(killed: Path, tmp_path: Path) -> None:
    shm = (killed / "store.db-shm").read_bytes()
    noise = random.Random(5).randbytes(len(shm))
    found = outcome(killed, "store.db-shm", noise, tmp_path / "scratch")
    assert isinstance(found, tuple)
    assert len(found[1]) == COMMITS


def test_every_failure_of_sqlite_is_one_line_of_ours() -> None:
    import apsw

    for failure in (
        apsw.FullError,
        apsw.BusyError,
        apsw.CorruptError,
        apsw.IOError,
        apsw.ReadOnlyError,
        apsw.MisuseError,
    ):
        with pytest.raises(P2PChatError, match=r"^[^\n]+$"), translate_sqlite_errors():
            raise failure("detail")

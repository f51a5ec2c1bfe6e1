"""A checkpoint follows what was written, and makes room where the disk is full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from p2pchat.store.checkpoints import Checkpoints
from p2pchat.store.database import DiskFull

FULL = DiskFull("the disk is full")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[apsw.Connection, Path]]:
    connection = apsw.Connection(str(tmp_path / "store.db"))
    connection.execute("PRAGMA auto_vacuum = incremental; PRAGMA journal_mode = wal")
    connection.execute("CREATE TABLE held (mesh, number, slot)")
    connection.execute("CREATE INDEX held_index ON held (slot)")
    connection.execute("CREATE TABLE words (text)")
    yield connection, tmp_path
    connection.close()


def log_size(home: Path) -> int:
    return (home / "store.db-wal").stat().st_size


def test_the_log_is_folded_once_for_what_was_written(opened: tuple[apsw.Connection, Path]) -> None:
    connection, home = opened
    folded: list[int] = []
    checkpoints = Checkpoints(connection, home, lambda: folded.append(log_size(home)))
    connection.execute("INSERT INTO words VALUES ('said')")
    assert log_size(home) > 0
    checkpoints.fold_log()
    checkpoints.fold_log()
    assert folded == [0]
    connection.execute("INSERT INTO words VALUES ('more')")
    checkpoints.cut_log()
    assert folded == [0, 0]


def test_what_is_forgotten_leaves_the_log_and_gives_its_pages_back(
    opened: tuple[apsw.Connection, Path],
) -> None:
    connection, home = opened
    checkpoints = Checkpoints(connection, home, lambda: None)
    connection.execute("INSERT INTO words VALUES (?)", ("x" * 1_000_000,))
    checkpoints.fold_log()
    before = (home / "store.db").stat().st_size

    def forget() -> str:
        connection.execute("DELETE FROM words")
        return "done"

    assert checkpoints.run_and_erase(forget) == "done"
    assert log_size(home) == 0
    assert (home / "store.db").stat().st_size < before / 2


def test_cells_held_for_others_make_room_and_the_work_is_done_again(
    opened: tuple[apsw.Connection, Path],
) -> None:
    connection, home = opened
    connection.executemany("INSERT INTO held VALUES ('mesh', ?, ?)", [(n, n) for n in range(10)])
    checkpoints = Checkpoints(connection, home, lambda: None)
    tries: list[int] = []

    def work() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise FULL
        return len(tries)

    assert checkpoints.run_with_room(work) == 2
    assert connection.execute("SELECT count(*) FROM held").fetchall() == [(0,)]


def test_work_for_which_there_is_no_room_fails(opened: tuple[apsw.Connection, Path]) -> None:
    def work() -> None:
        raise FULL

    with pytest.raises(DiskFull):
        Checkpoints(*opened, lambda: None).run_with_room(work)

"""What the store takes of the disk: the log folded in and cut, a reserve, room made out of what is others'.

Knows: SQLite's log and free pages, one file beside them. Does not know: the messages, or its callers.

The log keeps earlier images of pages, sealed under the same key: what was forgotten, and states of sessions
that opened cells which are still held. So it is folded into the database and cut to nothing when something
was forgotten, and soon after anything else was written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import apsw

from p2pchat.store.database import DiskFull, transaction, translate_sqlite_errors

T = TypeVar("T")

RESERVE_FILE: Final = "room.reserve"
RESERVE_BYTES: Final = 2 << 20
"""Kept back for making room on a disk that is full: forgetting writes to the log first. Twice what the log
holds before SQLite folds it in by itself."""

SIDE_FILES_BYTES: Final = 64 * 1024
"""What SQLite needs beside the database before it reads any of it."""

FREE_PAGES: Final = 256
"""Free pages, 1 MB, that make room for what is one's own, out of cells held for others."""

CELLS_AT_ONCE: Final = 128
"""Dropped in one transaction on a full disk, 130 kB: what is dropped is overwritten in the log first."""

PAGES_AT_ONCE: Final = 64
"""Given back to the disk in one transaction."""


def settle(connection: apsw.Connection) -> None:
    """Fold the log into the database and cut it to nothing. Raises StoreError."""
    with translate_sqlite_errors():
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def keep_reserve(home: Path) -> None:
    """Take the reserve, if there is at least as much again. On a disk that is nearly full there is none."""
    if _reserved(home) < RESERVE_BYTES and _free(home) >= 2 * RESERVE_BYTES:
        take_reserve(home)


def is_full(home: Path) -> bool:
    """Whether not even SQLite's side files have room, but what is kept back would make some."""
    return _free(home) < SIDE_FILES_BYTES and _reserved(home) > 0


def has_space(connection: apsw.Connection) -> bool:
    """Whether there is room to write most pages anew: in the log, and once more where the database grows by
    them. A log that cannot be folded in keeps what was forgotten."""
    used = int(connection.pragma("page_count")) - free_pages(connection)
    return _free(Path(connection.filename).parent) > 3 * used * int(connection.pragma("page_size"))


def _reserved(home: Path) -> int:
    try:
        return (home / RESERVE_FILE).stat().st_size
    except OSError:
        return 0


def _free(home: Path) -> int:
    try:
        left = os.statvfs(home)
    except OSError:
        return 0
    return left.f_bavail * left.f_frsize


def take_reserve(home: Path) -> None:
    """All of it, or what fits, in sixteenths."""
    sizes = (RESERVE_BYTES * sixteenths // 16 for sixteenths in range(16, 1, -1))
    if not any(_allocated(home / RESERVE_FILE, size) for size in sizes):
        drop_reserve(home)


def _allocated(path: Path, size: int) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb", buffering=0) as file:
            os.fchmod(file.fileno(), 0o600)
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
                return True
            return file.write(os.urandom(size)) == size
    except OSError:
        return False


def drop_reserve(home: Path) -> None:
    """Give the reserve back."""
    with suppress(OSError):
        (home / RESERVE_FILE).unlink()


def give_back(connection: apsw.Connection, pages: int) -> None:
    """Return so many free pages to the disk, a few at a time. Raises StoreError."""
    while pages > 0:
        before = free_pages(connection)
        with translate_sqlite_errors():
            connection.execute(f"PRAGMA incremental_vacuum({min(pages, PAGES_AT_ONCE)})").fetchall()
        settle(connection)
        pages -= PAGES_AT_ONCE
        if free_pages(connection) == before:  # a database made before pages could be returned
            return


def free_pages(connection: apsw.Connection) -> int:
    """Pages of the database that hold nothing."""
    with translate_sqlite_errors():
        return int(connection.pragma("freelist_count"))


def with_reserve(connection: apsw.Connection, home: Path, work: Callable[[], T]) -> T:
    """Work on a full disk with what was kept back for that, then keep it back again."""
    drop_reserve(home)
    try:
        settle(connection)
        return work()
    finally:
        with suppress(DiskFull):
            settle(connection)
        take_reserve(home)  # also where nothing is left beside it: it had this room before


def drop_cells(connection: apsw.Connection) -> bool:
    """Make room by dropping the oldest cells held for others; whether there were any. Raises StoreError."""
    dropped = False
    while free_pages(connection) < FREE_PAGES:
        with transaction(connection):
            connection.execute(
                "DELETE FROM held WHERE (mesh, number) IN"
                " (SELECT mesh, number FROM held INDEXED BY held_index ORDER BY slot LIMIT ?)",
                (CELLS_AT_ONCE,),
            )
            some = connection.changes() > 0
        settle(connection)
        if not some:
            break
        dropped = True
    return dropped

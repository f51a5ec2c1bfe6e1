"""Checkpoints: when the log is folded into the database, and what is done first where the disk is full.

Knows: what was written since the last checkpoint. Does not know: what was written.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import apsw

from p2pchat.store import space
from p2pchat.store.database import DiskFull

T = TypeVar("T")


class Checkpoints:
    """The checkpoints of one open store. ``on_folded`` is called after each."""

    def __init__(self, connection: apsw.Connection, home: Path, on_folded: Callable[[], None]) -> None:
        self._connection = connection
        self._home = home
        self._on_folded = on_folded
        self._folded_at = -1
        """The count of changes at the last checkpoint."""

    def fold_log(self) -> None:
        """Fold the log into the database and cut it, if anything was written since the last time.

        Raises StoreError; then the log stays for the next time.
        """
        if self._connection.total_changes() != self._folded_at:
            space.settle(self._connection)
            self._folded_at = self._connection.total_changes()
            self._on_folded()

    def cut_log(self) -> None:
        """Cut the log at once, on a full disk with the reserve; if that fails, ``fold_log`` does it later."""
        with suppress(DiskFull):
            try:
                self.fold_log()
            except DiskFull:
                self.run_with_reserve(self.fold_log)

    def run_with_room(self, work: Callable[[], T]) -> T:
        """Do the work; on a full disk drop the oldest cells held for others and do it again."""
        try:
            return work()
        except DiskFull as full:
            try:
                self.run_with_reserve(lambda: space.drop_cells(self._connection))
            except DiskFull:
                raise full from None
            return work()

    def run_with_reserve(self, work: Callable[[], T]) -> T:
        """Do the work on a full disk, with what was kept back for that."""
        return space.with_reserve(self._connection, self._home, work)

    def run_and_erase(self, work: Callable[[], T]) -> T:
        """Do work that forgets something; erase it in the log, too, and give its pages back to the disk."""
        free = space.free_pages(self._connection)
        result = work()
        self.cut_log()
        space.give_back(self._connection, space.free_pages(self._connection) - free)
        return result

"""Which cells are new here, and which may still live.

Knows: the ids of cells seen, by epoch, and the window of epochs. Does not know: links, or whom a cell is for.

Every cell is handed to every other link once (plain flooding). A broadcast tree takes this module's place
later; what it answers, "is this cell new and alive?", stays the same.
"""

from __future__ import annotations

from p2pchat.crypto.envelope import FUTURE_EPOCHS, PAST_EPOCHS, epoch_at

SEEN_CAP = 262_144
"""Ids remembered in all, about 25 MB. Over a cell's life of a day that is three cells a second; beyond it the
oldest epoch's oldest ids are forgotten, and a replay of those cells would be relayed once more."""


class Flood:
    """Duplicate suppression and expiry."""

    def __init__(self) -> None:
        self._seen: dict[int, dict[bytes, None]] = {}
        self._count = 0
        self.forgotten = 0

    def alive(self, epoch: int, now: float) -> bool:
        """Whether a cell of this epoch may still be relayed."""
        current = epoch_at(now)
        return current - PAST_EPOCHS <= epoch <= current + FUTURE_EPOCHS

    def first_sight(self, cell_id: bytes, epoch: int, now: float) -> bool:
        """Record a live cell's id; True when it was not known."""
        self._expire(now)
        ids = self._seen.setdefault(epoch, {})
        if cell_id in ids:
            return False
        ids[cell_id] = None
        self._count += 1
        if self._count > SEEN_CAP:
            self._forget_oldest()
        return True

    def _expire(self, now: float) -> None:
        for epoch in [epoch for epoch in self._seen if not self.alive(epoch, now)]:
            self._count -= len(self._seen.pop(epoch))

    def _forget_oldest(self) -> None:
        oldest = self._seen[min(epoch for epoch, ids in self._seen.items() if ids)]
        del oldest[next(iter(oldest))]
        self._count -= 1
        self.forgotten += 1

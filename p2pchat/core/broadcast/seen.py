"""Which cells were seen here, and which may still live.

Knows: the ids of cells seen, by epoch, and the window of epochs. Does not know: links, what a cell holds, or
how it spreads.
"""

from __future__ import annotations

from itertools import islice

from p2pchat.crypto.envelope import FUTURE_EPOCHS, PAST_EPOCHS, epoch_at
from p2pchat.types import CellId, Epoch

SEEN_CAP = 262_144
"""Ids remembered in all, about 25 MB. Over a cell's life of a day that is three cells a second; beyond it the
oldest epoch's oldest ids are forgotten, and a replay of those cells would be relayed once more."""

FORGET_SHARE = 4
"""When there are too many, this fraction of the oldest epoch goes at once, so that it is seldom done."""


class Seen:
    """Duplicate suppression and expiry."""

    def __init__(self, cap: int = SEEN_CAP) -> None:
        self._cap = cap
        self._epochs: dict[Epoch, dict[CellId, None]] = {}
        self._count = 0
        self.forgotten = 0

    def is_alive(self, epoch: Epoch, now: float) -> bool:
        """Whether a cell of this epoch may still be relayed."""
        current = epoch_at(now)
        return current - PAST_EPOCHS <= epoch <= current + FUTURE_EPOCHS

    def has_seen(self, id: CellId) -> bool:
        """Whether a cell of this id was seen."""
        return any(id in ids for ids in self._epochs.values())

    def first_sight(self, id: CellId, epoch: Epoch, now: float) -> bool:
        """Record a live cell's id; True when it was not known."""
        ids = self._epochs.get(epoch)
        if ids is None:
            self._expire(now)
            ids = self._epochs[epoch] = {}
        if id in ids:
            return False
        ids[id] = None
        self._count += 1
        if self._count > self._cap:
            self._forget_oldest()
        return True

    def _expire(self, now: float) -> None:
        for epoch in [epoch for epoch in self._epochs if not self.is_alive(epoch, now)]:
            self._count -= len(self._epochs.pop(epoch))

    def _forget_oldest(self) -> None:
        oldest = min(epoch for epoch, ids in self._epochs.items() if ids)
        ids = self._epochs[oldest]
        gone = -(-len(ids) // FORGET_SHARE)
        self._epochs[oldest] = dict.fromkeys(islice(ids, gone, None))
        self._count -= gone
        self.forgotten += gone

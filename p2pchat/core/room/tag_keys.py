"""The tag keys of a room: one in use, and those under which a member that has not heard of it may write.

Knows: which there are, and how far their epochs were confirmed. Does not know: why one replaces another.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from p2pchat.crypto.envelope import FUTURE_EPOCHS
from p2pchat.crypto.room_tags import RoomTagKey
from p2pchat.wire.cell import Cell
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import PERIOD_BYTES

TAG_KEYS_MAX: Final = 16
"""One a week and one for each removal, for thirty days; each costs every cell that comes by a hash."""

BACK_EPOCHS: Final = 128
"""A new tag key's first epoch may be a month ago: commits are kept so long for absent members."""

BEFORE_EPOCHS: Final = FUTURE_EPOCHS + 1
"""A new tag key begins so many epochs before its author's, for members whose clocks are behind."""


class RoomTagKeys:
    """One room's, by the period that began with each."""

    def __init__(self) -> None:
        self._keys: dict[bytes, RoomTagKey] = {}
        self._begun: dict[bytes, int] = {}
        self.confirmed = 0
        """The latest epoch in which another member has written."""
        self.moved = False
        self.added = 0
        """So many keys there have been since this node began, forgotten ones too."""

    def __len__(self) -> int:
        return len(self._keys)

    @classmethod
    def read_kept(cls, reader: Reader) -> RoomTagKeys:
        """Undo ``as_values``. Raises Malformed."""
        kept = cls()
        kept.confirmed = reader.get_integer("confirmed", 0, 2**32 - 1)
        for period, key, epoch, begun in reader.get_list("tags", TAG_KEYS_MAX):
            kept._keys[period], kept._begun[period] = RoomTagKey(key, epoch), begun
        kept.added = len(kept._keys)
        return kept

    def as_values(self) -> dict[str, Any]:
        """Return all as plain values."""
        keys = [[period, key.key, key.epoch, self._begun[period]] for period, key in self._keys.items()]
        return {"confirmed": self.confirmed, "tags": keys}

    def add_key(self, period: bytes, key: RoomTagKey) -> None:
        """Listen for another key's tags. ``has_space`` afterwards, or ``forget_one``."""
        assert len(period) == PERIOD_BYTES
        if period not in self._keys:
            self._keys[period], self._begun[period] = key, key.epoch
            self.moved = True
            self.added += 1

    @property
    def has_space(self) -> bool:
        """Whether there is no key too many."""
        return len(self._keys) <= TAG_KEYS_MAX

    def forget_one(self, needed: Collection[bytes]) -> None:
        """Forget the key that began first, of those that are not ``needed``, if there are such; never the
        newest."""
        *older, _ = self._keys
        self._forget(next((period for period in older if period not in needed), older[0]))

    def begun_at(self, period: bytes) -> int:
        """The first epoch of the tag key that began with a period; 0 if it is forgotten."""
        return self._begun.get(period, 0)

    def find_key(self, period: bytes) -> RoomTagKey | None:
        """The tag key that began with a period, unless it is forgotten."""
        return self._keys.get(period)

    def key_of(self, cell: Cell, now: int) -> RoomTagKey | None:
        """The key under which a member has made a cell's tag, if one has; the newest is tried first."""
        for key in reversed(self._keys.values()):
            if key.has_made(cell.tag, cell.epoch, now):
                return key
        return None

    def confirm_epoch(self, epoch: int) -> None:
        """Note that another member has written in an epoch."""
        if epoch > self.confirmed:
            self.confirmed, self.moved = epoch, True

    def follow_clock(self, epoch: int) -> None:
        """Forget the keys of epochs without live cells."""
        for key in self._keys.values():
            self.moved |= key.advance_to(epoch, self.confirmed)

    def keep_only(self, periods: Collection[bytes]) -> None:
        """Stop listening under the others."""
        for period in [old for old in self._keys if old not in periods]:
            self._forget(period)
            self.moved = True

    def _forget(self, period: bytes) -> None:
        del self._keys[period], self._begun[period]

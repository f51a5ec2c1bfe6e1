"""Which cells of a hold must go, and which go first.

Knows: when each was first seen, which link brought it, and what had to go before its time. Does not know:
what a cell holds, how many may be kept, or what is on disk.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable
from itertools import islice

from p2pchat.types import CellKey, Epoch

OURS = 0
"""The lane of cells of our own, of those an earlier run left, and of those that links brought which are gone:
a link that comes and goes gets no lane of its own each time."""

LATEST_SLOT = 2**32

REMEMBERED_CAP = 65_536
"""Keys remembered of cells that went before others seen earlier, so that they are not fetched again."""

Place = tuple[int, Epoch, int]
"""A slot, an epoch, and the lane of the link that brought what was seen then."""


class Eviction:
    """Keys by place, and which of them to drop. What is dropped is returned as key and epoch."""

    def __init__(self) -> None:
        self.slots: dict[Place, list[CellKey]] = {}
        self._brought: Counter[int] = Counter()
        """How many cells each link brought of those that are kept."""
        self.remembered: dict[CellKey, None] = {}
        """Keys of cells that went although others are kept that were seen earlier."""
        self.since = 0
        """The first slot of which nothing is missing that was ever seen."""

    @property
    def oldest(self) -> int | None:
        """The slot of what was first seen the longest ago."""
        return min(self.slots)[0] if self.slots else None

    # --- what is kept

    def load_key(self, slot: int, epoch: Epoch, key: CellKey) -> None:
        """Note a key that an earlier run left; ``sort_keys`` follows the last."""
        self.slots.setdefault((slot, epoch, OURS), []).append(key)
        self._brought[OURS] += 1

    def sort_keys(self) -> None:
        """Set what was loaded in order."""
        for keys in self.slots.values():
            keys.sort()

    def presume_gaps(self) -> None:
        """An earlier run has dropped what is older than all that it left."""
        if self.oldest is not None:
            self.since = self.oldest + 1

    def add_key(self, slot: int, epoch: Epoch, lane: int, key: CellKey) -> None:
        """Note a key."""
        insort(self.slots.setdefault((slot, epoch, lane), []), key)
        self._brought[lane] += 1

    def merge_lane(self, lane: int) -> None:
        """A link is gone; what it brought shares a lane with what others brought that are gone."""
        for place in [place for place in self.slots if place[2] == lane]:
            keys = self.slots.pop(place)
            common = (place[0], place[1], OURS)
            self.slots[common] = sorted([*self.slots.get(common, ()), *keys])
        self._brought[OURS] += self._brought.pop(lane, 0)

    # --- what goes

    def drop_expired(self, floor: Epoch, count: int) -> list[tuple[CellKey, Epoch]]:
        """Up to ``count`` cells of epochs before the floor."""
        gone: list[tuple[CellKey, Epoch]] = []
        for place in [place for place in sorted(self.slots) if place[1] < floor]:
            gone += self._drop(place, count - len(gone))
        return gone

    def evict_cells(self, count: int) -> list[tuple[CellKey, Epoch]]:
        """``count`` cells go, each time of the link that brought the most, down to what the next one brought:
        a link that floods loses its own, and what came over others stays."""
        gone: list[tuple[CellKey, Epoch]] = []
        while len(gone) < count:
            (lane, most), *rest = self._brought.most_common(2)
            share = most - (rest[0][1] if rest else 0) + 1
            gone += self._evict_from(lane, min(share, count - len(gone)))
        return gone

    def _evict_from(self, lane: int, count: int) -> list[tuple[CellKey, Epoch]]:
        """The ``count`` cells of a lane that were first seen the longest ago."""
        others = min((place[0] for place in self.slots if place[2] != lane), default=LATEST_SLOT)
        gone: list[tuple[CellKey, Epoch]] = []
        for place in sorted(place for place in self.slots if place[2] == lane):
            if place[0] > others:
                self._remember(self.slots[place][: count - len(gone)])
            else:
                self.since = max(self.since, place[0] + 1)
            gone += self._drop(place, count - len(gone))
            if len(gone) == count:
                break
        return gone

    def _remember(self, keys: Iterable[CellKey]) -> None:
        self.remembered.update(dict.fromkeys(keys))
        excess = len(self.remembered) - REMEMBERED_CAP
        for key in list(islice(self.remembered, max(0, excess))):
            del self.remembered[key]

    def _drop(self, place: Place, count: int) -> list[tuple[CellKey, Epoch]]:
        """Up to ``count`` cells of one slot, epoch and lane."""
        keys = self.slots[place]
        gone = [(key, place[1]) for key in keys[:count]]
        del keys[:count]
        self._brought[place[2]] -= len(gone)
        if not self._brought[place[2]]:
            del self._brought[place[2]]
        if not keys:
            del self.slots[place]
        return gone

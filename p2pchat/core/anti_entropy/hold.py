"""The cells of one mesh that this node keeps for absent members.

Knows: which cells are kept, since when, which link brought them, and in which order they go: those past
their life, then, of the link that brought the most, the oldest first seen. Does not know: what is in a cell,
which neighbour lacks one (``reconcile``), or how the disk is read.

A cell is named here by its key, the first 8 bytes of its id. When it was first seen is kept as a slot of a
minute, so that a node that gets a cell cannot learn more exactly when it passed here.

::

    add ──► unwritten ──WRITE_S──► on disk, body in memory ──RECENT_CAP──► on disk ──► dropped
      └───► unsettled ──SETTLE_S──► settled: counts when holds are compared
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain, islice, takewhile
from typing import Protocol

from p2pchat.core.anti_entropy.eviction import OURS, Eviction, Place
from p2pchat.core.anti_entropy.keyset import KeySet, bounds
from p2pchat.core.anti_entropy.sketch import KEY_BYTES, Sketch
from p2pchat.core.kit.table import Table
from p2pchat.core.values.changes import DropCells, PutCells
from p2pchat.core.values.effects import Effect, Persist
from p2pchat.core.values.records import HeldCell
from p2pchat.core.values.status import HoldStatus
from p2pchat.crypto.envelope import EPOCH_SECONDS, FUTURE_EPOCHS, PAST_EPOCHS, epoch_at
from p2pchat.types import CellId, CellKey, Epoch, MeshId
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.reconcile import Horizon, Interval

SLOT_S = 60
"""A slot is a minute. Propagation takes a second, so neighbours agree on a cell's slot but at its edges."""

SETTLE_S = 5.0
"""A cell younger than this may still be on its way to some: it makes no difference between two holds. The p99
of delivery is 1.2 s, a fetched one takes two or three more."""

WRITE_S = 5.0
"""Cells are written together: each commit syncs the disk, and frames wait for it."""

WRITE_MAX = 2048
"""As many are written at once when they come faster, 2 MB: a tenth of a second (measured)."""

DROP_MAX = 4096
"""Cells dropped at one time, so that the end of an epoch, with a hundred thousand, holds nothing up."""

DROP_PAUSE_S = 1.0
"""If more are to be dropped, they are so soon."""

SUM_CHUNKS = 16
SUM_GAP_S = 0.05
"""What an earlier run left is summed up in steps of 10 ms, so that a node starts at once: 128 MB in two
seconds, before a neighbour asks."""

RECENT_CAP = 4096
"""Bodies kept in memory, 4 MB: neighbours ask for recent ones, at once."""

FULL_SHARE = 15 / 16
"""A hold that is found fuller than this at the start is taken to have dropped what is older."""


class Kept(Protocol):
    """What of a hold may be looked up to compare it with a neighbour's."""

    @property
    def capacity(self) -> int: ...

    def knows_key(self, key: CellKey) -> bool: ...

    def cell_in_memory(self, key: CellKey) -> HeldCell | None: ...

    def number_on_disk(self, key: CellKey) -> int | None: ...

    def horizon_at(self, now: float) -> Horizon: ...

    def settled_lately(self, key: CellKey) -> bool: ...

    def sketch_interval(self, interval: Interval, view: Horizon, now: float) -> tuple[Sketch, int]: ...

    def keys_in(self, interval: Interval, view: Horizon, now: float) -> list[CellKey]: ...


class Hold:
    """The cells of one mesh that this node keeps. ``kept`` is what an earlier run left on disk; bodies in it
    are ignored."""

    def __init__(self, mesh: MeshId, kept: Iterable[HeldCell], budget_bytes: int) -> None:
        """``budget_bytes`` counts cells, ``GEOMETRY.cell`` bytes each."""
        self._mesh = mesh
        self.capacity = budget_bytes // GEOMETRY.cell
        """Cells that are kept at most."""
        self._numbers: dict[CellKey, int] = {}
        self._eviction = Eviction()
        self._settled: dict[Epoch, KeySet] = {}
        self._unsettled: dict[CellKey, tuple[float, Epoch]] = {}
        self._young: dict[CellKey, float] = {}
        self._recent = Table[CellKey, HeldCell](RECENT_CAP)
        self._unwritten: dict[CellKey, HeldCell] = {}
        self._dropped = 0
        self._load(kept)
        self._next = max(self._numbers.values(), default=0) + 1
        self._due = 0.0 if self._numbers else None
        self._summing = chain.from_iterable([keys.sum_up() for keys in self._settled.values()])
        self._sum_at = 0.0 if self._numbers else None
        if len(self._numbers) > self.capacity * FULL_SHARE:
            self._eviction.presume_gaps()

    def _load(self, kept: Iterable[HeldCell]) -> None:
        keys: dict[Epoch, list[CellKey]] = {}
        for cell in kept:
            self._numbers[cell.key] = cell.number
            self._eviction.load_key(cell.slot, cell.epoch, cell.key)
            keys.setdefault(cell.epoch, []).append(cell.key)
        self._eviction.sort_keys()
        self._settled = {epoch: KeySet(settled_keys) for epoch, settled_keys in keys.items()}

    # --- cells

    def add(
        self, id: CellId, epoch: Epoch, cell: bytes, now: float, slot: int | None = None, by: int = OURS
    ) -> None:
        """Keep a live cell, ``GEOMETRY.cell`` bytes; one that is kept already is left as it is.

        ``by``: the link that brought it. ``slot``: of a cell that came late, when the neighbour that had it
        first saw it. It is taken no further back than the cell's life, and such a cell is settled: it is
        not on its way to any node.
        """
        key = cell_key(id)
        if self.knows_key(key):
            return
        seen = slot_at(now)
        if slot is None:
            self._unsettled[key] = now, epoch
            self._young[key] = now
        else:
            seen = min(seen, max(slot, (epoch - FUTURE_EPOCHS) * EPOCH_SECONDS // SLOT_S))
            self._settled.setdefault(epoch, KeySet()).add(key)
        self._numbers[key] = self._next
        self._eviction.add_key(seen, epoch, by, key)
        self._remember(HeldCell(self._next, key, epoch, seen, cell))
        self._next += 1
        self._wake(now + (WRITE_S if len(self._unwritten) < WRITE_MAX else 0.0))

    def link_down(self, link: int) -> None:
        """The cells that a link brought now belong to the common lane."""
        self._eviction.merge_lane(link)

    def knows_key(self, key: CellKey) -> bool:
        """Whether the cell of this key is kept, or was and had to go before its time."""
        return key in self._numbers or key in self._eviction.remembered

    def find_body(self, id: CellId) -> bytes | None:
        """A cell's bytes, if they are in memory."""
        held = self.cell_in_memory(cell_key(id))
        return held.body if held is not None else None

    def cell_in_memory(self, key: CellKey) -> HeldCell | None:
        """A whole cell, if it is in memory."""
        return self._recent.get(key) or self._unwritten.get(key)

    def number_on_disk(self, key: CellKey) -> int | None:
        """Return the number of a cell on disk, or the one that it will soon have."""
        return self._numbers.get(key)

    def _remember(self, held: HeldCell) -> None:
        self._unwritten[held.key] = held
        self._recent.put(held.key, held)

    # --- time

    def tick(self, now: float) -> list[Effect]:
        """Drop what is past its life or beyond the budget, and write what came since."""
        if self._sum_at is not None and now >= self._sum_at:
            summed = sum(1 for _ in islice(self._summing, SUM_CHUNKS))
            self._sum_at = now + SUM_GAP_S if summed == SUM_CHUNKS else None
        return self.flush(now) if self._due is not None and now >= self._due else []

    def flush(self, now: float) -> list[Effect]:
        """Do so at once: the node is about to stop."""
        gone = [self._forget(*one) for one in self._drop_expired(floor_at(now))]
        expired = len(gone) == DROP_MAX
        evicted = self._eviction.evict_cells(min(self._excess, DROP_MAX - len(gone)))
        self._dropped += len(evicted)
        gone += [self._forget(*one) for one in evicted]
        written, self._unwritten = tuple(self._unwritten.values()), {}
        numbers = tuple(number for number in gone if number is not None)
        self._due = (epoch_at(now) + 1.0) * EPOCH_SECONDS if self._numbers else None
        if expired or self._excess:
            self._wake(now + DROP_PAUSE_S)
        dropped = [Persist(DropCells(self._mesh, numbers))] if numbers else []
        return [*dropped, *([Persist(PutCells(self._mesh, written))] if written else [])]

    def next_wakeup(self) -> float | None:
        """When ``tick`` is next due."""
        if self._due is None or self._sum_at is None:
            return self._due
        return min(self._due, self._sum_at)

    def get_status(self) -> HoldStatus:
        """Return a value to show."""
        cells = len(self._numbers)
        slot = self._eviction.oldest
        oldest = float(slot * SLOT_S) if slot is not None else None
        return HoldStatus(cells, cells * GEOMETRY.cell, self.capacity * GEOMETRY.cell, oldest, self._dropped)

    def _wake(self, at: float) -> None:
        self._due = at if self._due is None else min(self._due, at)

    # --- what must go

    @property
    def _excess(self) -> int:
        return max(0, len(self._numbers) - self.capacity)

    def _drop_expired(self, floor: Epoch) -> list[tuple[CellKey, Epoch]]:
        self._settled = {epoch: keys for epoch, keys in self._settled.items() if epoch >= floor}
        return self._eviction.drop_expired(floor, DROP_MAX)

    def _forget(self, key: CellKey, epoch: Epoch) -> int | None:
        number = self._numbers.pop(key)
        self._young.pop(key, None)
        self._recent.pop(key, None)
        if self._unsettled.pop(key, None) is None and epoch in self._settled:
            self._settled[epoch].remove(key)
        return number if self._unwritten.pop(key, None) is None else None

    # --- what a neighbour's hold is compared with

    def horizon_at(self, now: float) -> Horizon:
        """The part of this hold in which nothing is missing that was ever seen."""
        return Horizon(floor_at(now), self._eviction.since)

    def settled_lately(self, key: CellKey) -> bool:
        """Whether a cell settled so lately that neighbours may not have noticed."""
        return key in self._young

    def sketch_interval(self, interval: Interval, view: Horizon, now: float) -> tuple[Sketch, int]:
        """The sketch of all settled keys in an interval, and the steps it took (a key each)."""
        self._settle(now)
        total, steps = Sketch(), 0
        slots = self._eviction.slots
        older = [place for place in slots if place[0] < view.since]
        if sum(len(slots[place]) for place in older) * 2 > len(self._numbers):
            keys = list(self._dated([place for place in slots if place[0] >= view.since], interval, view))
            total.add_keys(keys)
            return total, len(keys)
        for epoch, settled in self._settled.items():
            if epoch >= view.floor:
                part, took = settled.sketch_interval(interval)
                total.add_sketch(part)
                steps += took
        keys = list(self._dated(older, interval, view))
        if keys:
            total.remove_keys(keys)
        return total, steps + len(keys)

    def keys_in(self, interval: Interval, view: Horizon, now: float) -> list[CellKey]:
        """All settled keys in an interval."""
        self._settle(now)
        if not view.since:
            settled = (keys for epoch, keys in self._settled.items() if epoch >= view.floor)
            return [key for keys in settled for key in keys.keys_in(interval)]
        newer = [place for place in self._eviction.slots if place[0] >= view.since]
        return list(self._dated(newer, interval, view))

    def _dated(self, places: Iterable[Place], interval: Interval, view: Horizon) -> Iterator[CellKey]:
        """Settled keys of some slots and epochs."""
        low, high = bounds(interval)
        for place in places:
            if place[1] >= view.floor:
                keys = self._eviction.slots[place]
                for key in keys[bisect_left(keys, low) : bisect_left(keys, high)]:
                    if key not in self._unsettled:
                        yield key

    def _settle(self, now: float) -> None:
        ready = list(takewhile(lambda entry: entry[1][0] <= now - SETTLE_S, self._unsettled.items()))
        for key, (_, epoch) in ready:
            del self._unsettled[key]
            self._settled.setdefault(epoch, KeySet()).add(key)
        for key, _ in list(takewhile(lambda entry: entry[1] <= now - 2 * SETTLE_S, self._young.items())):
            del self._young[key]


def cell_key(id: CellId) -> CellKey:
    """The key of the cell of this id."""
    return CellKey(id[:KEY_BYTES])


def slot_at(now: float) -> int:
    """The number of a minute."""
    return int(now // SLOT_S)


def floor_at(now: float) -> Epoch:
    """Return the oldest epoch whose cells are alive."""
    return Epoch(epoch_at(now) - PAST_EPOCHS)

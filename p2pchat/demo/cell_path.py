"""The way a cell took, put together from what each node saw of it.

Knows: first sights, passages of onions, and their order. Does not know: what is in a cell, or how sights are
collected.

No node of the mesh could do this: each knows only from which neighbour a cell came first. It takes somebody
who asks every single one, as only the demo can.
"""

from __future__ import annotations

from typing import Final

from p2pchat.data import dataclass

CELLS_MAX: Final = 10_000
"""Cells remembered, some hours of chat; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class FirstSight:
    """The first time that a node saw a cell."""

    node: str
    cell: str
    source: str | None
    """From whom it came; None at its origin."""
    forwarded: int
    """How many neighbours it was handed to."""
    at: str
    """By the node's clock, ISO 8601 with milliseconds."""
    onion: bool = False
    """Whether it passed here as an onion, on its stem."""


@dataclass(frozen=True, slots=True)
class Passage:
    """An onion that went on from a node."""

    node: str
    onion: str
    """Its id, or at its origin the cell's."""
    child: str
    """The id of the onion that left, or of the cell that entered the broadcast."""
    source: str | None
    """From whom it came; None at its origin."""
    at: str


CellPath = tuple[FirstSight, ...]
"""From a cell's origin to where it was wanted."""


class Sights:
    """All that the nodes saw."""

    def __init__(self) -> None:
        self._cells: dict[str, dict[str, FirstSight]] = {}
        self._passages: dict[tuple[str, str], Passage] = {}

    def add(self, sight: FirstSight) -> None:
        """Remember a sight; of several by one node the first counts."""
        self._cells.setdefault(sight.cell, {}).setdefault(sight.node, sight)
        while len(self._cells) > CELLS_MAX:
            del self._cells[next(iter(self._cells))]

    def add_passage(self, passage: Passage) -> None:
        """Remember an onion that passed."""
        self._passages[passage.node, passage.child] = passage
        while len(self._passages) > CELLS_MAX:
            del self._passages[next(iter(self._passages))]

    def cells_from(self, node: str, since: str, until: str) -> list[str]:
        """The cells that began at ``node`` between two moments, both counted, in the order they did."""
        own = [seen[node] for seen in self._cells.values() if node in seen]
        return [sight.cell for sight in own if sight.source is None and since <= sight.at <= until]

    def path_of(self, cell: str, end: str) -> CellPath | None:
        """How ``cell`` first came to ``end``; None while a part of that is not known (yet)."""
        spread = self._spread(cell, end)
        if spread is None:
            return None
        stem = self._stem(cell, spread[0])
        return (*stem, *spread) if stem is not None else None

    def _spread(self, cell: str, end: str) -> CellPath | None:
        """Its way through the broadcast, from where it entered."""
        seen = self._cells.get(cell, {})
        backwards: list[FirstSight] = []
        here: str | None = end
        while here is not None:
            sight = seen.get(here)
            if sight is None or sight in backwards:
                return None
            backwards.append(sight)
            here = None if (here, cell) in self._passages else sight.source
        return tuple(reversed(backwards))

    def _stem(self, cell: str, entry: FirstSight) -> CellPath | None:
        """Its way as an onion, before it entered the broadcast; nothing, where it entered at its origin."""
        if entry.source is None:
            return ()
        backwards: list[FirstSight] = []
        passage = self._passages.get((entry.node, cell))
        while passage is not None and passage.source is not None:
            before = self._passages.get((passage.source, passage.onion))
            if before is not None:
                backwards.append(FirstSight(before.node, cell, before.source, 1, before.at, onion=True))
            passage = before
        return tuple(reversed(backwards)) if passage is not None else None


def names(path: CellPath) -> list[str]:
    """Who is on it."""
    return [sight.node for sight in path]


def hops(path: CellPath) -> int:
    """Links travelled."""
    return len(path) - 1

"""The plan of a mesh in neighbourhoods, so that its two ends are some relays apart.

Knows: names and meeting places. Does not know: that these are processes and servers.

Nodes stand in layers, ``you`` alone in the first, ``echo`` alone in the last. Each layer shares one meeting
place with the next, and members link only with those they meet::

      place 0        place 1        place 2
    you · r1 r2 r3 │ r1 r2 r3 · r4 r5 │ r4 r5 · echo
"""

from __future__ import annotations

from itertools import combinations
from math import ceil
from typing import Final

from p2pchat.data import dataclass

YOU: Final = "you"
ECHO: Final = "echo"
ROOM: Final = "friends"
"""What all are in, if there is a room."""

LAYER_MAX: Final = 3
"""Relays in a layer. With both layers beside it that is at most 8 neighbours, all of which a node may link
with (``NEIGHBOURS_MAX``), so that no layer can turn its back on the next."""

NEIGHBOURS_MAX: Final = 3 * LAYER_MAX - 1

Pair = frozenset[str]
"""Two names that are linked."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Layers of names; place ``i`` is where layers ``i`` and ``i + 1`` meet."""

    layers: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All names, ``you`` first, ``echo`` last."""
        return tuple(name for layer in self.layers for name in layer)

    @property
    def relays(self) -> tuple[str, ...]:
        """The names between the two ends."""
        return self.names[1:-1]

    @property
    def places(self) -> int:
        """Number of meeting places."""
        return len(self.layers) - 1

    def places_of(self, name: str) -> tuple[int, ...]:
        """Where ``name`` meets others: one place for the two ends, two for all others."""
        layer = next(number for number, names in enumerate(self.layers) if name in names)
        return tuple(place for place in (layer - 1, layer) if 0 <= place < self.places)

    def possible_links(self) -> set[Pair]:
        """All pairs that share a meeting place."""
        return {
            frozenset(pair)
            for here, there in zip(self.layers, self.layers[1:], strict=False)
            for pair in combinations(here + there, 2)
        }


def layout_of(nodes: int) -> Layout:
    """Spread ``nodes`` - 2 relays evenly over at least two layers. Raises ValueError below five nodes."""
    if nodes < 5:
        raise ValueError("two layers with more than one way between them take at least three relays")
    relays = [f"r{number}" for number in range(1, nodes - 1)]
    layers = max(2, ceil(len(relays) / LAYER_MAX))
    size, larger = divmod(len(relays), layers)
    cut = [size + (number < larger) for number in range(layers)]
    ends = [sum(cut[: number + 1]) for number in range(layers)]
    between = [tuple(relays[end - width : end]) for end, width in zip(ends, cut, strict=True)]
    return Layout(((YOU,), *between, (ECHO,)))


def connected(links: set[Pair], start: str, end: str) -> bool:
    """Whether some way leads over ``links`` from ``start`` to ``end``."""
    reached, edge = {start}, [start]
    while edge:
        here = edge.pop()
        new = {name for pair in links if here in pair for name in pair} - reached
        reached |= new
        edge += sorted(new)
    return end in reached

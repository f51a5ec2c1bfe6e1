"""What a mesh asks of the strategy by which cells spread over its links.

Knows: the interface. Does not know: any strategy. The shipped one is ``plumtree``; the simulator has others
to measure it against.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import field
from typing import Protocol

from p2pchat.data import dataclass
from p2pchat.ports import Entropy
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import Gossip


@dataclass(frozen=True, slots=True)
class Push:
    """Send a cell, ``GEOMETRY.cell`` bytes."""

    link: LinkId
    cell: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendGossip:
    """Send a control message."""

    link: LinkId
    message: Gossip


Sending = Push | SendGossip


class CellLookup(Protocol):
    """What a strategy may look up: the cells seen and still alive."""

    def has_seen(self, id: CellId) -> bool:
        """Whether the cell of this id was seen."""
        ...

    def find_body(self, id: CellId) -> bytes | None:
        """Its bytes, while they are at hand."""
        ...


class Broadcast(Protocol):
    """One mesh's strategy. ``id`` is the cell's. Every method returns what is to be sent, in order."""

    def link_up(self, link: LinkId, now: float) -> list[Sending]:
        """Cells may travel over this link from now on."""
        ...

    def link_down(self, link: LinkId, broken: bool, now: float) -> list[Sending]:
        """The link is gone, or so quiet that it may be."""
        ...

    def on_new_cell(self, id: CellId, cell: bytes, source: LinkId | None, now: float) -> list[Sending]:
        """A cell was pushed to us for the first time, or (``source`` None) is our own."""
        ...

    def postpone_push(self, id: CellId, link: LinkId, now: float) -> list[Sending]:
        """A push that was wanted of us is not made: too much waits for that link already."""
        ...

    def on_duplicate(self, id: CellId, source: LinkId, now: float) -> list[Sending]:
        """A cell was pushed to us that we had already."""
        ...

    def on_recovered(self, id: CellId, source: LinkId, now: float) -> list[Sending]:
        """A cell came because we had asked for it, late."""
        ...

    def on_message(self, message: Gossip, source: LinkId, now: float) -> list[Sending]:
        """A neighbour said something about cells."""
        ...

    def tick(self, now: float) -> list[Sending]:
        """Do what is due."""
        ...

    def next_wakeup(self) -> float | None:
        """When ``tick`` is next due."""
        ...

    def pushing_links(self) -> dict[LinkId, bool]:
        """Return for each link whether cells are pushed over it."""
        ...


Strategy = Callable[[Entropy, CellLookup, Counter[str]], Broadcast]
"""Makes one mesh's strategy from its own entropy, the cells it may look up, and the node's counters."""

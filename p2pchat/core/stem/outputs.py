"""What a stem wants done.

Knows: the vocabulary. Does not know: how anything is sent.
"""

from __future__ import annotations

from dataclasses import field

from p2pchat.data import dataclass
from p2pchat.types import CellId, LinkId, Tag
from p2pchat.wire.topology import TopologyMessage


@dataclass(frozen=True, slots=True)
class SendTopology:
    """Send a control message."""

    link: LinkId
    message: TopologyMessage


@dataclass(frozen=True, slots=True)
class Relay:
    """Send an onion of ``GEOMETRY.onion`` bytes. ``source``: the link it came from; None: our own."""

    link: LinkId
    onion: bytes = field(repr=False)
    source: LinkId | None
    parent: bytes | None
    """The id of the onion, or of our own cell, that it came from; None: cover."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Broadcast a cell of ``GEOMETRY.cell`` bytes: its stem ends here (``source`` is the link the onion came
    from), or there is none for our own (None)."""

    cell: bytes = field(repr=False)
    source: LinkId | None
    parent: bytes | None
    """The id of the onion that it came in."""


@dataclass(frozen=True, slots=True)
class CellQueued:
    """A cell of our own, of this id, waits for its stem; no other node has seen it."""

    id: CellId


@dataclass(frozen=True, slots=True)
class CellDispatched:
    """A cell of our own is on its way."""

    tag: Tag


@dataclass(frozen=True, slots=True)
class CellReturned:
    """A cell of our own came back from the mesh: others have it."""

    tag: Tag


@dataclass(frozen=True, slots=True)
class CellMissing:
    """A cell of our own has not come back, and the link over which it left is gone."""

    tag: Tag


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Let this neighbour go: its descriptor does not list us, so it has more links than others, or hides
    some."""

    link: LinkId


Output = SendTopology | Relay | Spread | CellQueued | CellDispatched | CellReturned | CellMissing | Unlisted

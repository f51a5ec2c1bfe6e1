"""What a mesh wants done, and what happened in it that concerns others.

Knows: the vocabulary. Does not know: what follows from it (``node``).
"""

from __future__ import annotations

from dataclasses import field

from p2pchat.core.broadcast.cells import CellArrived
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat
from p2pchat.core.values.effects import Effect
from p2pchat.core.values.user_inputs import CellFate
from p2pchat.data import dataclass
from p2pchat.types import LinkId, Tag
from p2pchat.wire.marks import Marks


@dataclass(frozen=True, slots=True)
class CellMoved:
    """What has become of the cell of our own that bears this tag."""

    tag: Tag
    fate: CellFate


@dataclass(frozen=True, slots=True)
class NeighbourChanged:
    """A link came up or went down."""

    link: LinkId
    up: bool


@dataclass(frozen=True, slots=True)
class MarksGiven:
    """A neighbour said something that its contacts understand."""

    link: LinkId
    marks: Marks = field(repr=False)


MeshOutput = Effect | TakeSeat | LeaveSeat | CellArrived | CellMoved | NeighbourChanged | MarksGiven

"""Members that were met, but with which no link could be made.

Knows: what both ends know of their NATs. Does not know: words for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from p2pchat.core.kit.table import Table
from p2pchat.core.membership.neighbour import Neighbour
from p2pchat.data import dataclass
from p2pchat.types import NodeId
from p2pchat.wire.description import Nat

REMEMBERED_S: Final = 120.0
"""An attempt is made every half a minute or so; what is older is over: they have gone."""

BLAMED_S: Final = 60.0
"""Between two nodes that had a link, the networks are to blame only if attempts have failed for so long: one
of them may have stopped in the middle of an attempt."""

CAP: Final = 64


@dataclass(frozen=True, slots=True)
class Unreached:
    """One member that no connectivity check reaches."""

    node: NodeId
    at: float
    """When that was found; Unix seconds."""
    own: Nat
    theirs: Nat
    relayed: bool
    """Whether a TURN server was tried, by either end."""


class UnreachedMembers:
    """The members of one mesh that no link reaches. Each method gets one attempt."""

    def __init__(self) -> None:
        self._known = Table[NodeId, Unreached](CAP)
        self._reached = Table[NodeId, float | None](CAP)
        """Members that had a link with us, and since when attempts have failed again."""

    def on_failure(self, neighbour: Neighbour, now: float) -> None:
        """Both ends have told how they can be reached, and have not found each other."""
        if neighbour.node is None or neighbour.own is None or neighbour.theirs is None:
            return
        if neighbour.node in self._reached:
            since = self._reached[neighbour.node]
            self._reached.put(neighbour.node, now if since is None else since)
            if since is None or now < since + BLAMED_S:
                return
        ends = (neighbour.own, neighbour.theirs)
        relayed = any(candidate.kind == "relay" for end in ends for candidate in end.candidates)
        unreached = Unreached(neighbour.node, now, ends[0].nat, ends[1].nat, relayed)
        self._known.put(neighbour.node, unreached)

    def on_link(self, node: NodeId | None) -> None:
        """A link stands."""
        if node is not None:
            self._known.pop(node, None)
            self._reached.put(node, None)

    def still_unreached(self, now: float, linked: Callable[[NodeId], bool]) -> tuple[Unreached, ...]:
        """All that is still true."""
        return tuple(
            member
            for member in self._known.values()
            if now < member.at + REMEMBERED_S and not linked(member.node)
        )

"""What is known of others' seats in one mesh.

Knows: the owner of a seat, whether we ever had a link with it, which seats to avoid. Does not
know: our own seats, or when a node is asked.
"""

from __future__ import annotations

from p2pchat.core.kit.table import Table
from p2pchat.types import NodeId, Seat

AVOID_S = 20.0
"""A seat whose link failed is left alone this long: it may simply be unreachable from here."""

REMEMBERED_CAP = 256
"""Others' seats remembered; twice what eight rendezvous show in an hour of asking."""


class KnownSeats:
    """Seats by the URL of their rendezvous and their name there."""

    def __init__(self) -> None:
        self._nodes = Table[tuple[str, Seat], NodeId](REMEMBERED_CAP)
        self._reached = Table[tuple[str, Seat], None](REMEMBERED_CAP)
        self._avoided = Table[tuple[str, Seat], float](REMEMBERED_CAP)

    def learn_owner(self, url: str, seat: Seat, node: NodeId) -> None:
        """A seat turned out to be this node's."""
        self._nodes.put((url, seat), node)

    def owner_of(self, url: str, seat: Seat) -> NodeId | None:
        """Whose seat it is, if that is known."""
        return self._nodes.get((url, seat))

    def mark_reached(self, url: str, seat: Seat) -> None:
        """We had a link with the node there: we are in one piece with them."""
        self._reached.put((url, seat), None)

    def is_reached(self, url: str, seat: Seat) -> bool:
        """Whether ``mark_reached`` was said of that seat."""
        return (url, seat) in self._reached

    def avoid_seat(self, url: str, seat: Seat, now: float) -> None:
        """An attempt with that seat came to nothing."""
        self._avoided.put((url, seat), now + AVOID_S)

    def has_failed(self, url: str, seat: Seat, now: float) -> bool:
        """Whether an attempt with that seat has failed lately."""
        return self._avoided.get((url, seat), 0.0) > now

    def forget_attempts(self) -> None:
        """All seats may be tried again."""
        self._reached.clear()
        self._avoided.clear()

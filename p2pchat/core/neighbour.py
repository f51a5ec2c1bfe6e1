"""One attempt to have a neighbour: from the first blob to the link's end.

Knows: what is remembered of an attempt. Does not know: the rules by which attempts are made (``mesh`` does).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from p2pchat.core.introduction import OpenOffer
from p2pchat.core.link import Link
from p2pchat.core.status import LinkStatus
from p2pchat.types import LinkId, MeshId, NodeId, Seat, Topic
from p2pchat.wire.offer import Offer

CONNECT_S = 20.0
"""From the first blob to an open channel: ICE over a poor path needs up to 7 s, and its retry as much
again."""


@dataclass(frozen=True, slots=True)
class SeatRef:
    """Where a blob comes from or goes to."""

    url: str
    topic: Topic
    seat: Seat


@dataclass(slots=True)
class Neighbour:
    """``offered`` is set while our offer waits; ``offer`` and ``offer_blob`` while we prepare an answer."""

    id: LinkId
    at: SeatRef
    began: float
    node: NodeId | None = None
    offered: OpenOffer | None = field(default=None, repr=False)
    offer: Offer | None = None
    offer_blob: bytes = field(default=b"", repr=False)
    link: Link | None = None

    @property
    def up(self) -> bool:
        """Whether cells may travel."""
        return self.link is not None and self.link.confirmed

    @property
    def ours(self) -> bool:
        """Whether we made the offer."""
        return self.offer is None

    def overdue(self, now: float) -> bool:
        """Whether the attempt has taken, or the link has been silent, for too long."""
        if self.link is None or self.link.opened_at is None:
            return now >= self.began + CONNECT_S
        return self.link.dead(now)

    def next_wakeup(self) -> float:
        """When ``overdue`` or a heartbeat is next due."""
        due = self.link.next_wakeup() if self.link is not None else None
        return self.began + CONNECT_S if due is None else due

    def status(self, mesh: MeshId) -> LinkStatus:
        """As a value to show."""
        link = self.link
        opened = link.opened_at if link is not None else None
        state = "up" if self.up else "connecting" if opened is None else "confirming"
        sent, received = (link.sent, link.received) if link is not None else (0, 0)
        return LinkStatus(self.id, mesh, self.node, state, opened or self.began, sent, received)

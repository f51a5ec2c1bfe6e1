"""One attempt to have a neighbour: from the first blob to the link's end.

Knows: what is remembered of an attempt. Does not know: the rules by which attempts are made
(``active_view`` does).
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from p2pchat.core.link.link import Link
from p2pchat.core.membership.offer_exchange import OpenOffer
from p2pchat.core.membership.walk import WalkRef
from p2pchat.core.values.status import LinkStatus
from p2pchat.data import dataclass
from p2pchat.types import LinkId, MeshId, NodeId, Seat, Topic
from p2pchat.wire.description import Description, Nat
from p2pchat.wire.offer import Offer

CONNECT_S = 20.0
"""From the first blob to an open channel: ICE over a poor path needs up to 7 s, and its retry as much
again."""


RELAY_S = 5.0
RELAY_SOON_S = 1.0
"""Checks that lead nowhere for so long: a TURN server of a rendezvous is tried, if there is one. Soon, where
both ends know that their NATs let nothing through; two of one network find each other in a tenth of that."""

YOUNG_S = 20.0
"""A link younger than this is not let go for another."""


@dataclass(frozen=True, slots=True)
class SeatRef:
    """A seat at a rendezvous."""

    url: str
    topic: Topic
    seat: Seat

    @property
    def binding(self) -> bytes:
        """What an offer made there is bound to."""
        return self.topic

    @property
    def secret(self) -> bytes:
        """Every member may read what is left at a seat."""
        return b""


REPORT_S = 6.0
REPORT_SOON_S = 2.0
"""Checks that lead nowhere for so long are told to the person, though they go on: over a poor way they may
need seven. Soon, where both ends know that their NATs let nothing through, and no TURN server helps."""


def hopeless(one: Nat, other: Nat) -> bool:
    """Whether two ends can hardly reach each other over UDP but through others: both use another port for
    each destination, or one gets no UDP out at all."""
    return Nat.BLOCKED in (one, other) or (one, other) == (Nat.SYMMETRIC, Nat.SYMMETRIC)


Endpoint = SeatRef | WalkRef
"""Where a blob comes from or goes to."""


class Standing(Enum):
    """Whose doing a link is."""

    SOUGHT = "sought"
    """A walk of ours ended there."""
    INTRODUCED = "met"
    """We offered it to a node that a rendezvous showed."""
    ACCEPTED = "accepted"
    """A walk of theirs ended here."""
    GUEST = "guest"
    """They offered it at our seat."""


@dataclass(slots=True)
class Neighbour:
    """``offered`` is set while our offer waits; ``offer`` and ``offer_blob`` while we prepare an answer."""

    id: LinkId
    at: Endpoint
    begun_at: float
    node: NodeId | None = None
    offered: OpenOffer | None = field(default=None, repr=False)
    offer: Offer | None = None
    offer_blob: bytes = field(default=b"", repr=False)
    link: Link | None = None
    sought: bool = False
    """Whether it is one of those that we seek: a walk of ours ended there, or leads there again."""
    among: int = 0
    """How many nodes there were on our map when it was drawn; 0 where it was not drawn there."""
    swap: bool = False
    """Begun although there were enough links: when it is up another one goes."""
    relayed: bool = False
    """Whether it is a second try, with a TURN server of a rendezvous."""
    anew: bool = False
    """Whether it replaces, when it stands, a link that no longer counts."""
    own: Description | None = field(default=None, repr=False)
    theirs: Description | None = field(default=None, repr=False)
    """What the ends have told each other; with both, checks have begun."""
    address: str = ""
    """Where the other end of an open link is, if that is known."""
    checked_since: float | None = None
    looks: list[float] = field(default_factory=list)
    """When to look again how the checks go, the soonest last."""

    @property
    def up(self) -> bool:
        """Whether cells may travel."""
        return self.link is not None and self.link.confirmed

    @property
    def counts(self) -> bool:
        """Whether it is up and was heard lately."""
        return self.link is not None and self.link.confirmed and not self.link.faded

    @property
    def faded(self) -> bool:
        """Whether there is a link that no longer counts."""
        return self.up and not self.counts

    def start_checks(self, now: float) -> None:
        """Begin to wait for the link: both ends have told how they can be reached, and try."""
        assert self.own is not None and self.theirs is not None, "told"
        self.checked_since = now
        self.looks = sorted((now + self._relay_after, now + self._report_after), reverse=True)

    @property
    def _hopeless(self) -> bool:
        assert self.own is not None and self.theirs is not None, "told"
        return hopeless(self.own.nat, self.theirs.nat)

    @property
    def _relay_after(self) -> float:
        return RELAY_SOON_S if self._hopeless else RELAY_S

    @property
    def _report_after(self) -> float:
        return REPORT_SOON_S if self._hopeless and not self.relayed else REPORT_S

    def take_look(self, now: float) -> bool:
        """Whether it is time to see how the checks go; the next look is another."""
        due = bool(self.looks) and now >= self.looks[-1]
        while self.looks and now >= self.looks[-1]:
            self.looks.pop()
        return due and not self.opened

    @property
    def opened(self) -> bool:
        """Whether there is a channel, or was."""
        return self.link is not None and self.link.opened_at is not None

    def is_unreached(self, now: float) -> bool:
        """Whether checks have led nowhere for so long that it is worth saying."""
        since = self.checked_since
        return since is not None and not self.opened and now >= since + self._report_after

    def needs_relay(self, now: float) -> bool:
        """Whether checks have led nowhere for so long that a second try is due, which is ours to make."""
        if self.checked_since is None or self.opened or self.relayed or not self.ours:
            return False
        return now >= self.checked_since + self._relay_after

    @property
    def ours(self) -> bool:
        """Whether we made the offer."""
        return self.offer is None

    @property
    def standing(self) -> Standing:
        """Whose doing it is."""
        if self.sought:
            return Standing.SOUGHT
        if self.ours:
            return Standing.INTRODUCED
        return Standing.GUEST if isinstance(self.at, SeatRef) else Standing.ACCEPTED

    @property
    def binding(self) -> bytes:
        """A secret of an open link's two ends, 32 bytes."""
        assert self.link is not None, "an open link"
        return self.link.binding

    def is_young(self, now: float) -> bool:
        """Whether the link has hardly settled."""
        return not self.is_older_than(YOUNG_S, now)

    def is_older_than(self, seconds: float, now: float) -> bool:
        """Whether the link was opened so long ago."""
        opened = self.link.opened_at if self.link is not None else None
        return opened is not None and now >= opened + seconds

    def is_overdue(self, now: float) -> bool:
        """Whether the attempt has taken, or the link has been silent, for too long."""
        if self.link is None or self.link.opened_at is None:
            return now >= self.begun_at + CONNECT_S
        return self.link.is_dead(now)

    def next_wakeup(self) -> float:
        """When ``is_overdue``, silence or a heartbeat is next due."""
        due = self.link.next_wakeup() if self.link is not None else None
        if due is not None:
            return due
        return min([self.begun_at + CONNECT_S, *self.looks[-1:]])

    def get_status(self, mesh: MeshId) -> LinkStatus:
        """Return a value to show."""
        link = self.link
        opened = link.opened_at if link is not None else None
        state = "connecting" if opened is None else "confirming"
        if self.up:
            state = "up" if self.counts else "quiet"
        counts = (link.sent, link.received, link.shed) if link is not None else (0, 0, 0)
        since = opened or self.begun_at
        return LinkStatus(self.id, mesh, self.node, state, since, *counts, standing=self.standing.value)

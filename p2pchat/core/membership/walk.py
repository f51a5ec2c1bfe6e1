"""Walks: how a node asks another, which it has chosen on its map, for a link through its present ones.

Knows: breadcrumbs, tickets, the pieces of offers and replies. Does not know: which node to ask or by which
way (``search``), or what an offer says.

::

    origin ──WALK──► relay ──WALK──► … ──WALK──► target      an ephemeral key, and the way that is left
    origin ◄─TICKET─ relay ◄─TICKET─ … ◄─TICKET─ target      its own ephemeral key, signed
    origin ──offer─► relay ──offer─► … ──offer─► target      a blob, in two pieces
    origin ◄─reply── relay ◄─reply── … ◄─reply── target      a blob, in two pieces

Only the node that the origin has named can answer: its ticket bears a signature that its descriptor's key
checks. Those on the way can lose a walk, and nothing else. The blobs are sealed under a key that only the
two ends have, besides the mesh's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import field
from typing import Protocol

from p2pchat.core.kit.budget import Budget
from p2pchat.crypto.descriptor import check_ticket
from p2pchat.crypto.exchange import public_point, shared_point
from p2pchat.data import dataclass
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy
from p2pchat.types import HopId, LinkId
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.walk import KEY_BYTES, PIECES, WALK_BYTES, Piece, Ticket, Walk, Walking

TICKET_S = 3.0
"""From a walk to its ticket: eight hops there and back take two seconds at 120 ms."""

CRUMB_S = 40.0
"""How long the way of a walk is remembered: the ticket, and then the twenty seconds an attempt may take."""

CRUMBS_CAP = 1024
"""Ways remembered for others, a quarter of a megabyte: ten links at their rate for ``CRUMB_S`` are 500."""

WALKS_PER_S = 1.0
WALKS_BURST = 10.0
"""Walks that one link may bring: a neighbour without links sends three or four at once, and then one of each
every ``TICKET_S``."""


class MapPosition(Protocol):
    """Where we are on a map."""

    def link_to(self, node: HopId) -> LinkId | None:
        """The link to a neighbour."""
        ...

    def sign_ticket(self, walk_key: bytes, key: bytes, vacant: bool) -> bytes:
        """Our signature of a ticket."""
        ...


@dataclass(frozen=True, slots=True)
class WalkRef:
    """One end of a walk that reached a node."""

    link: LinkId
    id: bytes
    secret: bytes = field(default=b"", repr=False, compare=False)
    """What the two ends share, 32 bytes."""

    @property
    def binding(self) -> bytes:
        """What an offer made here is bound to: the key it is sealed under says it all."""
        return b"walk"


@dataclass(frozen=True, slots=True)
class SendWalk:
    """Send a control message."""

    link: LinkId
    message: Walking


@dataclass(frozen=True, slots=True)
class TicketArrived:
    """The asked node has answered: ``vacant`` says whether it would take a link."""

    at: WalkRef
    vacant: bool


@dataclass(frozen=True, slots=True)
class BlobArrived:
    """An offer, or the reply to ours: the end of our own walk makes no offer."""

    at: WalkRef
    blob: bytes = field(repr=False)
    reply: bool


Output = SendWalk | TicketArrived | BlobArrived

_Side = tuple[LinkId, bytes]
"""A walk as it is known on one link."""


@dataclass(slots=True)
class _Crumb:
    """A walk that passed here: what comes on one side goes on at the other, each thing once and in turn. Else
    a neighbour could send what it likes over a dozen links for the price of one."""

    near: _Side
    far: _Side
    until: float
    ticketed: bool = False
    passed: dict[tuple[bool, int], None] = field(default_factory=dict)
    """Pieces that went on: whether from the near side, and which part."""

    def pass_ticket(self, side: _Side) -> bool:
        """Whether a ticket from that side may go on; it does so once."""
        fits = side == self.far and not self.ticketed
        self.ticketed = self.ticketed or fits
        return fits

    def pass_piece(self, side: _Side, part: int) -> bool:
        """Whether a piece from that side may go on: the offer's after the ticket, the reply's after both of
        the offer's."""
        near = side == self.near
        ready = self.ticketed if near else all((True, piece) in self.passed for piece in range(PIECES))
        fits = ready and (near, part) not in self.passed
        if fits:
            self.passed[near, part] = None
        return fits


@dataclass(slots=True)
class _TicketWait:
    """A walk of ours that has no ticket yet."""

    scalar: bytes = field(repr=False)
    verify_key: bytes
    """Of the asked node."""
    until: float


@dataclass(slots=True)
class _End:
    """A walk with a ticket, that began or ended here."""

    ref: WalkRef
    until: float
    ours: bool
    pieces: dict[int, bytes] = field(default_factory=dict)
    has_sent: bool = False
    """Whether our blob has left: the offer, or the reply."""
    has_received: bool = False
    """Whether the other's has come."""

    @property
    def expects(self) -> bool:
        """Whether a blob may come: one offer, or one reply to what we have offered."""
        return not self.has_received and (self.has_sent or not self.ours)


class Walks:
    """One mesh's walks, our own and those that pass."""

    def __init__(self, entropy: Entropy, counters: Counter[str]) -> None:
        self._entropy = entropy
        self._counters = counters
        self._crumbs: dict[_Side, _Crumb] = {}
        self._ticket_waits: dict[_Side, _TicketWait] = {}
        self._ends: dict[_Side, _End] = {}
        self._budgets: dict[LinkId, Budget] = {}

    def begin_walk(
        self, via: LinkId, path: tuple[HopId, ...], verify_key: bytes, now: float
    ) -> tuple[WalkRef, SendWalk]:
        """Ask the last node of a path for a link; ``verify_key`` verifies its descriptors. ``via`` leads to
        the first node."""
        side = via, self._entropy.draw_bytes(WALK_BYTES)
        scalar = self._entropy.draw_bytes(KEY_BYTES)
        self._ticket_waits[side] = _TicketWait(scalar, verify_key, now + TICKET_S)
        return WalkRef(*side), SendWalk(via, Walk(side[1], public_point(scalar), path))

    def receive(
        self,
        source: LinkId,
        message: Walking,
        called: Callable[[HopId], MapPosition | None],
        vacant: bool,
        now: float,
    ) -> list[Output]:
        """A neighbour sent it. ``called``: our place on the map on which we have that name; ``vacant``:
        whether we would take a link."""
        self.tick(now)
        side = source, message.id
        match message:
            case Walk():
                return self._walk(side, message, called, vacant, now)
            case Ticket():
                return self._ticket(side, message, now)
            case Piece():
                return self._piece(side, message)

    def send(self, at: WalkRef, blob: bytes) -> list[Output]:
        """Send a blob of ``GEOMETRY.blob`` bytes to the other end."""
        end = self._ends.get((at.link, at.id))
        if end is None or end.has_sent:
            return []
        end.has_sent = True
        size = len(blob) // PIECES
        return [SendWalk(at.link, Piece(at.id, part, blob[part * size :][:size])) for part in range(PIECES)]

    def link_down(self, link: LinkId) -> None:
        """What went over it is lost; the ends will notice by themselves."""
        self._budgets.pop(link, None)
        self._ticket_waits = {
            side: ticket_wait for side, ticket_wait in self._ticket_waits.items() if side[0] != link
        }
        self._ends = {side: end for side, end in self._ends.items() if side[0] != link}
        self._crumbs = {
            side: crumb for side, crumb in self._crumbs.items() if link not in (crumb.near[0], crumb.far[0])
        }

    def tick(self, now: float) -> None:
        """Forget what is over."""
        self._ticket_waits = {
            side: ticket_wait for side, ticket_wait in self._ticket_waits.items() if ticket_wait.until > now
        }
        for side in [side for side, end in self._ends.items() if end.until <= now]:
            del self._ends[side]
        for side in [side for side, crumb in self._crumbs.items() if crumb.until <= now]:
            del self._crumbs[side]

    # --- on the way

    def _walk(
        self, side: _Side, walk: Walk, called: Callable[[HopId], MapPosition | None], vacant: bool, now: float
    ) -> list[Output]:
        place = called(walk.path[0])
        if place is None or self._known(side) or not self._budget(side[0], now).take_token(now):
            self._counters["walks refused"] += 1
            return []
        if len(walk.path) == 1:
            return self._end_here(side, walk.key, place, vacant, now)
        link = place.link_to(walk.path[1])
        if link is None or link == side[0] or len(self._crumbs) >= CRUMBS_CAP:
            self._counters["walks without a way"] += 1
            return []
        far = link, self._entropy.draw_bytes(WALK_BYTES)
        self._crumbs[side] = self._crumbs[far] = _Crumb(side, far, now + CRUMB_S)
        self._counters["walks passed on"] += 1
        return [SendWalk(link, Walk(far[1], walk.key, walk.path[1:]))]

    def _known(self, side: _Side) -> bool:
        return side in self._crumbs or side in self._ends or side in self._ticket_waits

    def _end_here(
        self, side: _Side, walk_key: bytes, place: MapPosition, vacant: bool, now: float
    ) -> list[Output]:
        scalar = self._entropy.draw_bytes(KEY_BYTES)
        try:
            secret = shared_point(scalar, walk_key)
        except RefusedInput:
            self._counters["walks refused"] += 1
            return []
        if vacant:
            self._ends[side] = _End(WalkRef(*side, secret), now + CRUMB_S, ours=False)
        key = public_point(scalar)
        return [SendWalk(side[0], Ticket(side[1], key, vacant, place.sign_ticket(walk_key, key, vacant)))]

    def _ticket(self, side: _Side, ticket: Ticket, now: float) -> list[Output]:
        crumb = self._crumbs.get(side)
        if crumb is not None and crumb.pass_ticket(side):
            return [SendWalk(crumb.near[0], Ticket(crumb.near[1], ticket.key, ticket.vacant, ticket.proof))]
        ticket_wait = self._ticket_waits.get(side)
        if ticket_wait is None:
            self._counters["walks refused"] += 1
            return []
        try:
            walk_key = public_point(ticket_wait.scalar)
            check_ticket(ticket_wait.verify_key, walk_key, ticket.key, ticket.vacant, ticket.proof)
            ref = WalkRef(*side, shared_point(ticket_wait.scalar, ticket.key))
        except RefusedInput:
            self._counters["tickets refused: not of whom we asked"] += 1
            return []
        del self._ticket_waits[side]
        if ticket.vacant:
            self._ends[side] = _End(ref, now + CRUMB_S, ours=True)
        return [TicketArrived(ref, ticket.vacant)]

    def _piece(self, side: _Side, piece: Piece) -> list[Output]:
        crumb = self._crumbs.get(side)
        if crumb is not None and crumb.pass_piece(side, piece.part):
            link, id = crumb.far if side == crumb.near else crumb.near
            return [SendWalk(link, Piece(id, piece.part, piece.data))]
        end = self._ends.get(side)
        if end is None or not end.expects:
            self._counters["walks refused"] += 1
            return []
        end.pieces[piece.part] = piece.data
        if len(end.pieces) < PIECES:
            return []
        whole = b"".join(end.pieces[part] for part in range(PIECES))
        end.pieces, end.has_received = {}, True
        return [BlobArrived(end.ref, whole, end.ours)] if len(whole) == GEOMETRY.blob else []

    def _budget(self, link: LinkId, now: float) -> Budget:
        if link not in self._budgets:
            self._budgets[link] = Budget(now, WALKS_PER_S, WALKS_BURST)
        return self._budgets[link]

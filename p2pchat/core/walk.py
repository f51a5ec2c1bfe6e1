"""Random walks: how a node finds another neighbour through those it has.

Knows: breadcrumbs, tickets, the pieces of offers and replies. Does not know: whether a link is wanted, or
what an offer says.

::

    origin ──WALK──► relay ──WALK──► … ──WALK──► end        each hop at random, under an id of its own
    origin ◄─TICKET─ relay ◄─TICKET─ … ◄─TICKET─ end        an ephemeral key
    origin ──offer─► relay ──offer─► … ──offer─► end        its own ephemeral key and a blob, in two pieces
    origin ◄─reply── relay ◄─reply── … ◄─reply── end        a blob, in two pieces

What relays know of a walk is from which link it came and to which it went. The blobs are sealed under a key
that only the two ends have, besides the mesh's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from p2pchat.core.budget import Budget
from p2pchat.crypto.exchange import public_point, shared_point
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, below, sample, uniform
from p2pchat.types import LinkId
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.walk import KEY_BYTES, PIECES, WALK_BYTES, Piece, Ticket, Walk, Walking

HOPS = (4, 8)
"""Hops before a walk may end, both drawn. HyParView (Leitão, Pereira, Rodrigues, DSN 2007) walks six in a
mesh of ten thousand; on a random graph of six links a node, four hops can end at any of some 600 nodes."""

EXTRA_HOPS = 4
"""A walk that found nobody with room goes on this far."""

TICKET_S = 10.0
"""From a walk to its ticket: twelve hops there and back take three seconds at 120 ms."""

CRUMB_S = 40.0
"""How long the way of a walk is remembered: the ticket, and then the twenty seconds an attempt may take."""

OWN_CAP = 4
"""Walks of our own under way at a time."""

CRUMBS_CAP = 1024
"""Ways remembered for others, a quarter of a megabyte: ten links at their rate for ``CRUMB_S`` are 500."""

WALKS_PER_S = 1.0
WALKS_BURST = 10.0
"""Walks that one link may bring: a neighbour without links tries once a second, at first."""


@dataclass(frozen=True, slots=True)
class WalkRef:
    """One end of a walk that reached somebody."""

    link: LinkId
    id: bytes
    secret: bytes = field(repr=False, compare=False)
    """What the two ends share, 32 bytes."""

    @property
    def binding(self) -> bytes:
        """What an offer made here is bound to: the key it is sealed under says it all."""
        return b"walk"


@dataclass(frozen=True, slots=True)
class Say:
    """Send a control message."""

    link: LinkId
    message: Walking


@dataclass(frozen=True, slots=True)
class TicketArrived:
    """Somebody at the other end has room: offer a link."""

    at: WalkRef
    swap: bool


@dataclass(frozen=True, slots=True)
class BlobArrived:
    """An offer, or the reply to ours: whoever ends a walk of ours has nothing to offer."""

    at: WalkRef
    blob: bytes = field(repr=False)
    reply: bool


Output = Say | TicketArrived | BlobArrived

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

    def ticket(self, side: _Side) -> bool:
        """Whether a ticket from that side may go on; it does so once."""
        fits = side == self.far and not self.ticketed
        self.ticketed = self.ticketed or fits
        return fits

    def piece(self, side: _Side, part: int) -> bool:
        """Whether a piece from that side may go on: the offer's after the ticket, the reply's after both of
        the offer's."""
        near = side == self.near
        ready = self.ticketed if near else all((True, each) in self.passed for each in range(PIECES))
        fits = ready and (near, part) not in self.passed
        if fits:
            self.passed[near, part] = None
        return fits


@dataclass(slots=True)
class _End:
    """A walk that began or ended here."""

    scalar: bytes = field(repr=False)
    until: float
    ours: bool
    swap: bool = False
    ref: WalkRef | None = None
    pieces: dict[int, bytes] = field(default_factory=dict)
    said: bool = False
    """Whether our blob has left: the offer, or the reply."""
    heard: bool = False
    """Whether the other's has come."""

    @property
    def expects(self) -> bool:
        """Whether a blob may come: one offer, or one reply to what we have offered."""
        return not self.heard and (self.said or not self.ours)


class Walks:
    """One mesh's walks, our own and those that pass."""

    def __init__(self, entropy: Entropy, counters: Counter[str]) -> None:
        self._entropy = entropy
        self._counters = counters
        self._crumbs: dict[_Side, _Crumb] = {}
        self._ends: dict[_Side, _End] = {}
        self._budgets: dict[LinkId, Budget] = {}

    def begin(self, via: LinkId, swap: bool, now: float) -> list[Output]:
        """Send a walk over that link, unless enough are under way."""
        self.tick(now)
        if sum(1 for end in self._ends.values() if end.ours and end.ref is None) >= OWN_CAP:
            return []
        side = via, self._entropy.bytes(WALK_BYTES)
        self._ends[side] = _End(self._entropy.bytes(KEY_BYTES), now + TICKET_S, ours=True, swap=swap)
        hops = HOPS[0] + below(self._entropy, HOPS[1] - HOPS[0] + 1) + EXTRA_HOPS
        return [Say(via, Walk(side[1], hops))]

    def receive(
        self, source: LinkId, message: Walking, ways: Mapping[LinkId, float], room: bool, now: float
    ) -> list[Output]:
        """A neighbour sent it. ``ways``: all links that are up, and how likely a walk to whose turn one comes
        goes on there; ``room``: whether we would take a link."""
        self.tick(now)
        side = source, message.id
        match message:
            case Walk(_, hops):
                others = {link: chance for link, chance in ways.items() if link != source}
                return self._walk(side, hops, others, room, now)
            case Ticket(_, key):
                return self._ticket(side, key, now)
            case Piece():
                return self._piece(side, message)

    def send(self, at: WalkRef, blob: bytes) -> list[Output]:
        """Send a blob of ``GEOMETRY.blob`` bytes to the other end."""
        end = self._ends.get((at.link, at.id))
        if end is None or end.said:
            return []
        end.said = True
        whole = (public_point(end.scalar) if end.ours else b"") + blob
        size = len(whole) // PIECES
        return [Say(at.link, Piece(at.id, part, whole[part * size :][:size])) for part in range(PIECES)]

    def link_down(self, link: LinkId) -> None:
        """What went over it is lost; the ends will notice by themselves."""
        self._budgets.pop(link, None)
        self._ends = {side: end for side, end in self._ends.items() if side[0] != link}
        self._crumbs = {
            side: crumb for side, crumb in self._crumbs.items() if link not in (crumb.near[0], crumb.far[0])
        }

    def tick(self, now: float) -> None:
        """Forget what is over."""
        for side in [side for side, end in self._ends.items() if end.until <= now]:
            del self._ends[side]
        for side in [side for side, crumb in self._crumbs.items() if crumb.until <= now]:
            del self._crumbs[side]

    # --- on the way

    def _walk(
        self, side: _Side, hops: int, others: Mapping[LinkId, float], room: bool, now: float
    ) -> list[Output]:
        if side in self._crumbs or side in self._ends or not self._budget(side[0], now).draw(now):
            self._counters["walks refused"] += 1
            return []
        link, hops = self._next(others, min(hops, HOPS[1] + EXTRA_HOPS), room)
        if room and (hops <= EXTRA_HOPS or link is None):
            return self._end_here(side, now)
        if link is None or len(self._crumbs) >= CRUMBS_CAP:
            return []
        far = link, self._entropy.bytes(WALK_BYTES)
        self._crumbs[side] = self._crumbs[far] = _Crumb(side, far, now + CRUMB_S)
        self._counters["walks passed on"] += 1
        return [Say(link, Walk(far[1], hops - 1))]

    def _next(self, others: Mapping[LinkId, float], hops: int, room: bool) -> tuple[LinkId | None, int]:
        """Where a walk goes on, if it does, and with how many hops left: now and then one passes while it
        stays."""
        while others and hops and not (room and hops <= EXTRA_HOPS):
            (link,) = sample(self._entropy, list(others), 1)
            if uniform(self._entropy, 0.0, 1.0) < others[link]:
                return link, hops
            hops -= 1
        return None, hops

    def _end_here(self, side: _Side, now: float) -> list[Output]:
        scalar = self._entropy.bytes(KEY_BYTES)
        self._ends[side] = _End(scalar, now + CRUMB_S, ours=False)
        return [Say(side[0], Ticket(side[1], public_point(scalar)))]

    def _ticket(self, side: _Side, key: bytes, now: float) -> list[Output]:
        crumb = self._crumbs.get(side)
        if crumb is not None and crumb.ticket(side):
            return [Say(crumb.near[0], Ticket(crumb.near[1], key))]
        end = self._ends.get(side)
        if end is None or not end.ours or end.ref is not None:
            self._counters["walks refused"] += 1
            return []
        try:
            end.ref = WalkRef(*side, shared_point(end.scalar, key))
        except RefusedInput:
            return []
        end.until = now + CRUMB_S
        return [TicketArrived(end.ref, end.swap)]

    def _piece(self, side: _Side, piece: Piece) -> list[Output]:
        crumb = self._crumbs.get(side)
        if crumb is not None and crumb.piece(side, piece.part):
            link, id = crumb.far if side == crumb.near else crumb.near
            return [Say(link, Piece(id, piece.part, piece.data))]
        end = self._ends.get(side)
        if end is None or not end.expects:
            self._counters["walks refused"] += 1
            return []
        end.pieces[piece.part] = piece.data
        if len(end.pieces) < PIECES:
            return []
        whole = b"".join(end.pieces[part] for part in range(PIECES))
        end.pieces, end.heard = {}, True
        return self._whole(side, end, whole)

    def _whole(self, side: _Side, end: _End, whole: bytes) -> list[Output]:
        """Both pieces are here: a reply, or a key and an offer."""
        if end.ref is None:
            key, whole = whole[:KEY_BYTES], whole[KEY_BYTES:]
            try:
                end.ref = WalkRef(*side, shared_point(end.scalar, key))
            except RefusedInput:
                return []
        return [BlobArrived(end.ref, whole, end.ours)] if len(whole) == GEOMETRY.blob else []

    def _budget(self, link: LinkId, now: float) -> Budget:
        if link not in self._budgets:
            self._budgets[link] = Budget(now, WALKS_PER_S, WALKS_BURST)
        return self._budgets[link]

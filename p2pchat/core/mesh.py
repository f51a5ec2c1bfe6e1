"""One mesh as this node sees it: its few links, and the cells that pass.

Knows: how many links to keep, whom to offer one and whose offer to answer, and that each cell goes on once.
Does not know: how seats are kept (``rendezvous``), what is inside a cell (``conversation``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from p2pchat.core.facts import (
    AnswerMade,
    FrameReceived,
    FramesDrained,
    LinkDown,
    LinkFact,
    LinkUp,
    OfferMade,
)
from p2pchat.core.introduction import Introducer
from p2pchat.core.link import Link
from p2pchat.core.meeting import Meeting
from p2pchat.core.neighbour import Neighbour, SeatRef
from p2pchat.core.orders import (
    AcceptAnswer,
    CellSeen,
    CloseLink,
    MakeAnswer,
    MakeOffer,
    Notify,
    Order,
    SendFrame,
    Signal,
)
from p2pchat.core.records import Mesh as MeshRecord
from p2pchat.core.rendezvous import LeaveSeat, TakeSeat
from p2pchat.core.seen import Seen
from p2pchat.core.settings import Settings
from p2pchat.core.status import LinkStatus
from p2pchat.crypto.kdf import cell_id, digest
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, sample
from p2pchat.types import LinkId, NodeId, Seat, Topic
from p2pchat.wire import control
from p2pchat.wire.cell import Cell, decode_cell
from p2pchat.wire.description import Description
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.invite import RENDEZVOUS_MAX
from p2pchat.wire.offer import Offer
from p2pchat.wire.signalling import Pass

OFFERS_CAP = 1024
"""Digests of offers answered lately, so that a server that repeats one gets nothing."""


@dataclass(frozen=True, slots=True)
class CellArrived:
    """A new, live cell came in; it has been handed on already."""

    cell: Cell


@dataclass(frozen=True, slots=True)
class NeighbourChanged:
    """A link came up or went down."""

    up: bool


MeshOutput = Order | TakeSeat | LeaveSeat | CellArrived | NeighbourChanged


class Mesh:
    """Keeps ``settings.links_wanted`` links and floods cells over them."""

    def __init__(
        self,
        record: MeshRecord,
        node: NodeId,
        settings: Settings,
        entropy: Entropy,
        new_link: Callable[[], LinkId],
        counters: Counter[str],
    ) -> None:
        self.record = record
        self._node = node
        self._settings = settings
        self._entropy = entropy
        self._new_link = new_link
        self._counters = counters
        self._introducer = Introducer(record.secret, node, entropy.child("introductions"))
        self._seen = Seen()
        self._neighbours: dict[LinkId, Neighbour] = {}
        self._meeting = Meeting(record.secret, record.rendezvous, entropy)
        self._answered: dict[bytes, None] = {}

    # --- what the parent asks

    @property
    def links_up(self) -> int:
        """Links over which cells travel now."""
        return sum(1 for neighbour in self._neighbours.values() if neighbour.up)

    def owns(self, link: LinkId) -> bool:
        """Whether the link is one of this mesh."""
        return link in self._neighbours

    def holds(self, topic: Topic) -> bool:
        """Whether the topic is one of this mesh."""
        return self._meeting.at(topic)

    def status(self) -> tuple[LinkStatus, ...]:
        """All links and attempts."""
        return tuple(neighbour.status(self.record.id) for neighbour in self._neighbours.values())

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        due = [neighbour.next_wakeup() for neighbour in self._neighbours.values()]
        if self._short():
            due.append(self._meeting.ask_at)
        return min([*due, self._meeting.next_wakeup])

    def meet_at(self, urls: tuple[str, ...]) -> list[MeshOutput]:
        """Meet at further rendezvous, too, as far as a list may grow."""
        known = self.record.rendezvous
        new = tuple(url for url in urls if url not in known)[: RENDEZVOUS_MAX - len(known)]
        self.record = replace(self.record, rendezvous=(*known, *new))
        return [*self._meeting.add(new)]

    # --- time

    def tick(self, now: float) -> list[MeshOutput]:
        """Follow the epochs' topics, drop dead links, send heartbeats, ask for neighbours when short of
        them."""
        out: list[MeshOutput] = [*self._meeting.follow(now)]
        for neighbour in list(self._neighbours.values()):
            if neighbour.overdue(now):
                out += self._close(neighbour, now)
            elif neighbour.link is not None:
                out += self._frames(neighbour, neighbour.link.tick(now))
        if self._short() and now >= self._meeting.ask_at:
            out += self._meeting.ask(now)
        return out

    def leave(self, now: float) -> list[MeshOutput]:
        """Say goodbye to every neighbour and close."""
        out: list[MeshOutput] = []
        for neighbour in list(self._neighbours.values()):
            if neighbour.up and neighbour.link is not None:
                bye = Frame(FrameKind.CONTROL, control.encode(control.Bye()))
                out += self._frames(neighbour, neighbour.link.send(bye, now))
            out.append(CloseLink(neighbour.id))
        self._neighbours.clear()
        return out

    # --- seats and blobs

    def seated(
        self, url: str, topic: Topic, seat: Seat, others: tuple[Seat, ...], now: float
    ) -> list[MeshOutput]:
        """We hold a seat and see some others: offer links to as many as are missing."""
        self._meeting.seated(url, topic, seat)
        repeated = [self._pass(n.at, n.offered.blob) for n in self._offers_at(url, others) if n.offered]
        strangers = [other for other in others if self._worth_offering(url, other, now)]
        missing = self._settings.links_wanted - len(self._neighbours)
        return repeated + [
            self._begin_offer(SeatRef(url, topic, other), now)
            for other in sample(self._entropy, strangers, max(0, missing))
        ]

    def unseated(self, url: str) -> None:
        """The connection to a rendezvous is gone, and our seats there with it."""
        self._meeting.unseated(url)

    def blob(self, at: SeatRef, blob: bytes, now: float) -> list[MeshOutput]:
        """A sealed blob was left at our seat: an answer to our offer, or an offer. Raises RefusedInput."""
        waiting = self._offered_to(at)
        if waiting is not None and waiting.offered is not None:
            try:
                answer, keys = self._introducer.read_answer(waiting.offered, blob)
            except RefusedInput:
                pass  # not our answer; it may still be an offer that crossed ours
            else:
                return self._accept_answer(
                    waiting, answer.node, answer.description, Link(keys, "offerer"), now
                )
        return self._consider_offer(at, blob, now)

    def gone(self, at: SeatRef, now: float) -> list[MeshOutput]:
        """The seat we passed a blob to is empty."""
        waiting = self._offered_to(at)
        return self._close(waiting, now) if waiting is not None else []

    # --- links

    def link(self, fact: LinkFact, now: float) -> list[MeshOutput]:
        """Something happened to one of our links."""
        neighbour = self._neighbours[fact.link]
        match fact:
            case OfferMade(_, description):
                return self._offer_made(neighbour, description)
            case AnswerMade(_, description):
                return self._answer_made(neighbour, description, now)
            case LinkUp(_, own, peer):
                return self._link_up(neighbour, own, peer, now)
            case LinkDown():
                return self._forget(neighbour, now)
            case FrameReceived(_, data):
                return self._frame(neighbour, data, now)
            case FramesDrained(_, count):
                return self._frames(neighbour, neighbour.link.drained(count, now)) if neighbour.link else []
            case _:
                assert_never(fact)

    def _offer_made(self, neighbour: Neighbour, description: Description) -> list[MeshOutput]:
        """The engine is ready to be called: send our offer."""
        neighbour.offered = self._introducer.offer(neighbour.at.topic, description)
        return [self._pass(neighbour.at, neighbour.offered.blob)]

    def _answer_made(self, neighbour: Neighbour, description: Description, now: float) -> list[MeshOutput]:
        """The engine has an answer: send it."""
        assert neighbour.offer is not None, "only offers are answered"
        try:
            blob, keys = self._introducer.answer(neighbour.offer_blob, neighbour.offer, description)
        except RefusedInput:
            return self._close(neighbour, now)
        neighbour.link = Link(keys, "answerer")
        return [self._pass(neighbour.at, blob)]

    def _link_up(self, neighbour: Neighbour, own: bytes, peer: bytes, now: float) -> list[MeshOutput]:
        """The data channel is open: confirm it."""
        if neighbour.link is None:
            return self._close(neighbour, now)
        return self._frames(neighbour, neighbour.link.up(own, peer, now))

    def _frame(self, neighbour: Neighbour, data: bytes, now: float) -> list[MeshOutput]:
        """A frame came in. A frame that does not open closes the link, in silence."""
        if neighbour.link is None:
            return self._close(neighbour, now)
        was_up = neighbour.up
        try:
            frame = neighbour.link.receive(data, now)
            if neighbour.up and not was_up:
                self._meeting.linked()
                return [NeighbourChanged(up=True)]
            return self._act_on(neighbour, frame, now) if frame is not None else []
        except RefusedInput as refusal:
            self._counters[f"frames refused: {type(refusal).__name__.lower()}"] += 1
            return self._close(neighbour, now)

    # --- cells

    def broadcast(self, cell: bytes, now: float) -> list[MeshOutput]:
        """Send a cell of our own, ``GEOMETRY.cell`` bytes, to every neighbour."""
        return self._spread(cell, decode_cell(cell).epoch, None, now)

    def _act_on(self, source: Neighbour, frame: Frame, now: float) -> list[MeshOutput]:
        if frame.kind is FrameKind.CONTROL:
            bye = isinstance(control.decode(frame.body), control.Bye)
            return self._close(source, now) if bye else []
        cell = decode_cell(frame.body)
        if not self._seen.alive(cell.epoch, now):
            self._counters["cells refused: expired"] += 1
            return []
        spread = self._spread(frame.body, cell.epoch, source, now)
        return [*spread, CellArrived(cell)] if spread else []

    def _spread(self, cell: bytes, epoch: int, source: Neighbour | None, now: float) -> list[MeshOutput]:
        """Hand a cell to every neighbour but its source; empty when it was seen before."""
        name = cell_id(cell)
        if not self._seen.first_sight(name, epoch, now):
            self._counters["cells seen again"] += 1
            return []
        others = [
            neighbour for neighbour in self._neighbours.values() if neighbour.up and neighbour is not source
        ]
        out: list[MeshOutput] = []
        for neighbour in others:
            assert neighbour.link is not None, "a neighbour that is up has a link"
            out += self._frames(neighbour, neighbour.link.send(Frame(FrameKind.CELL, cell), now))
        self._counters["cells originated" if source is None else "cells relayed"] += 1
        whence = source.node if source is not None else None
        return [*out, Notify(CellSeen(name, whence, len(others), now))]

    # --- introductions

    def _worth_offering(self, url: str, seat: Seat, now: float) -> bool:
        if self.links_up and self._meeting.avoided(url, seat, now):
            return False  # a node without any link avoids nobody: there may be nobody else
        node = self._meeting.who(url, seat)
        known = {neighbour.node for neighbour in self._neighbours.values()}
        pending = any(n.at.url == url and n.at.seat == seat for n in self._neighbours.values())
        return not pending and node != self._node and (node is None or node not in known)

    def _begin_offer(self, at: SeatRef, now: float) -> MeshOutput:
        neighbour = Neighbour(self._new_link(), at, now)
        self._neighbours[neighbour.id] = neighbour
        return MakeOffer(neighbour.id)

    def _consider_offer(self, at: SeatRef, blob: bytes, now: float) -> list[MeshOutput]:
        offer = self._introducer.read_offer(at.topic, blob)
        if self._repeated(digest(blob, 16)):
            return []
        self._meeting.sits(at.url, at.seat, offer.node)
        if offer.node == self._node:
            return []
        out = self._make_way(offer, at, now)
        if out is None:
            self._counters["offers declined"] += 1
            return []
        self._remember(digest(blob, 16))
        neighbour = Neighbour(self._new_link(), at, now, offer.node, offer=offer, offer_blob=blob)
        self._neighbours[neighbour.id] = neighbour
        return [*out, MakeAnswer(neighbour.id, offer.description)]

    def _make_way(self, offer: Offer, at: SeatRef, now: float) -> list[MeshOutput] | None:
        """What must go before this offer is answered; None when it is not to be answered.

        Offers that crossed: the smaller node id stays the offerer. A neighbour we still hold a link to has
        lost it on its side if the link has gone quiet here.
        """
        out: list[MeshOutput] = []
        crossed = self._offered_to(at)
        if crossed is not None:
            if self._node < offer.node:
                return None
            out += self._close(crossed, now)
        for old in [n for n in self._neighbours.values() if n.node == offer.node]:
            if not old.up or old.link is None or old.link.silent_for(now) < 6.0:
                return None
            out += self._close(old, now)
        return out if len(self._neighbours) < self._settings.links_max else None

    def _accept_answer(
        self, neighbour: Neighbour, node: NodeId, description: Description, link: Link, now: float
    ) -> list[MeshOutput]:
        """Complete our offer. Of two that crossed on different servers the smaller node id's is kept, by both
        ends."""
        self._meeting.sits(neighbour.at.url, neighbour.at.seat, node)
        twins = [n for n in self._neighbours.values() if n.node == node]
        if node == self._node or any(twin.up for twin in twins) or (twins and node < self._node):
            return self._close(neighbour, now)
        out = [order for twin in twins for order in self._close(twin, now)]
        neighbour.node, neighbour.link, neighbour.offered = node, link, None
        return [*out, AcceptAnswer(neighbour.id, description)]

    def _offered_to(self, at: SeatRef) -> Neighbour | None:
        return next((n for n in self._neighbours.values() if n.ours and n.link is None and n.at == at), None)

    def _offers_at(self, url: str, seats: tuple[Seat, ...]) -> list[Neighbour]:
        """Offers of ours that still wait there. They are repeated: a neighbour to whom our lost link still
        looked alive declined the first."""
        return [
            n for n in self._neighbours.values() if n.link is None and n.at.url == url and n.at.seat in seats
        ]

    def _repeated(self, offer_digest: bytes) -> bool:
        """Whether the offer was answered before."""
        known = offer_digest in self._answered
        self._counters["offers repeated"] += known
        return known

    def _remember(self, offer_digest: bytes) -> None:
        self._answered[offer_digest] = None
        while len(self._answered) > OFFERS_CAP:
            del self._answered[next(iter(self._answered))]

    # --- the end of a link

    def _close(self, neighbour: Neighbour, now: float) -> list[MeshOutput]:
        return [CloseLink(neighbour.id), *self._forget(neighbour, now)]

    def _forget(self, neighbour: Neighbour, now: float) -> list[MeshOutput]:
        self._neighbours.pop(neighbour.id, None)
        if neighbour.up:
            self._meeting.lost(now)
            return [NeighbourChanged(up=False)]
        self._meeting.avoid(neighbour.at.url, neighbour.at.seat, now)
        if not self.links_up:
            self._meeting.lonely(now)
        return []

    def _short(self) -> bool:
        return len(self._neighbours) < self._settings.links_wanted

    # --- frames

    def _pass(self, at: SeatRef, blob: bytes) -> MeshOutput:
        return Signal(at.url, Pass(at.topic, at.seat, blob))

    def _frames(self, neighbour: Neighbour, sealed: list[bytes]) -> list[MeshOutput]:
        return [SendFrame(neighbour.id, data) for data in sealed]

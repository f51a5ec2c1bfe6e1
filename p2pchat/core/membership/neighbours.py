"""The neighbours of one node: every attempt and every link, from the first blob to the end.

Knows: how an offer, its reply and the link that follows from them go together, and that two nodes have one
link. Does not know: how many links are wanted (``active_view``), or by which way blobs travel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import assert_never

from p2pchat.core.effects import AcceptAnswer, CloseLink, MakeAnswer, MakeOffer, SendFrame
from p2pchat.core.inputs import (
    AnswerMade,
    FrameReceived,
    FramesDrained,
    LinkDown,
    LinkInput,
    LinkUp,
    OfferMade,
)
from p2pchat.core.kit.table import Table
from p2pchat.core.link.link import Link
from p2pchat.core.membership.neighbour import Neighbour, Way
from p2pchat.core.membership.offer_exchange import OfferExchange
from p2pchat.crypto.kdf import digest
from p2pchat.crypto.sealing import LinkKeys
from p2pchat.errors import Malformed, RefusedInput
from p2pchat.ports import Entropy
from p2pchat.types import LinkId, NodeId
from p2pchat.wire import control
from p2pchat.wire.control import Control
from p2pchat.wire.description import Description
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.offer import Answer, Decline, Offer

OFFERS_CAP = 1024
"""Digests of offers answered lately, so that a server that repeats one gets nothing."""


@dataclass(frozen=True, slots=True)
class SendBlob:
    """Pass a sealed blob, ``GEOMETRY.blob`` bytes, on that way."""

    at: Way
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PeerIdentified:
    """Whoever is at the other end of that way turned out to be this node."""

    at: Way
    node: NodeId


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """A node we have no link with offers one: ``accept`` it or ``decline`` it."""

    at: Way
    offer: Offer
    blob: bytes = field(repr=False)
    sought: bool = False
    """It takes the place of one that we have sought ourselves."""
    among: int = 0
    """As that one's."""
    anew: bool = False
    """It takes the place of a link that there is."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Cells may travel over this link from now on, or again."""

    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class Sought:
    """We drew a neighbour that we had not sought: now we have."""

    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class Unsought:
    """A neighbour that we sought counts as sought no more: another may be drawn in its place."""

    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class Closed:
    """A link that counted is gone, or so quiet that nobody should count on it. ``broken``: without a word."""

    neighbour: Neighbour
    broken: bool


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An attempt came to nothing. ``answered``: the other side was there and said no."""

    neighbour: Neighbour
    answered: bool


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A cell's frame, or a neighbour's word that is not about the link itself."""

    link: LinkId
    said: Frame | Control = field(repr=False)


Output = (
    MakeOffer
    | MakeAnswer
    | AcceptAnswer
    | SendFrame
    | CloseLink
    | SendBlob
    | PeerIdentified
    | OfferReceived
    | Opened
    | Sought
    | Unsought
    | Closed
    | AttemptFailed
    | MessageReceived
)


class Neighbours:
    """The table of neighbours and what happens to them."""

    def __init__(
        self,
        secret: bytes,
        node: NodeId,
        entropy: Entropy,
        new_link: Callable[[], LinkId],
        counters: Counter[str],
    ) -> None:
        self._node = node
        self._new_link = new_link
        self._counters = counters
        self._exchange = OfferExchange(secret, node, entropy)
        self._table: dict[LinkId, Neighbour] = {}
        self._answered = Table[bytes, None](OFFERS_CAP)

    # --- what the parent asks

    def __iter__(self) -> Iterator[Neighbour]:
        """All of them, the oldest first; the table may change meanwhile."""
        return iter(list(self._table.values()))

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, link: LinkId) -> bool:
        return link in self._table

    def get(self, link: LinkId) -> Neighbour | None:
        """One by its link."""
        return self._table.get(link)

    def counting(self) -> list[Neighbour]:
        """Those over whose links cells travel now."""
        return [neighbour for neighbour in self._table.values() if neighbour.counts]

    def knows(self, node: NodeId) -> bool:
        """Whether there is a link with that node to count on, or an attempt at one."""
        return any(each.node == node and not each.faded for each in self._table.values())

    def waiting_at(self, at: Way) -> Neighbour | None:
        """An offer of ours that waits there for a reply."""
        return next((n for n in self._table.values() if n.offered is not None and n.at == at), None)

    # --- offers

    def begin(
        self, at: Way, now: float, sought: bool, swap: bool = False, relayed: bool = False, among: int = 0
    ) -> list[Output]:
        """Offer a link to whoever is at the end of that way. ``sought``: as one of those that we seek, drawn
        ``among`` so many; ``relayed``: as a second try."""
        anew = any(each.faded for each in self._table.values())
        neighbour = Neighbour(
            self._new_link(), at, now, sought=sought, among=among, swap=swap, relayed=relayed, anew=anew
        )
        self._table[neighbour.id] = neighbour
        return [MakeOffer(neighbour.id, relayed)]

    def try_relay(self, neighbour: Neighbour, now: float) -> list[Output]:
        """Begin an attempt again, with a TURN server."""
        self._table.pop(neighbour.id, None)
        again = self.begin(neighbour.at, now, neighbour.sought, neighbour.swap, True, neighbour.among)
        return [CloseLink(neighbour.id), *again]

    def seek(self, link: LinkId, among: int) -> list[Output]:
        """This neighbour is one of those that we seek, drawn among so many."""
        neighbour = self._table.get(link)
        if neighbour is None or neighbour.sought or not neighbour.counts:
            return []
        neighbour.sought, neighbour.among = True, among
        return [Sought(neighbour)]

    def drop_sought(self, neighbour: Neighbour) -> list[Output]:
        """It is one of them no more; if it was of our own making it goes when another has come."""
        neighbour.sought = neighbour.swap = False
        return [Unsought(neighbour)]

    def repeat(self, neighbour: Neighbour) -> list[Output]:
        """Send an offer that waits once more: a neighbour to whom our lost link still looked alive declined
        the first."""
        return [SendBlob(neighbour.at, neighbour.offered.blob)] if neighbour.offered is not None else []

    def blob(self, at: Way, blob: bytes, now: float) -> list[Output]:
        """A sealed blob came to our seat: a reply to our offer, or an offer. Raises RefusedInput."""
        waiting = self.waiting_at(at)
        if waiting is None or waiting.offered is None:
            return self.offered(at, blob, now)
        try:
            reply, keys = self._exchange.read_reply(at, waiting.offered, blob)
        except RefusedInput:
            return self.offered(at, blob, now)  # no reply to ours; it may be an offer that crossed it
        return self._reply(waiting, reply, keys, now)

    def replied(self, at: Way, blob: bytes, now: float) -> list[Output]:
        """A sealed blob came where only the reply to our offer can. Raises RefusedInput."""
        waiting = self.waiting_at(at)
        if waiting is None or waiting.offered is None:
            raise Malformed("a reply to no offer of ours")
        reply, keys = self._exchange.read_reply(at, waiting.offered, blob)
        return self._reply(waiting, reply, keys, now)

    def _reply(
        self, waiting: Neighbour, reply: Answer | Decline, keys: LinkKeys | None, now: float
    ) -> list[Output]:
        met = PeerIdentified(waiting.at, reply.node)
        if isinstance(reply, Decline) or keys is None:
            return [met, *self._declined(waiting, reply, now)]
        return [met, *self._answered_by(waiting, reply, Link(keys, "offerer"), now)]

    def offered(self, at: Way, blob: bytes, now: float) -> list[Output]:
        """A sealed blob came where only an offer can. Let it be where our own attempt with the same node goes
        on; decline it from a neighbour. Raises RefusedInput."""
        offer = self._exchange.read_offer(at, blob)
        if self._repeated(digest(blob, 16)) or offer.node == self._node:
            return []
        met = PeerIdentified(at, offer.node)
        crossed = self.waiting_at(at)
        if crossed is not None and self._node < offer.node:
            return [met]  # offers that crossed: the smaller node id stays the offerer
        twins = [neighbour for neighbour in self._table.values() if neighbour.node == offer.node]
        given_up = [twin for twin in twins if offer.relayed and not twin.opened and not twin.ours]
        twins = [twin for twin in twins if twin not in given_up]
        if any(not twin.up for twin in twins):
            return [met]
        quiet = all(twin.link is None or twin.link.quiet(now) or twin.faded for twin in twins)
        if not quiet and not offer.anew:
            return [met, *self.decline(at, blob, linked=True)]
        old = [*given_up, *twins, *([crossed] if crossed is not None else [])]
        ends = [one for one in old if not one.up]
        sought = [one.among for one in old if one.sought]
        wanted = OfferReceived(at, offer, blob, bool(sought), max(sought, default=0), len(ends) < len(old))
        return [met, *(each for one in ends for each in self.close(one)), wanted]

    def accept(self, wanted: OfferReceived, now: float) -> list[Output]:
        """Answer an offer."""
        self._remember(digest(wanted.blob, 16))
        neighbour = Neighbour(
            self._new_link(),
            wanted.at,
            now,
            wanted.offer.node,
            offer=wanted.offer,
            offer_blob=wanted.blob,
            sought=wanted.sought,
            among=wanted.among,
            relayed=wanted.offer.relayed,
            anew=wanted.anew,
            theirs=wanted.offer.description,
        )
        self._table[neighbour.id] = neighbour
        return [MakeAnswer(neighbour.id, wanted.offer.description, neighbour.relayed)]

    def decline(self, at: Way, blob: bytes, linked: bool) -> list[Output]:
        """Say no: there is a link already, or no room."""
        self._counters["offers declined"] += 1
        return [SendBlob(at, self._exchange.decline(at, blob, linked))]

    def _declined(self, neighbour: Neighbour, reply: Answer | Decline, now: float) -> list[Output]:
        """They are our neighbour already, or full: give up. If they merely think they are, our offer stands
        and is repeated until they notice."""
        if isinstance(reply, Decline) and reply.linked and not self.knows(reply.node):
            return []
        known = [each.id for each in self if each.node == reply.node] if neighbour.sought else []
        found = [out for link in known for out in self.seek(link, neighbour.among)]
        return [*self.close(neighbour, answered=True), *found]

    def _answered_by(self, neighbour: Neighbour, answer: Answer, link: Link, now: float) -> list[Output]:
        """Complete our offer. Of two that crossed on different ways the smaller node id's is kept, by both
        ends."""
        twins = [n for n in self._table.values() if n.node == answer.node]
        attempts = [twin for twin in twins if not twin.up]
        # Who has a link with us to count on declines: an answer says that the other end has none. But one may
        # have come up since we offered.
        newer = any(
            twin.link is not None and (twin.link.opened_at or 0.0) >= neighbour.began for twin in twins
        )
        lost = newer or (bool(attempts) and answer.node < self._node)
        if lost or answer.node == self._node:
            return self.close(neighbour, answered=True)
        out = [each for twin in attempts for each in self.close(twin)]
        neighbour.node, neighbour.link, neighbour.offered = answer.node, link, None
        neighbour.theirs = answer.description
        neighbour.anew = len(attempts) < len(twins)
        neighbour.check(now)
        return [*out, AcceptAnswer(neighbour.id, answer.description)]

    def _repeated(self, offer: bytes) -> bool:
        """Whether the offer of that digest was answered before."""
        known = offer in self._answered
        self._counters["offers repeated"] += known
        return known

    def _remember(self, offer: bytes) -> None:
        self._answered.put(offer, None)

    # --- links

    def happened(self, input: LinkInput, now: float) -> list[Output]:
        """Something happened to one of our links."""
        neighbour = self._table[input.link]
        match input:
            case FrameReceived(_, data):
                return self._frame(neighbour, data, now)
            case FramesDrained(_, count):
                return self._frames(neighbour, neighbour.link.drained(count, now)) if neighbour.link else []
            case OfferMade(_, description):
                neighbour.own = description
                neighbour.offered = self._exchange.offer(
                    neighbour.at, description, neighbour.relayed, neighbour.anew
                )
                return [SendBlob(neighbour.at, neighbour.offered.blob)]
            case AnswerMade(_, description):
                return self._answer_made(neighbour, description, now)
            case LinkUp(_, own, peer, address):
                neighbour.address = address
                return self._channel_open(neighbour, own, peer, now)
            case LinkDown():
                return self._forget(neighbour, broken=True)
            case _:
                assert_never(input)

    def send(self, link: LinkId, frame: Frame, now: float, source: LinkId | None = None) -> list[SendFrame]:
        """Hand a frame to a link. ``source``: the link a cell came from, if it is not our own."""
        neighbour = self._table.get(link)
        if neighbour is None or neighbour.link is None:
            return []
        return [SendFrame(link, data) for data in neighbour.link.send(frame, now, source)]

    def tick(self, now: float) -> list[Output]:
        """Drop what is overdue, stop counting on who is quiet, send heartbeats."""
        out: list[Output] = []
        for neighbour in self:
            if neighbour.overdue(now):
                out += self.close(neighbour, broken=True)
            elif neighbour.link is not None:
                if neighbour.counts and neighbour.link.quiet(now):
                    neighbour.link.faded = True
                    out.append(Closed(neighbour, broken=True))
                out += self._frames(neighbour, neighbour.link.tick(now))
        return out

    def close(self, neighbour: Neighbour, broken: bool = False, answered: bool = False) -> list[Output]:
        """End an attempt or a link, without a word."""
        return [CloseLink(neighbour.id), *self._forget(neighbour, broken, answered)]

    def goodbye(self, neighbour: Neighbour, now: float) -> list[Output]:
        """End a link, and say so."""
        bye = Frame(FrameKind.CONTROL, control.encode(control.Bye()))
        last = self.send(neighbour.id, bye, now) if neighbour.up else []
        return [*last, *self.close(neighbour)]

    def _answer_made(self, neighbour: Neighbour, description: Description, now: float) -> list[Output]:
        assert neighbour.offer is not None, "only offers are answered"
        try:
            blob, keys = self._exchange.answer(
                neighbour.at, neighbour.offer_blob, neighbour.offer, description
            )
        except RefusedInput:
            return self.close(neighbour)
        neighbour.link = Link(keys, "answerer")
        neighbour.own = description
        neighbour.check(now)
        return [SendBlob(neighbour.at, blob)]

    def _channel_open(self, neighbour: Neighbour, own: bytes, peer: bytes, now: float) -> list[Output]:
        if neighbour.link is None:
            return self.close(neighbour)
        return self._frames(neighbour, neighbour.link.up(own, peer, now))

    def _frame(self, neighbour: Neighbour, data: bytes, now: float) -> list[Output]:
        """A frame came in. One that does not open closes the link, in silence."""
        if neighbour.link is None:
            return self.close(neighbour)
        counted = neighbour.counts
        try:
            said = neighbour.link.receive(data, now)
        except RefusedInput as refusal:
            self._counters[f"frames refused: {type(refusal).__name__.lower()}"] += 1
            return self.close(neighbour)
        if isinstance(said, control.Bye):
            return self.close(neighbour)
        out: list[Output] = []
        if not counted:
            neighbour.link.faded = False
            out.append(Opened(neighbour))
            out += self._took_the_place(neighbour) if neighbour.anew else []
        if isinstance(said, control.Credit):
            out += self._frames(neighbour, neighbour.link.take_credit(said.granted, now))
        elif said is not None:
            out.append(MessageReceived(neighbour.id, said))
        return out

    def _took_the_place(self, new: Neighbour) -> list[Output]:
        """The new link stands: the old one with the same node ends."""
        new.anew = False
        old = [each for each in self if each.node == new.node and each is not new]
        return [out for each in old for out in self.close(each)]

    def fade(self, neighbour: Neighbour) -> list[Output]:
        """Count no more on a link until its other end is heard again."""
        if neighbour.link is None or not neighbour.counts:
            return []
        neighbour.link.faded = True
        return [Closed(neighbour, broken=False)]

    def _frames(self, neighbour: Neighbour, sealed: list[bytes]) -> list[Output]:
        return [SendFrame(neighbour.id, data) for data in sealed]

    def _forget(self, neighbour: Neighbour, broken: bool = False, answered: bool = False) -> list[Output]:
        self._table.pop(neighbour.id, None)
        if neighbour.counts:
            return [Closed(neighbour, broken)]
        return [] if neighbour.up else [AttemptFailed(neighbour, answered)]

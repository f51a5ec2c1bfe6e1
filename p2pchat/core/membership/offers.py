"""Offers of links: how an offer, its reply and the link that follows from them go together.

Knows: every attempt, from the first blob to the channel, and that two nodes have one link. Does not know: how
many links are wanted (``active_view``), or by which way blobs travel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from p2pchat.core.kit.table import Table
from p2pchat.core.link.link import Link
from p2pchat.core.membership.link_table import LinkTable
from p2pchat.core.membership.neighbour import Endpoint, Neighbour
from p2pchat.core.membership.neighbours import Neighbours
from p2pchat.core.membership.offer_exchange import OfferExchange
from p2pchat.core.membership.outputs import OfferReceived, Output, PeerIdentified, SendBlob
from p2pchat.core.values.effects import AcceptAnswer, CloseLink, MakeAnswer, MakeOffer
from p2pchat.core.values.inputs import AnswerMade, OfferMade
from p2pchat.crypto.kdf import digest
from p2pchat.crypto.sealing import LinkKeys
from p2pchat.errors import Malformed, RefusedInput
from p2pchat.types import LinkId, NodeId
from p2pchat.wire.description import Description
from p2pchat.wire.offer import Answer, Decline

OFFERS_CAP = 1024
"""Digests of offers answered lately, so that a server that repeats one gets nothing."""


class Offers:
    """Each method returns what follows."""

    def __init__(
        self,
        table: LinkTable,
        neighbours: Neighbours,
        exchange: OfferExchange,
        node: NodeId,
        new_link: Callable[[], LinkId],
        counters: Counter[str],
    ) -> None:
        self._table = table
        self._neighbours = neighbours
        self._exchange = exchange
        self._node = node
        self._new_link = new_link
        self._counters = counters
        self._answered = Table[bytes, None](OFFERS_CAP)

    # --- ours

    def offer_link(
        self,
        at: Endpoint,
        now: float,
        sought: bool,
        swap: bool = False,
        relayed: bool = False,
        among: int = 0,
    ) -> list[Output]:
        """Offer a link to the node at the end of that way. ``sought``: as one of those that we seek, drawn
        ``among`` so many; ``relayed``: as a second try."""
        anew = any(neighbour.faded for neighbour in self._table)
        neighbour = Neighbour(
            self._new_link(), at, now, sought=sought, among=among, swap=swap, relayed=relayed, anew=anew
        )
        self._table.add_link(neighbour)
        return [MakeOffer(neighbour.id, relayed)]

    def try_relay(self, neighbour: Neighbour, now: float) -> list[Output]:
        """Begin an attempt again, with a TURN server."""
        self._table.drop_link(neighbour)
        second_try = self.offer_link(
            neighbour.at, now, neighbour.sought, neighbour.swap, True, neighbour.among
        )
        return [CloseLink(neighbour.id), *second_try]

    def repeat_offer(self, neighbour: Neighbour) -> list[Output]:
        """Send an offer that waits once more: a neighbour for which our lost link still looked alive
        declined the first."""
        return [SendBlob(neighbour.at, neighbour.offered.blob)] if neighbour.offered is not None else []

    def on_blob(self, at: Endpoint, blob: bytes, now: float) -> list[Output]:
        """A sealed blob came to our seat: a reply to our offer, or an offer. Raises RefusedInput."""
        waiting = self._table.waiting_at(at)
        if waiting is None or waiting.offered is None:
            return self.on_offer(at, blob, now)
        try:
            reply, keys = self._exchange.read_reply(at, waiting.offered, blob)
        except RefusedInput:
            return self.on_offer(at, blob, now)  # no reply to ours; it may be an offer that crossed it
        return self._reply(waiting, reply, keys, now)

    def on_reply(self, at: Endpoint, blob: bytes, now: float) -> list[Output]:
        """A sealed blob came where only the reply to our offer can. Raises RefusedInput."""
        waiting = self._table.waiting_at(at)
        if waiting is None or waiting.offered is None:
            raise Malformed("a reply to no offer of ours")
        reply, keys = self._exchange.read_reply(at, waiting.offered, blob)
        return self._reply(waiting, reply, keys, now)

    def _reply(
        self, waiting: Neighbour, reply: Answer | Decline, keys: LinkKeys | None, now: float
    ) -> list[Output]:
        identified = PeerIdentified(waiting.at, reply.node)
        if isinstance(reply, Decline) or keys is None:
            return [identified, *self._declined(waiting, reply, now)]
        return [identified, *self._answered_by(waiting, reply, Link(keys, "offerer"), now)]

    def on_offer(self, at: Endpoint, blob: bytes, now: float) -> list[Output]:
        """A sealed blob came where only an offer can. Let it be where our own attempt with the same node goes
        on; decline it from a neighbour. Raises RefusedInput."""
        offer = self._exchange.read_offer(at, blob)
        if self._repeated(digest(blob, 16)) or offer.node == self._node:
            return []
        identified = PeerIdentified(at, offer.node)
        crossed = self._table.waiting_at(at)
        if crossed is not None and self._node < offer.node:
            return [identified]  # offers that crossed: the smaller node id stays the offerer
        twins = [neighbour for neighbour in self._table if neighbour.node == offer.node]
        given_up = [twin for twin in twins if offer.relayed and not twin.opened and not twin.ours]
        twins = [twin for twin in twins if twin not in given_up]
        if any(not twin.up for twin in twins):
            return [identified]
        quiet = all(twin.link is None or twin.link.is_quiet(now) or twin.faded for twin in twins)
        if not quiet and not offer.anew:
            return [identified, *self.decline_offer(at, blob, linked=True)]
        old = [*given_up, *twins, *([crossed] if crossed is not None else [])]
        ends = [one for one in old if not one.up]
        sought = [one.among for one in old if one.sought]
        received = OfferReceived(
            at, offer, blob, bool(sought), max(sought, default=0), anew=len(ends) < len(old)
        )
        return [identified, *(output for one in ends for output in self._neighbours.close(one)), received]

    def accept_offer(self, offer: OfferReceived, now: float) -> list[Output]:
        """Answer an offer."""
        self._remember(digest(offer.blob, 16))
        neighbour = Neighbour(
            self._new_link(),
            offer.at,
            now,
            offer.offer.node,
            offer=offer.offer,
            offer_blob=offer.blob,
            sought=offer.sought,
            among=offer.among,
            relayed=offer.offer.relayed,
            anew=offer.anew,
            theirs=offer.offer.description,
        )
        self._table.add_link(neighbour)
        return [MakeAnswer(neighbour.id, offer.offer.description, neighbour.relayed)]

    def decline_offer(self, at: Endpoint, blob: bytes, linked: bool) -> list[Output]:
        """Say no: there is a link already, or no room."""
        self._counters["offers declined"] += 1
        return [SendBlob(at, self._exchange.seal_decline(at, blob, linked))]

    def _declined(self, neighbour: Neighbour, reply: Answer | Decline, now: float) -> list[Output]:
        """The other end is our neighbour already, or full: give up. If it only thinks that it is our
        neighbour, our offer stands and is repeated until it notices."""
        if isinstance(reply, Decline) and reply.linked and not self._table.knows_node(reply.node):
            return []
        known = [other.id for other in self._table if other.node == reply.node] if neighbour.sought else []
        found = [output for link in known for output in self._neighbours.mark_sought(link, neighbour.among)]
        return [*self._neighbours.close(neighbour, answered=True), *found]

    def _answered_by(self, neighbour: Neighbour, answer: Answer, link: Link, now: float) -> list[Output]:
        """Complete our offer. Of two that crossed on different ways the smaller node id's is kept, by both
        ends."""
        twins = [n for n in self._table if n.node == answer.node]
        attempts = [twin for twin in twins if not twin.up]
        # A node that counts on a link with us declines: an answer says that the other end has none. But one
        # may have come up since we offered.
        newer = any(
            twin.link is not None and (twin.link.opened_at or 0.0) >= neighbour.begun_at for twin in twins
        )
        lost = newer or (bool(attempts) and answer.node < self._node)
        if lost or answer.node == self._node:
            return self._neighbours.close(neighbour, answered=True)
        outputs = [output for twin in attempts for output in self._neighbours.close(twin)]
        neighbour.node, neighbour.link, neighbour.offered = answer.node, link, None
        neighbour.theirs = answer.description
        neighbour.anew = len(attempts) < len(twins)
        neighbour.start_checks(now)
        return [*outputs, AcceptAnswer(neighbour.id, answer.description)]

    def _repeated(self, offer: bytes) -> bool:
        """Whether the offer of that digest was answered before."""
        known = offer in self._answered
        self._counters["offers repeated"] += known
        return known

    def _remember(self, offer: bytes) -> None:
        self._answered.put(offer, None)

    # --- what the engine has made

    def on_made(self, input: OfferMade | AnswerMade, now: float) -> list[Output]:
        """The engine tells how we can be reached."""
        neighbour = self._table[input.link]
        if isinstance(input, AnswerMade):
            return self._send_answer(neighbour, input.description, now)
        neighbour.own = input.description
        neighbour.offered = self._exchange.seal_offer(
            neighbour.at, input.description, neighbour.relayed, neighbour.anew
        )
        return [SendBlob(neighbour.at, neighbour.offered.blob)]

    def _send_answer(self, neighbour: Neighbour, own: Description, now: float) -> list[Output]:
        assert neighbour.offer is not None, "only offers are answered"
        try:
            blob, keys = self._exchange.seal_answer(neighbour.at, neighbour.offer_blob, neighbour.offer, own)
        except RefusedInput:
            return self._neighbours.close(neighbour)
        neighbour.link = Link(keys, "answerer")
        neighbour.own = own
        neighbour.start_checks(now)
        return [SendBlob(neighbour.at, blob)]

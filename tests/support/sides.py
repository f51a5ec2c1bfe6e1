"""One end of an attempt at a link, whose engine makes what it is asked for at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import count

from p2pchat.core.membership.link_table import LinkTable
from p2pchat.core.membership.neighbour import Endpoint, Neighbour, SeatRef
from p2pchat.core.membership.neighbours import Neighbours
from p2pchat.core.membership.offer_exchange import OfferExchange
from p2pchat.core.membership.offers import Offers
from p2pchat.core.membership.outputs import OfferReceived, Output, SendBlob
from p2pchat.core.values.effects import MakeAnswer, MakeOffer, SendFrame
from p2pchat.core.values.inputs import AnswerMade, FrameReceived, LinkUp, OfferMade
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId, NodeId, Seat, Topic
from p2pchat.wire.description import Description, Nat

SEAT = SeatRef("ws://meet.example", Topic(b"t" * 32), Seat(b"s" * 8))
THERE = Description("actpass", "ufragufrag", "p" * 22, bytes(32), ())


class Side:
    """A node's table of links, what makes them and what ends them."""

    def __init__(self, name: str, nat: Nat = Nat.UNKNOWN, first: int = 1) -> None:
        numbers = count(first)
        entropy = SeededEntropy(name)
        self.node = NodeId(entropy.draw_bytes(8))
        self.counters: Counter[str] = Counter()
        self.table = LinkTable()
        self.neighbours = Neighbours(self.table, self.counters)
        exchange = OfferExchange(bytes(32), self.node, entropy)
        self.links = Offers(
            self.table, self.neighbours, exchange, self.node, lambda: LinkId(next(numbers)), self.counters
        )
        self.here = replace(THERE, nat=nat)

    def offers(
        self, now: float, relayed: bool = False, at: Endpoint = SEAT, sought: bool = False
    ) -> tuple[LinkId, bytes]:
        (made,) = self.links.offer_link(at, now, sought=sought, relayed=relayed)
        assert isinstance(made, MakeOffer) and made.relayed is relayed
        return made.link, blob_of(self.links.on_made(OfferMade(made.link, self.here), now))

    def answers(self, offer: bytes, now: float) -> tuple[MakeAnswer, bytes]:
        out = self.links.on_blob(SEAT, offer, now)
        (wanted,) = [each for each in out if isinstance(each, OfferReceived)]
        (made,) = self.links.accept_offer(wanted, now)
        assert isinstance(made, MakeAnswer)
        return made, blob_of(self.links.on_made(AnswerMade(made.link, self.here), now))


def blob_of(out: list[Output]) -> bytes:
    (sent,) = [each for each in out if isinstance(each, SendBlob)]
    return sent.blob


def linked(ana: Side, bob: Side, now: float = 0.0) -> tuple[Neighbour, Neighbour]:
    """A link between two sides that have confirmed each other."""
    link, offer = ana.offers(now)
    made, answer = bob.answers(offer, now)
    ana.links.on_blob(SEAT, answer, now)
    one, other = b"a" * 32, b"b" * 32
    (hello,) = ana.neighbours.on_channel(LinkUp(link, one, other), now)
    (welcome,) = bob.neighbours.on_channel(LinkUp(made.link, other, one), now)
    assert isinstance(hello, SendFrame) and isinstance(welcome, SendFrame)
    bob.neighbours.on_channel(FrameReceived(made.link, hello.data), now)
    ana.neighbours.on_channel(FrameReceived(link, welcome.data), now)
    return ana.table[link], bob.table[made.link]

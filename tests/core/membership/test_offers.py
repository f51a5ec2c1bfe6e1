"""What comes on a way is taken for what can come there, and two nodes have one link."""

from __future__ import annotations

import pytest

from p2pchat.core.membership.outputs import AttemptFailed, OfferReceived, PeerIdentified, SendBlob
from p2pchat.core.membership.walk import WalkRef
from p2pchat.core.values.effects import AcceptAnswer, CloseLink
from p2pchat.errors import RefusedInput
from p2pchat.types import LinkId
from tests.support.sides import SEAT, THERE, Side, linked

WAY = WalkRef(LinkId(9), b"w" * 8, b"s" * 32)


def two() -> tuple[Side, Side]:
    """The first has the smaller node id."""
    one, other = sorted((Side("ana"), Side("bob")), key=lambda side: side.node)
    return one, other


def test_the_end_of_our_walk_cannot_offer_us_a_link_instead_of_answering() -> None:
    ours, theirs = two()
    ours.offers(0.0, at=WAY, sought=True)
    _, offer = theirs.offers(0.0, at=WAY, sought=True)
    with pytest.raises(RefusedInput):
        ours.links.on_reply(WAY, offer, 1.0)
    assert len(ours.table) == 1


def test_where_an_offer_may_come_it_is_wanted() -> None:
    ours, theirs = two()
    _, offer = theirs.offers(0.0, at=WAY, sought=True)
    assert any(isinstance(each, OfferReceived) for each in ours.links.on_offer(WAY, offer, 1.0))


def test_a_reply_to_no_offer_is_refused() -> None:
    with pytest.raises(RefusedInput):
        Side("ana").links.on_reply(WAY, bytes(2048), 1.0)


def test_an_offer_that_was_answered_is_not_answered_again() -> None:
    ana, bob = two()
    _, offer = ana.offers(0.0)
    bob.answers(offer, 0.0)
    assert bob.links.on_blob(SEAT, offer, 1.0) == []
    assert bob.counters["offers repeated"] == 1


def test_an_offer_that_is_our_own_is_nothing() -> None:
    ana = Side("ana")
    _, offer = ana.offers(0.0)
    assert ana.links.on_offer(SEAT, offer, 0.0) == []


def test_of_two_offers_that_cross_the_smaller_node_stays_the_offerer() -> None:
    small, large = two()
    (_, ours), (_, theirs) = small.offers(0.0), large.offers(0.0)
    assert small.links.on_blob(SEAT, theirs, 0.0) == [PeerIdentified(SEAT, large.node)]
    met, closed, failed, wanted = large.links.on_blob(SEAT, ours, 0.0)
    assert met == PeerIdentified(SEAT, small.node) and isinstance(closed, CloseLink)
    assert isinstance(failed, AttemptFailed) and isinstance(wanted, OfferReceived)


def test_a_neighbour_is_declined_and_gives_up_but_repeats_while_the_link_is_lost_to_it_alone() -> None:
    ana, bob = two()
    neighbour, _ = linked(ana, bob)
    _, offer = ana.offers(1.0, at=WAY)
    met, decline = bob.links.on_offer(WAY, offer, 1.0)
    assert met == PeerIdentified(WAY, ana.node) and isinstance(decline, SendBlob)
    told, *ends = ana.links.on_reply(WAY, decline.blob, 1.0)
    assert told == PeerIdentified(WAY, bob.node) and [type(each) for each in ends] == [
        CloseLink,
        AttemptFailed,
    ]
    ana.neighbours.close(neighbour)
    link, offer = ana.offers(2.0, at=WAY)
    _, decline = bob.links.on_offer(WAY, offer, 2.0)
    assert isinstance(decline, SendBlob)
    assert ana.links.on_reply(WAY, decline.blob, 2.0) == [PeerIdentified(WAY, bob.node)], "the offer stands"
    assert ana.links.repeat_offer(ana.table[link]) == [SendBlob(WAY, offer)]


def test_nothing_is_repeated_that_does_not_wait() -> None:
    ana, bob = two()
    neighbour, _ = linked(ana, bob)
    assert ana.links.repeat_offer(neighbour) == []


def test_an_answer_accepts_and_a_second_one_is_refused() -> None:
    ana, bob = two()
    link, offer = ana.offers(0.0)
    _, answer = bob.answers(offer, 0.0)
    assert ana.links.on_blob(SEAT, answer, 0.0) == [PeerIdentified(SEAT, bob.node), AcceptAnswer(link, THERE)]
    with pytest.raises(RefusedInput):
        ana.links.on_blob(SEAT, answer, 0.0)

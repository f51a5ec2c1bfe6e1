"""Where no direct way leads, a link is tried once more, with the TURN server that a rendezvous has hinted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.membership.neighbour import RELAY_S, RELAY_SOON_S, REPORT_S, REPORT_SOON_S
from p2pchat.core.membership.outputs import OfferReceived
from p2pchat.core.membership.unreached import REMEMBERED_S, UnreachedMembers
from p2pchat.core.rendezvous.hinted import LOGIN_S, RENDEZVOUS_CAP, Hinted
from p2pchat.core.values.effects import AcceptAnswer, CloseLink, MakeAnswer, MakeOffer
from p2pchat.core.values.inputs import OfferMade
from p2pchat.wire.description import Candidate, Nat
from p2pchat.wire.ice import NO_SERVERS, Servers, StunServer, TurnServer
from tests.support.sides import SEAT, Side, blob_of

STUN = StunServer("192.0.2.1", 8750)
TURN = TurnServer("192.0.2.1", 3478, "user", "password")
OTHER = TurnServer("192.0.2.2", 3478, "user", "password")


@pytest.mark.parametrize(
    ("one", "other", "after"),
    [
        (Nat.CONE, Nat.CONE, RELAY_S),
        (Nat.CONE, Nat.SYMMETRIC, RELAY_S),
        (Nat.UNKNOWN, Nat.UNKNOWN, RELAY_S),
        (Nat.SYMMETRIC, Nat.SYMMETRIC, RELAY_SOON_S),
        (Nat.BLOCKED, Nat.CONE, RELAY_SOON_S),
    ],
)
def test_the_second_try_is_due_when_checks_had_their_time(one: Nat, other: Nat, after: float) -> None:
    ana, bob = Side("ana", one), Side("bob", other)
    link, offer = ana.offers(0.0)
    _, answer = bob.answers(offer, 0.0)
    assert any(isinstance(each, AcceptAnswer) for each in ana.links.on_blob(SEAT, answer, 10.0))
    attempt = ana.table.get(link)
    assert attempt is not None
    assert attempt.next_wakeup() == 10.0 + after
    assert not attempt.take_look(10.0 + after - 0.1) and not attempt.needs_relay(10.0 + after - 0.1)
    assert attempt.take_look(10.0 + after) and attempt.needs_relay(10.0 + after)
    (theirs,) = list(bob.table)
    assert not theirs.needs_relay(20.0), "who answers waits for the other's second try"


def test_the_second_try_takes_the_place_of_the_first_at_both_ends() -> None:
    ana, bob = Side("ana", Nat.CONE), Side("bob", Nat.SYMMETRIC)
    link, offer = ana.offers(0.0)
    first, answer = bob.answers(offer, 0.0)
    ana.links.on_blob(SEAT, answer, 0.0)
    attempt = ana.table.get(link)
    assert attempt is not None and not first.relayed
    closed, again = ana.links.try_relay(attempt, 5.0)
    assert closed == CloseLink(link) and isinstance(again, MakeOffer) and again.relayed
    second = blob_of(ana.links.on_made(OfferMade(again.link, ana.here), 5.0))
    out = bob.links.on_blob(SEAT, second, 5.0)
    assert CloseLink(first.link) in out
    (wanted,) = [each for each in out if isinstance(each, OfferReceived)]
    (made,) = bob.links.accept_offer(wanted, 5.0)
    assert isinstance(made, MakeAnswer) and made.relayed
    there = ana.table.get(again.link)
    assert there is not None and not there.needs_relay(100.0), "there is no third"


def test_another_offer_of_the_same_kind_does_not_end_an_attempt() -> None:
    ana, bob = Side("ana", Nat.CONE), Side("bob", Nat.CONE)
    _, offer = ana.offers(0.0)
    bob.answers(offer, 0.0)
    for attempt in list(ana.table):
        ana.neighbours.close(attempt)
    _, again = ana.offers(1.0)
    assert not any(isinstance(each, OfferReceived) for each in bob.links.on_blob(SEAT, again, 1.0))
    assert len(bob.table) == 1


def test_a_rendezvous_helps_the_meshes_that_are_met_there_alone_and_its_turn_server_a_second_try_alone() -> (
    None
):
    hinted = Hinted()
    hinted.on_hints("ws://one", Servers((STUN,), (TURN,)), 0.0)
    hinted.on_hints("ws://two", Servers((), (OTHER,)), 0.0)
    assert hinted.servers_for(["ws://one"], False, 1.0) == Servers((STUN,))
    assert hinted.servers_for(["ws://one"], True, 1.0) == Servers((STUN,), (TURN,))
    assert hinted.servers_for(["ws://three"], True, 1.0) == NO_SERVERS
    assert hinted.has_relay(["ws://two"], 1.0) and not hinted.has_relay(["ws://three"], 1.0)


def test_a_login_is_not_used_when_it_is_over() -> None:
    hinted = Hinted()
    hinted.on_hints("ws://one", Servers((STUN,), (TURN,)), 0.0)
    assert hinted.servers_for(["ws://one"], True, LOGIN_S) == Servers((STUN,))
    hinted.on_hints("ws://one", Servers((STUN,), (TURN,)), LOGIN_S)
    assert hinted.has_relay(["ws://one"], LOGIN_S + 1.0)


def test_what_many_rendezvous_hint_is_bounded() -> None:
    hinted = Hinted()
    for number in range(3 * RENDEZVOUS_CAP):
        hinted.on_hints(f"ws://{number}", Servers((STUN,)), 0.0)
    assert len(hinted._told) == RENDEZVOUS_CAP


def test_an_unreachable_member_is_remembered_until_a_link_stands_or_it_is_gone() -> None:
    ana, bob = Side("ana", Nat.SYMMETRIC), Side("bob", Nat.SYMMETRIC)
    relay = Candidate("relay", "udp", "192.0.2.1", 5000, 1)
    bob.here = replace(bob.here, candidates=(relay,))
    link, offer = ana.offers(0.0)
    _, answer = bob.answers(offer, 0.0)
    ana.links.on_blob(SEAT, answer, 0.0)
    attempt = ana.table.get(link)
    assert attempt is not None
    assert not attempt.is_unreached(REPORT_SOON_S - 0.1) and attempt.is_unreached(REPORT_SOON_S)
    members = UnreachedMembers()
    members.on_failure(attempt, REPORT_S)
    (found,) = members.still_unreached(REPORT_S, lambda node: False)
    assert (found.node, found.own, found.theirs, found.relayed) == (
        bob.node,
        Nat.SYMMETRIC,
        Nat.SYMMETRIC,
        True,
    )
    assert members.still_unreached(REPORT_S, lambda node: True) == ()
    assert members.still_unreached(REPORT_S + REMEMBERED_S, lambda node: False) == ()
    members.on_link(bob.node)
    assert members.still_unreached(REPORT_S, lambda node: False) == ()

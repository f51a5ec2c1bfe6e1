"""Offers of rooms: however they go, each ends well and says something true."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.room.arrival import MemberKeys
from p2pchat.core.room.room import Room
from p2pchat.core.rooms.offers import LIVES_S, OFFERS_OF_CONTACT, RoomOffers, decode_keys, encode_keys
from p2pchat.core.rooms.room_table import RoomTable
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_events import OfferTurn, RoomTurn
from p2pchat.core.values.room_inputs import (
    RoleGiven,
    RoomLeft,
    RoomOfferAnswered,
    RoomOffered,
    RoomOfferWithdrawn,
)
from p2pchat.core.values.room_records import OfferState, RoomOfferRecord, RoomRole
from p2pchat.core.values.user_inputs import ContactBlocked
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, RoomOfferId
from p2pchat.wire.room_offers import (
    OfferEnd,
    RoomAccepted,
    RoomOffer,
    RoomOfferEnded,
    RoomWelcomePart,
    RoomWord,
    split_welcome,
)
from p2pchat.wire.room_welcome import encode_welcome
from tests.support.homes_in_rooms import RoomsWorld

BOB = ContactId("b" * 64)


def two() -> RoomsWorld:
    world = RoomsWorld("alice", "bob")
    world.found("alice")
    return world


def test_until_it_is_accepted_the_room_does_not_know_the_guest() -> None:
    world = two()
    world.offer("alice", "bob")
    (offer,) = world.offers("bob")
    assert (offer.name, offer.size, offer.outgoing) == ("walkers", 1, False)
    assert world.names("alice") == ["alice"] and world.rooms("bob") == ()
    world.answer("bob")
    world.run(20.0)
    assert world.names("alice") == world.names("bob") == ["alice", "bob"]
    assert world.offers("alice") == world.offers("bob") == ()
    assert OfferTurn.ENTERED in world.offer_turns("alice") and RoomTurn.ENTERED in world.turns("bob")
    (alice,) = [member for member in world.room("bob").members if not member.own]
    assert alice.contact == world.contact("bob", "alice")
    assert not alice.spoke, "nothing has come yet that only she could write"


def test_a_declined_or_withdrawn_offer_is_over_for_both() -> None:
    world = two()
    world.offer("alice", "bob")
    world.answer("bob", accept=False)
    world.run(20.0)
    assert world.offers("alice") == () and OfferTurn.DECLINED in world.offer_turns("alice")
    world.offer("alice", "bob")
    world.tell("alice", RoomOfferWithdrawn(world.offers("alice")[0].id))
    world.run(20.0)
    assert world.offers("bob") == () and world.offer_turns("bob")[-1] is OfferTurn.WITHDRAWN
    assert world.names("alice") == ["alice"]


def test_nobody_is_offered_a_room_twice_or_accepts_twice() -> None:
    world = two()
    world.offer("alice", "bob")
    rooms = world.machines["alice"].running.rooms
    wish = RoomOffered(world.id("alice"), world.contact("alice", "bob"))
    assert rooms.take_input(wish, world.now) == [Rejected(Reason.OFFERED_ALREADY)]
    world.answer("bob")
    world.answer("bob")
    world.run(20.0)
    assert world.names("alice") == ["alice", "bob"]
    assert rooms.take_input(wish, world.now) == [Rejected(Reason.IN_ALREADY)]


def test_who_accepts_when_the_inviter_has_left_is_told_that_the_offer_is_void() -> None:
    world = two()
    world.offer("alice", "bob")
    world.kill("bob")
    world.tell("alice", RoomLeft(world.id("alice")))
    world.start("bob")
    world.tell("bob", RoomOfferAnswered(world.offers("bob")[0].id, accept=True))
    world.run(120.0)
    assert world.offers("bob") == () and world.rooms("bob") == ()
    assert world.offer_turns("bob")[-1] is OfferTurn.VOID


def test_both_homes_may_be_killed_between_any_two_steps() -> None:
    world = two()
    world.offer("alice", "bob")
    for name in ("bob", "alice"):
        world.restart(name)
    world.run(20.0)
    assert len(world.offers("bob")) == len(world.offers("alice")) == 1
    world.answer("bob")
    world.restart("bob")
    world.run(60.0)
    assert world.names("alice") == world.names("bob") == ["alice", "bob"]
    for name in ("alice", "bob"):
        world.restart(name)
    world.run(30.0)
    world.say("bob", "here")
    world.run(30.0)
    assert world.machines["alice"].store.received() == ["here"]


def test_offers_of_two_members_bring_one_in_once() -> None:
    world = RoomsWorld("alice", "bob", "carol")
    world.pair("bob", "carol")
    world.found("alice")
    world.let_in("alice", "bob")
    world.run(20.0)
    world.tell("alice", RoleGiven(world.id("alice"), world.own("bob"), RoomRole.ADMIN))
    world.run(20.0)
    world.offer("alice", "carol")
    world.offer("bob", "carol")
    for offer in world.offers("carol"):
        world.tell("carol", RoomOfferAnswered(offer.id, accept=True))
    world.run(120.0)
    assert len(world.rooms("carol")) == 1 and world.offers("carol") == ()
    assert all(world.names(name) == ["alice", "bob", "carol"] for name in world.machines)


def test_a_contact_that_is_blocked_meanwhile_is_not_let_in() -> None:
    world = two()
    world.offer("alice", "bob")
    world.kill("bob")
    world.tell("alice", ContactBlocked(world.contact("alice", "bob"), True))
    assert world.offers("alice") == () and world.offer_turns("alice")[-1] is OfferTurn.WITHDRAWN
    world.start("bob")
    world.answer("bob")
    world.run(60.0)
    assert world.names("alice") == ["alice"] and world.rooms("bob") == ()
    for name in ("alice", "bob"):
        world.kill(name)
    world.now += LIVES_S
    world.start("bob")
    world.run(1.0)
    assert world.offers("bob") == () and world.offer_turns("bob")[-1] is OfferTurn.EXPIRED


# --- alone


def offers(told: list[RoomWord], *kept: RoomOfferRecord) -> RoomOffers:
    """Those of a home that is in no room."""

    def tell(contact: ContactId, words: object, now: float) -> list[object]:
        told.extend(words)  # type: ignore[arg-type]
        return []

    return RoomOffers(kept, RoomTable(), tell, lambda room, offer, now: [], SeededEntropy(1))  # type: ignore[arg-type]


def test_a_contact_has_few_offers_open_and_is_told() -> None:
    told: list[RoomWord] = []
    all_of_them = offers(told)
    for number in range(OFFERS_OF_CONTACT + 1):
        all_of_them.take_word(BOB, RoomOffer(RoomOfferId(bytes([number]) * 16), 1.0, "walkers", 2), 1.0)
    assert len(all_of_them.list_offers()) == OFFERS_OF_CONTACT
    assert [word.end for word in told if isinstance(word, RoomOfferEnded)] == [OfferEnd.FULL]


def test_keys_are_kept_as_they_were_drawn() -> None:
    keys = MemberKeys.draw_keys("bob", SeededEntropy(2))
    read = decode_keys(encode_keys(keys))
    assert (read.public, read.kem.seed) == (keys.public, keys.kem.seed)


IDS = st.sampled_from([RoomOfferId(bytes([number]) * 16) for number in range(3)])
MEMBER = MemberKeys.draw_keys("eve", SeededEntropy(3)).public
WORDS: st.SearchStrategy[RoomWord] = st.one_of(
    st.builds(RoomOffer, IDS, st.just(1.0), st.just("walkers"), st.integers(1, 50)),
    st.builds(RoomAccepted, IDS, st.just(MEMBER)),
    st.builds(RoomOfferEnded, IDS, st.sampled_from(OfferEnd)),
    st.builds(RoomWelcomePart, IDS, st.integers(0, 1), st.just(2), st.binary(min_size=1, max_size=200)),
)


@given(st.lists(st.tuples(st.sampled_from([BOB, ContactId("e" * 64)]), WORDS | IDS), max_size=30))
def test_whatever_contacts_say_nothing_raises_and_little_is_kept(
    said: list[tuple[ContactId, RoomWord | RoomOfferId]],
) -> None:
    all_of_them = offers([])
    for contact, word in said:
        if isinstance(word, bytes):
            all_of_them.answer_offer(RoomOfferId(word), True, "alice", 1.0)
        else:
            all_of_them.take_word(contact, word, 1.0)
    assert len(all_of_them.list_offers()) <= 3
    all_of_them.tick(2.0)


FOUNDER = SeededEntropy(4)
KEYS = MemberKeys.draw_keys("bob", FOUNDER)
ROOM = Room.found_room("walkers", MemberKeys.draw_keys("alice", FOUNDER), FOUNDER, 1.9e9)
WELCOME = encode_welcome(ROOM.admit_member(KEYS.public, 1.9e9)[0])


@given(st.integers(0, len(WELCOME) - 1), st.integers(0, 60), st.binary(max_size=60))
def test_whatever_is_in_a_welcome_the_offer_is_over_and_nothing_raises(
    at: int, gone: int, instead: bytes
) -> None:
    told: list[RoomWord] = []
    id = RoomOfferId(b"i" * 16)
    offer = RoomOfferRecord(id, BOB, "walkers", 1, 1.9e9, None, OfferState.ACCEPTED, encode_keys(KEYS))
    all_of_them = offers(told, offer)
    welcome = WELCOME[:at] + instead + WELCOME[at + gone :]
    for part in split_welcome(id, welcome or b"0"):
        all_of_them.take_word(BOB, part, 1.9e9)
    assert all_of_them.list_offers() == ()
    assert told in ([], [RoomOfferEnded(id, OfferEnd.FAILED)])

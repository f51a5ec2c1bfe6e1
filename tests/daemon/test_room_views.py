"""Rooms, their members and what happens there are told with the names that people know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.values.room_events import OfferTurn, RoomOfferTurned, RoomTurn, RoomTurned
from p2pchat.core.values.room_records import OfferState, RoomOfferRecord, RoomRole
from p2pchat.core.values.status import RoomStatus
from p2pchat.daemon import room_views
from p2pchat.daemon.names import Names
from p2pchat.types import MemberId, RoomOfferId
from tests.support.room_views import AT, ROOM, FakeRoomList, contact, member, room

BOB, CAROL = contact("bob"), contact("carol")
ANA = member(b"\x01", "ana", own=True, brought_by=b"\x02")
ROBERT = member(b"\x02", "robert", RoomRole.OWNER, contact=BOB.id, spoke_at=AT)
DAVE = member(b"\x06", "dave", brought_by=b"\x02")
OLD = member(b"\x07", "erin", brought_by=b"\x06", spoke_at=AT - 90_000)
FRIENDS = room("friends", ROBERT, ANA, DAVE, OLD, role=RoomRole.MEMBER)
OFFER = RoomOfferRecord(RoomOfferId(b"o" * 16), BOB.id, "chess", 7, AT)
OURS = RoomOfferRecord(RoomOfferId(b"p" * 16), CAROL.id, "friends", 4, AT, room=ROOM)


def names(status: RoomStatus = FRIENDS) -> Names:
    return Names("ana", [BOB, CAROL], FakeRoomList([status]))


def test_a_room_tells_who_was_heard_lately_and_who_never() -> None:
    view = room_views.room(FRIENDS, [OURS, OFFER], names(), AT + 10)
    assert (view.name, view.state, view.role, view.members) == ("#friends", "in", "member", 4)
    assert (view.lately, view.silent) == (1, 1)
    assert (view.invited, view.invited_by, view.disappear) == (["carol"], None, None)


def test_rooms_are_counted_but_for_those_that_were_left() -> None:
    rooms = [FRIENDS, replace(FRIENDS, waits=True), replace(FRIENDS, role=None)]
    counts = room_views.counts(rooms, [OFFER, OURS, replace(OFFER, state=OfferState.ACCEPTED)])
    assert (counts.rooms, counts.offers, counts.silent, counts.put_back) == (2, 1, 2, 1)


def test_a_room_that_was_left_says_so_and_keeps_who_brought_us() -> None:
    status = replace(FRIENDS, role=None, record=replace(FRIENDS.record, brought_by=BOB.id), retention_s=60)
    view = room_views.room(status, [], names(status), AT)
    assert (view.state, view.role, view.invited_by, view.disappear) == ("out", None, "bob", 60.0)


@pytest.mark.parametrize(
    ("state", "shown"), [(OfferState.OPEN, "offered"), (OfferState.ACCEPTED, "accepted")]
)
def test_an_offer_has_a_bare_name_and_who_made_it(state: OfferState, shown: str) -> None:
    view = room_views.offer(replace(OFFER, state=state), "chess", names())
    assert (view.name, view.state, view.members, view.invited_by) == ("chess", shown, 7, "bob")


def test_members_are_told_with_our_names_for_contacts() -> None:
    bob = room_views.member(ROBERT, FRIENDS, names(), BOB)
    assert (bob.name, bob.own_name, bob.role, bob.contact, bob.brought_by) == (
        *("bob", "robert", "owner", True, None),
    )
    dave = room_views.member(DAVE, FRIENDS, names(), None)
    assert (dave.contact, dave.verified, dave.brought_by, dave.spoke, dave.spoke_at) == (
        *(False, False, "bob", False, None),
    )
    assert room_views.member(ANA, FRIENDS, names(), None).spoke


@pytest.mark.parametrize(("reached", "lacks"), [(0, 7), (5, 2), (7, 0)])
def test_a_member_lacks_what_it_has_not_told_to_have(reached: int, lacks: int) -> None:
    dave = replace(DAVE, reached=reached)
    status = replace(FRIENDS, members=(replace(ANA, reached=7), dave))
    assert room_views.member(dave, status, names(), None).lacks == lacks


@pytest.mark.parametrize("turn", list(RoomTurn))
def test_every_turn_of_a_room_is_an_event(turn: RoomTurn) -> None:
    event = room_views.turned(RoomTurned(ROOM, turn, DAVE.id, ANA.id, 1, "old"), names(), [FRIENDS])
    assert event.room == "#friends"
    assert event.change


TOLD = [
    (RoomTurned(ROOM, RoomTurn.ENTERED), {"change": "entered"}),
    (RoomTurned(ROOM, RoomTurn.ENDED), {"change": "out"}),
    (RoomTurned(ROOM, RoomTurn.ENDED, ANA.id, ANA.id), {"change": "out"}),
    (RoomTurned(ROOM, RoomTurn.ENDED, ANA.id, ROBERT.id), {"change": "out", "by": "bob"}),
    (RoomTurned(ROOM, RoomTurn.GONE, DAVE.id, DAVE.id), {"change": "left", "member": "dave"}),
    (
        RoomTurned(ROOM, RoomTurn.JOINED, DAVE.id, ROBERT.id),
        {"change": "joined", "member": "dave", "by": "bob"},
    ),
    (RoomTurned(ROOM, RoomTurn.GONE, DAVE.id), {"change": "left", "member": "dave"}),
    (
        RoomTurned(ROOM, RoomTurn.GONE, DAVE.id, ROBERT.id),
        {"change": "removed", "member": "dave", "by": "bob"},
    ),
    (RoomTurned(ROOM, RoomTurn.ROLE, ROBERT.id), {"change": "role", "member": "bob", "role": "owner"}),
    (RoomTurned(ROOM, RoomTurn.RENAMED, before="old"), {"change": "renamed", "before": "#old"}),
    (RoomTurned(ROOM, RoomTurn.RETENTION), {"change": "disappearing", "disappear": None}),
    (RoomTurned(ROOM, RoomTurn.GAP, DAVE.id, count=3), {"change": "gap", "member": "dave", "count": 3}),
]


@pytest.mark.parametrize(("turned", "told"), TOLD)
def test_an_event_has_what_belongs_to_its_change_and_nothing_else(
    turned: RoomTurned, told: dict[str, object]
) -> None:
    event = room_views.turned(turned, names(), [FRIENDS])
    assert event.as_record() == {"type": "room", "room": "#friends", **told}


def test_a_member_that_is_gone_is_told_by_its_id() -> None:
    gone = room_views.turned(RoomTurned(ROOM, RoomTurn.GONE, MemberId(b"\xab" * 32)), names(), [FRIENDS])
    assert gone.member == "former member~abab"


OFFERS = [
    (OFFER, OfferTurn.MADE, {"room": "chess", "change": "offered", "by": "bob"}),
    (OFFER, OfferTurn.WITHDRAWN, {"room": "chess", "change": "withdrawn", "by": "bob"}),
    (
        OFFER,
        OfferTurn.FULL,
        {"room": "chess", "change": "failed", "why": "there is no place left", "by": "bob"},
    ),
    (OURS, OfferTurn.MADE, {"room": "#friends", "change": "invited", "member": "carol"}),
    (OURS, OfferTurn.ACCEPTED, {"room": "#friends", "change": "accepted", "member": "carol"}),
    (OURS, OfferTurn.DECLINED, {"room": "#friends", "change": "declined", "member": "carol"}),
]


@pytest.mark.parametrize(("offer", "turn", "told"), OFFERS)
def test_what_becomes_of_an_offer_is_told_with_the_other_side(
    offer: RoomOfferRecord, turn: OfferTurn, told: dict[str, object]
) -> None:
    event = room_views.offer_turned(RoomOfferTurned(offer, turn), names(), [offer])
    assert event is not None and event.as_record() == {"type": "room", **told}


def test_that_the_newcomer_is_in_is_told_by_another_event() -> None:
    for offer in (OFFER, OURS):
        assert room_views.offer_turned(RoomOfferTurned(offer, OfferTurn.ENTERED), names(), []) is None
    assert room_views.offer_turned(RoomOfferTurned(OFFER, OfferTurn.ACCEPTED), names(), []) is None


@pytest.mark.parametrize("turn", list(OfferTurn))
def test_every_end_of_an_offer_has_words(turn: OfferTurn) -> None:
    assert room_views.failure(turn)

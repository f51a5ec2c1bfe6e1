"""Each name that is shown means one contact, room or member, and a typed name means what is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from p2pchat.core.values.room_records import RoomOfferRecord
from p2pchat.daemon.names import Names, name_members, name_offers, unique_names
from p2pchat.errors import UsageError
from p2pchat.types import ContactId, ConversationId, MemberId, RoomOfferId, conversation_with, person_of
from tests.support.room_views import ROOM, FakeRoomList, contact, member, room

BOB, CAROL = contact("bob"), contact("carol")


def names(*members: Any, offers: tuple[RoomOfferRecord, ...] = (), called: str = "friends") -> Names:
    """We are ana and know bob and carol; there is one room."""
    return Names("ana", [BOB, CAROL], FakeRoomList([room(called, *members)], offers))


def offer(id: bytes, name: str) -> RoomOfferRecord:
    return RoomOfferRecord(RoomOfferId(id * 16), BOB.id, name, 3, 1_800_000_000.0)


def test_names_that_look_the_same_get_the_beginning_of_their_ids() -> None:
    assert unique_names({b"\xab\xcd\xef": "bob", b"\x12\x34\x56": "B\u043eb", b"\x00\x00\x00": "eve"}) == {
        b"\xab\xcd\xef": "bob~abcd",
        b"\x12\x34\x56": "B\u043eb~1234",
        b"\x00\x00\x00": "eve",
    }


def test_ids_that_begin_alike_are_told_apart() -> None:
    shown = unique_names({b"\xab\xcd\x01": "bob", b"\xab\xcd\x11": "bob"})
    assert list(shown.values()) == ["bob~abcd0", "bob~abcd1"]


def test_a_name_that_pretends_to_have_an_id_behind_it_gets_its_own() -> None:
    assert list(unique_names({b"\xab\xcd": "bob~1234"}).values()) == ["bob~1234~abcd"]


def test_a_contact_in_a_room_has_the_contacts_name_and_no_other_member_does() -> None:
    members = [
        member(b"\x01", "anna", own=True),
        member(b"\x02", "robert", contact=BOB.id),
        member(b"\x03", "bob"),
        member(b"\x04", "Carol"),
        member(b"\x05", "Ana"),
        member(b"\x06", "dave"),
    ]
    shown = name_members(members, {BOB.id: "bob", CAROL.id: "carol"}, "ana")
    assert list(shown.values()) == [
        *("ana", "bob", "bob~0303", "Carol~0404", "Ana~0505", "dave"),
    ]


def test_rooms_that_two_contacts_offer_under_one_name_are_told_apart() -> None:
    offers = (offer(b"\x01", "chess"), offer(b"\x02", "chess"))
    assert list(name_offers(offers).values()) == ["chess~0101", "chess~0202"]
    assert names(offers=offers).find_offer("chess~0202") == offers[1]
    with pytest.raises(UsageError, match="did you mean chess~0101 or chess~0202"):
        names(offers=offers).find_offer("chess")


def test_an_offer_of_ours_is_not_one_that_we_can_accept() -> None:
    ours = RoomOfferRecord(RoomOfferId(b"o" * 16), BOB.id, "friends", 3, 0.0, room=ROOM)
    with pytest.raises(UsageError, match="no room to which you are invited called 'friends'"):
        names(offers=(ours,)).find_offer("friends")


@pytest.mark.parametrize("typed", ["friends", "#friends", "Friends", "#FRIENDS"])
def test_a_room_is_found_with_and_without_its_sign(typed: str) -> None:
    assert names().find_room(typed).record.id == ROOM


def test_where_a_contact_may_stand_a_room_has_its_sign() -> None:
    found = names().find_partner("#friends")
    assert (found.conversation, found.name, found.contact) == (ROOM, "#friends", None)
    assert names().find_partner("BOB").contact == BOB
    for typed in ("friends", "Friends"):
        said = f"there is no contact called '{typed}'; did you mean the room '#friends'?"
        with pytest.raises(UsageError, match=re.escape(said)):
            names().find_partner(typed)
    for typed in ("#bob", "#BOB"):
        with pytest.raises(UsageError, match=re.escape("did you mean the contact 'bob'?")):
            names().find_partner(typed)


def test_a_room_whose_own_name_begins_with_the_sign_is_found() -> None:
    assert names(called="#1").find_partner("##1").name == "##1"
    assert names(called="#1").find_room("#1").record.id == ROOM


def test_a_contact_called_like_a_room_is_not_mistaken_for_it() -> None:
    known = Names("ana", [contact("#friends")], FakeRoomList([room("friends")]))
    with pytest.raises(UsageError, match="a contact and a room are called '#friends'"):
        known.find_partner("#friends")
    assert Names("ana", [contact("#x")], FakeRoomList([room("friends")])).find_partner("#x").contact


FINDS: list[Callable[[Names], object]] = [
    lambda names: names.find_contact("bib"),
    lambda names: names.find_partner("#frends"),
    lambda names: names.find_room("frends"),
    lambda names: names.find_member(ROOM, "dav"),
]


@pytest.mark.parametrize("find", FINDS)
def test_what_is_not_there_is_refused_with_what_may_have_been_meant(find: Callable[[Names], object]) -> None:
    with pytest.raises(UsageError, match=r"did you mean (bob|friends|dave)"):
        find(names(member(b"\x06", "dave")))


def test_a_member_is_found_by_the_name_that_is_shown_and_by_no_other() -> None:
    known = names(member(b"\x02", "robert", contact=BOB.id), member(b"\x03", "bob"))
    assert known.find_member(ROOM, "bob") == b"\x02" * 32
    assert known.find_member(ROOM, "bob~0303") == b"\x03" * 32
    alone = names(member(b"\x03", "bob"))
    with pytest.raises(UsageError, match="no member of #friends called 'bob'; did you mean bob~0303"):
        alone.find_member(ROOM, "bob")


def test_authors_are_named_by_conversation() -> None:
    known = names(member(b"\x02", "robert", contact=BOB.id), member(b"\x06", "dave"))
    assert known.author_name(conversation_with(BOB.id), None) == "ana"
    assert known.author_name(conversation_with(BOB.id), BOB.id) == "bob"
    assert known.author_name(ROOM, person_of(member(b"\x02", "").id)) == "bob"
    assert known.author_name(ROOM, person_of(member(b"\x06", "").id)) == "dave"
    assert known.author_name(ROOM, None) == "ana"


NAMES = ("erin", "dave", "bob", "x")


def test_a_member_that_is_out_keeps_its_name_unless_another_has_it_now() -> None:
    ids = {
        name: MemberId(bytes([number]) * 32) for number, name in enumerate(("erin", "dave", "bob", "x"), 7)
    }
    status = room("friends", member(b"\x06", "dave"))
    known = replace(status.record, known={ids["x"]: CAROL.id})
    status = replace(status, record=known, former={id: name for name, id in ids.items()})
    shown = Names("ana", [BOB, CAROL], FakeRoomList([status]))
    assert [shown.member_name(ROOM, id) for id in ids.values()] == [
        *("erin", "dave~0808", "bob~0909", "carol"),
    ]
    assert shown.member_name(ROOM, member(b"\x06", "").id) == "dave"


def test_what_is_gone_has_the_beginning_of_its_id() -> None:
    assert names().partner_name(ContactId("ab" * 32)) == "abababababab"
    assert names().partner_name(ConversationId("#" + "ab" * 32)) == "#abababababa"
    assert names().author_name(ROOM, ContactId("ab" * 32)) == "former member~abab"


def test_others_in_a_conversation_can_be_mentioned() -> None:
    known = names(member(b"\x01", "ana", own=True), member(b"\x06", "dave"))
    assert known.people_of(ROOM) == {"dave": person_of(member(b"\x06", "").id)}
    assert known.people_of(conversation_with(BOB.id)) == {"bob": BOB.id}

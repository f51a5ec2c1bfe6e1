"""Introductions as scripts see them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.values.introductions import (
    IntroductionRecord,
    IntroductionTurn,
    IntroductionTurned,
    MediationRecord,
    MemberOf,
    Stage,
)
from p2pchat.daemon.introduction_views import introduction, introduction_turned, name_introductions
from p2pchat.daemon.names import Names
from p2pchat.types import IntroductionId, MemberId
from tests.support.room_views import AT, ROOM, FakeRoomList, contact, member, room

BOB, CAROL = contact("bob"), contact("carol")
FRIENDS = room(
    "friends",
    member(b"\x01", "ana", own=True),
    member(b"\x02", "x", contact=BOB.id),
    member(b"\x03", "dora", brought_by=b"\x02"),
    member(b"\x04", "bob", brought_by=b"\x01"),
)
NAMES = Names("ana", [BOB, CAROL], FakeRoomList([FRIENDS]))
DORA = IntroductionRecord(
    IntroductionId(b"d" * 16), MemberOf(ROOM, MemberId(b"\x03" * 32)), "dora", AT, Stage.OPEN, True, bytes(32)
)
EVE = IntroductionRecord(IntroductionId(b"e" * 16), CAROL.id, "eve", AT, Stage.WAITING, False, bytes(32))
TWO = MediationRecord(IntroductionId(b"t" * 16), BOB.id, CAROL.id, AT)


def test_a_member_is_shown_with_its_room_and_who_brought_it() -> None:
    info = introduction(DORA, "dora", NAMES)
    assert (info.state, info.room, info.by, info.other) == ("requested", "#friends", "bob", None)


def test_a_friend_s_friend_is_shown_with_the_friend() -> None:
    info = introduction(EVE, "eve", NAMES)
    assert (info.state, info.room, info.by) == ("waiting", None, "carol")


@pytest.mark.parametrize(
    ("record", "agreed"),
    [
        (TWO, []),
        (replace(TWO, agreed=True), ["carol"]),
        (replace(TWO, keys=b"keys"), ["bob"]),
        (replace(TWO, agreed=True, answered=True), ["bob", "carol"]),
    ],
)
def test_of_two_contacts_it_is_shown_who_has_agreed(record: MediationRecord, agreed: list[str]) -> None:
    info = introduction(record, "", NAMES)
    assert (info.state, info.name, info.other, info.agreed) == ("introducing", "bob", "carol", agreed)


def test_names_that_look_the_same_are_told_apart() -> None:
    another = replace(EVE, id=IntroductionId(b"f" * 16), name="dora")
    shown = name_introductions([DORA, another, TWO], NAMES)
    assert shown[DORA.id].startswith("dora~") and shown[another.id].startswith("dora~")
    namesake = replace(DORA, source=MemberOf(ROOM, MemberId(b"\x04" * 32)), name="bob")
    assert name_introductions([namesake], NAMES)[namesake.id].startswith("bob~")


def test_an_event_names_who_is_a_contact_now() -> None:
    event = introduction_turned(IntroductionTurned(DORA, IntroductionTurn.COMPLETED, CAROL.id), NAMES, [EVE])
    assert event.as_record() == {
        "type": "introduction",
        "name": "carol",
        "change": "completed",
        "room": "#friends",
        "by": "bob",
        "contact": "carol",
    }
    event = introduction_turned(IntroductionTurned(TWO, IntroductionTurn.AGREED, CAROL.id), NAMES, [])
    assert (event.name, event.other, event.contact) == ("bob", "carol", "carol")

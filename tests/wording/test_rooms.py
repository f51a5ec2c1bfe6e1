"""What happens in a room is told in plain words, without what others could pretend."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchat.control.rooms import RoomCountsInfo, RoomEvent
from p2pchat.wording.notices import notice
from p2pchat.wording.references import line_marks
from p2pchat.wording.rooms import member_origin, member_trust, room_counts, room_line, room_members
from tests.support.fake_node import answer, message, told
from tests.support.fake_rooms import member, room

CHANGES: list[tuple[str, dict[str, Any], str]] = [
    ("offered", {"by": "bob"}, "bob invites you: p2pchat room accept '#friends'"),
    ("withdrawn", {"by": "bob"}, "bob no longer invites you"),
    ("failed", {"why": "the room is full"}, "the invitation came to nothing: the room is full"),
    ("accepted", {"member": "bob"}, "bob accepted the invitation, and is let in as soon as possible"),
    ("declined", {"member": "bob"}, "bob declined the invitation"),
    ("entered", {}, "you are in"),
    ("joined", {"member": "carol", "by": "bob"}, "carol is in, brought by bob"),
    ("left", {"member": "carol"}, "carol left"),
    ("removed", {"member": "carol", "by": "bob"}, "bob removed carol"),
    ("out", {}, "you are out"),
    ("out", {"by": "bob"}, "bob removed you"),
    ("role", {"member": "carol", "role": "admin"}, "carol is an admin now"),
    ("renamed", {"before": "#enemies"}, "was called #enemies before"),
    ("disappearing", {"disappear": 3600.0}, "what is written from now on disappears after 1 hour"),
    ("disappearing", {"disappear": None}, "what is written from now on does not disappear"),
    ("kept in", {"member": "carol", "by": "bob"}, "carol is still in: bob has undone the removal"),
    ("gap", {"member": "carol", "count": 1}, "no member has 1 message of carol"),
    ("gap", {"member": "carol", "count": 3}, "no member has 3 messages of carol"),
    ("told otherwise", {"member": "carol"}, "carol has told other members something else than you"),
    ("withheld", {"member": "carol"}, "carol builds upon changes of the room that no member has"),
    ("uneven", {"member": "carol"}, "carol has given you other keys than the other members"),
]


@pytest.mark.parametrize(("change", "fields", "words"), CHANGES)
def test_each_change_is_said_in_a_sentence(change: str, fields: dict[str, Any], words: str) -> None:
    event = told(RoomEvent, room="#friends", change=change, **fields)
    assert room_line(event) == notice(event) == f"#friends: {words}"


def test_a_copy_that_was_put_back_is_named() -> None:
    line = room_line(told(RoomEvent, room="#friends", change="put back"))
    assert line is not None and "put back to a copy, or runs twice" in line


@pytest.mark.parametrize("change", ["spoke", "created", "notify", "something of a later version"])
def test_what_a_person_need_not_be_told_is_left_out(change: str) -> None:
    assert room_line(told(RoomEvent, room="#friends", change=change, member="bob")) is None


def test_names_that_others_chose_are_shown_harmless() -> None:
    line = room_line(told(RoomEvent, room="#a\x1b[2J", change="joined", member="b\nc", by="d\u202e"))
    assert line == "#a␛[2J: b␊c is in, brought by d\N{REPLACEMENT CHARACTER}"


def test_a_line_of_a_room_says_who_has_it_and_what_is_odd_about_it() -> None:
    line = message("1", "hi", outgoing=True, state="relayed", room="#friends", reached=2, of=5)
    assert line_marks(line) == ["delivered to 2 of 5"]
    assert line_marks(line.with_changes(reached=0)) == ["relayed"]
    assert line_marks(line.with_changes(reached=5, state="delivered")) == []
    theirs = message("2", "hi", room="#friends", through="carol", incomplete=True, differs=True)
    assert line_marks(theirs.with_changes(could_read=["eve", "mal"])) == [
        "as carol has it",
        "answers something that no member has",
        "its sender was told something else than you",
        "eve, mal could read this",
    ]


def test_what_is_known_of_a_member_is_one_word() -> None:
    known: list[dict[str, Any]] = [{"own": True}, {"contact": True, "verified": True}, {"contact": True}, {}]
    assert [member_trust(member("x", **fields)) for fields in known] == [
        *("you", "verified", "contact", "unknown")
    ]
    assert member_origin(member("x", brought_by="bob")) == "brought by bob"
    assert member_origin(member("x", brought_by=None)) == "founded the room"


def test_the_rooms_of_a_node_are_counted_in_words() -> None:
    none = {"rooms": 2, "offers": 0, "silent": 0, "put_back": 0}
    assert room_counts(answer(RoomCountsInfo, **none)) == "2"
    some = answer(RoomCountsInfo, **{**none, "offers": 1, "silent": 3})
    assert room_counts(some) == "2, 1 invitation, 3 members not heard yet"
    assert "because a copy was put back" in room_counts(answer(RoomCountsInfo, **{**none, "put_back": 1}))


def test_how_many_are_in_and_were_heard() -> None:
    assert room_members(room("#a", members=1, lately=0)) == "1 member, 0 heard today"
    assert room_members(room("#a", members=4, lately=2, silent=1)) == (
        "4 members, 2 heard today, 1 not heard yet"
    )
    assert room_members(room("#a", members=4, state="out")) == "4 members"

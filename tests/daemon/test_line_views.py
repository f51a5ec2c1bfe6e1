"""A line of a room names its author, the room, and what is to be known of it."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.control.events import ReactionEvent
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Answered, Reference, ReferenceKind, Referred
from p2pchat.core.values.room_records import LinePlace
from p2pchat.daemon import line_views
from p2pchat.daemon.names import Names
from p2pchat.types import MemberId, MessageId, MessageName, MessageState, conversation_with, person_of
from tests.support.room_views import AT, ROOM, FakeRoomList, contact, member, room

BOB = contact("bob")
ROBERT = member(b"\x02", "robert", contact=BOB.id)
DAVE = member(b"\x06", "dave")
NAMES = Names("ana", [BOB], FakeRoomList([room("friends", member(b"\x01", "a", own=True), ROBERT, DAVE)]))
ID = MessageId("a" * 32)
THEIRS = Message(ID, ROOM, person_of(DAVE.id), AT, "hi", MessageState.DELIVERED, room=LinePlace(4))
OURS = replace(THEIRS, author=None, state=MessageState.RELAYED, room=LinePlace(5, to=2, reached=1))


def test_a_message_in_a_room_is_from_a_member_and_with_the_room() -> None:
    event = line_views.message(THEIRS, NAMES)
    assert (event.sender, event.contact, event.room) == ("dave", "#friends", "#friends")
    assert (event.reached, event.of, event.through, event.could_read) == (None, None, None, [])
    assert line_views.message(replace(THEIRS, author=person_of(ROBERT.id)), NAMES).sender == "bob"


def test_a_message_of_two_has_no_room() -> None:
    line = Message(ID, conversation_with(BOB.id), BOB.id, AT, "hi", MessageState.DELIVERED)
    event = line_views.message(line, NAMES)
    assert (event.sender, event.contact, event.room) == ("bob", "bob", None)


def test_a_message_of_ours_tells_how_many_have_it() -> None:
    event = line_views.message(OURS, NAMES)
    assert (event.sender, event.reached, event.of) == ("ana", 1, 2)


def test_what_is_odd_about_a_message_is_told() -> None:
    place = LinePlace(4, through=ROBERT.id, lacks=1, differs=True, could_read=(MemberId(b"\xab" * 32),))
    event = line_views.message(replace(THEIRS, room=place), NAMES)
    assert (event.through, event.incomplete, event.differs) == ("bob", True, True)
    assert event.could_read == ["former member~abab"]


def test_mentions_in_a_room_are_of_us_or_by_us() -> None:
    assert line_views.message(replace(THEIRS, mentions=True), NAMES).mentions == ["ana"]
    ours = replace(OURS, mentions=True, text="@dave and @bob, or @Dave")
    assert line_views.message(ours, NAMES).mentions == ["bob", "dave"]
    direct = Message(ID, conversation_with(BOB.id), None, AT, "@bob", MessageState.QUEUED, mentions=True)
    assert line_views.message(direct, NAMES).mentions == ["bob"]


def test_reactions_name_the_member() -> None:
    reaction = Reference(
        id=MessageId("b" * 32),
        conversation=ROOM,
        author=person_of(ROBERT.id),
        kind=ReferenceKind.REACTION,
        target=MessageName("c" * 32),
        turn=1,
        at=AT,
        text="👍",
        state=MessageState.DELIVERED,
    )
    event = line_views.referred(replace(THEIRS, referred=Referred(reactions=(reaction,))), reaction, NAMES)
    assert isinstance(event, ReactionEvent)
    assert [(one.sender, one.sign) for one in event.reactions] == [("bob", "👍")]
    assert event.by == "bob"


def test_a_reply_says_what_it_answers() -> None:
    line = replace(THEIRS, answers=MessageName("c" * 32))
    assert line_views.message(line, NAMES).reply_to is not None
    answered = line_views.message(replace(line, answered=Answered(ID, True, "what?")), NAMES).reply_to
    assert answered is not None
    assert (answered.sender, answered.text) == ("ana", "what?")
    theirs = Answered(ID, False, "what?", author=person_of(ROBERT.id))
    answered = line_views.message(replace(line, answered=theirs), NAMES).reply_to
    assert answered is not None
    assert answered.sender == "bob"

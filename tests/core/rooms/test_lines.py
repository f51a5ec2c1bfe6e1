"""What members say becomes lines, whatever they say."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.messaging.retention import Purge
from p2pchat.core.room.arrival import MemberKeys
from p2pchat.core.room.outputs import RoomLine
from p2pchat.core.room.room import Room
from p2pchat.core.rooms.lines import RoomLines
from p2pchat.core.values.effects import MessageArrived, MessageSent, Notify
from p2pchat.core.values.records import Message
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MemberId, MessageId, MessageState, RoomId, conversation_in, person_of
from p2pchat.wire.content import Text
from p2pchat.wire.payload import Retention, encode_payload

ROOM, ANNA = conversation_in(RoomId(b"r" * 32)), MemberId(b"a" * 32)
NOW = 1.9e9
MINE = Room.found_room(
    "walkers", MemberKeys.draw_keys("ben", SeededEntropy("lines")), SeededEntropy("lines"), NOW
)


def lines(counters: Counter[str]) -> RoomLines:
    return RoomLines(ROOM, MINE, Purge(lines_expire=False), False, counters)


def line_of(effects: list[object]) -> Message:
    (event,) = [one.event for one in effects if isinstance(one, Notify)]
    assert isinstance(event, MessageArrived | MessageSent)
    return event.message


def test_a_line_says_what_is_to_be_known_of_it() -> None:
    text = encode_payload(Text(MessageId("1" * 32), NOW, "hello", mentions=(person_of(MINE.own),)))
    said = RoomLine(ANNA, 7, text, ANNA, ((b"x" * 8, 3),), True, frozenset([ANNA]))
    line = line_of([*lines(Counter()).take_line(said, NOW)])
    assert line.mentions and line.author == person_of(ANNA) and line.state is MessageState.DELIVERED
    place = line.room
    assert place is not None and (place.number, place.through, place.lacks) == (7, ANNA, 1)
    assert place.differs and place.could_read == (ANNA,)


def test_what_we_said_and_have_forgotten_comes_back_as_ours() -> None:
    text = encode_payload(Text(MessageId("1" * 32), NOW, "hello"))
    line = line_of([*lines(Counter()).take_line(RoomLine(MINE.own, 7, text), NOW)])
    assert line.outgoing and line.id == "1" * 32 and line.state is MessageState.RELAYED


def test_what_is_no_one_s_words_is_counted() -> None:
    counters: Counter[str] = Counter()
    payload = encode_payload(Retention(60.0, 1))
    assert lines(counters).take_line(RoomLine(ANNA, 1, payload), NOW) == []
    assert counters == {"payloads of a room not understood": 1}


@given(st.binary(max_size=400))
def test_nonsense_raises_nothing(payload: bytes) -> None:
    lines(Counter()).take_line(RoomLine(ANNA, 1, payload), NOW)

"""What the person says in a room, from accepting it until all have it."""

from __future__ import annotations

from p2pchat.core.rooms.own_messages import UNREACHED_MAX, OwnMessages
from p2pchat.core.values.effects import Effect, MessageMoved, Notify, Persist
from p2pchat.core.values.room_events import MessageReached
from p2pchat.core.values.room_records import NarrowRoomLine, PlaceRoomLine, ReachRoomLines
from p2pchat.types import MemberId, MessageId, MessageState, RoomId, conversation_in

ROOM = conversation_in(RoomId(b"r" * 32))
ANNA, BEN = MemberId(b"a" * 32), MemberId(b"b" * 32)


def id_of(number: int) -> MessageId:
    return MessageId(f"{number:032x}")


def states(effects: list[Effect]) -> list[MessageState]:
    events = [one.event for one in effects if isinstance(one, Notify)]
    return [event.state for event in events if isinstance(event, MessageMoved)]


def write(own: OwnMessages, number: int, *others: MemberId) -> list[Effect]:
    own.accept_payload(id_of(number), b"payload", False, True, 1.0)
    return own.note_written(own.drop_first(), number, others)


def test_a_message_is_queued_then_relayed_then_delivered() -> None:
    own = OwnMessages(ROOM, {}, {})
    accepted = own.accept_payload(id_of(1), b"payload", True, True, 1.0)
    assert states(accepted) == [MessageState.QUEUED] and len(own) == 1
    first = own.drop_first()
    assert (first.id, first.payload, first.wants) == (id_of(1), b"payload", True)
    assert own.note_written(first, 5, [ANNA, BEN]) == [Persist(PlaceRoomLine(id_of(1), 5, 2))]
    assert states(own.note_relayed(5, 2.0)) == [MessageState.RELAYED]
    assert own.note_reached(ANNA, 4, 3.0) == []
    assert own.note_reached(ANNA, 5, 3.0) == [
        Persist(ReachRoomLines(ROOM, 5, 5)),
        Notify(MessageReached(id_of(1), ROOM, 1, 2, 3.0)),
    ]
    assert own.note_reached(ANNA, 6, 3.0) == [], "once"
    assert states(own.note_reached(BEN, 9, 4.0)) == [MessageState.DELIVERED]


def test_several_are_reached_in_one_step_and_kept_as_spans() -> None:
    own = OwnMessages(ROOM, {}, {})
    for number in (1, 2, 3, 5):
        write(own, number, ANNA, BEN)
    write(own, 4, BEN)
    kept = [one.change for one in own.note_reached(ANNA, 5, 2.0) if isinstance(one, Persist)]
    assert kept == [ReachRoomLines(ROOM, 1, 3), ReachRoomLines(ROOM, 5, 5)]


def test_nothing_is_awaited_of_who_has_gone() -> None:
    own = OwnMessages(ROOM, {}, {})
    write(own, 1, ANNA, BEN)
    own.note_reached(ANNA, 1, 2.0)
    assert own.note_gone([ANNA, BEN], 3.0) == []
    assert own.note_gone([ANNA], 3.0) == [
        Persist(NarrowRoomLine(id_of(1), 1)),
        Notify(MessageReached(id_of(1), ROOM, 1, 1, 3.0)),
        *own._report(id_of(1), MessageState.DELIVERED, 3.0),
    ]


def test_who_has_gone_is_not_counted_and_of_the_others_it_is_awaited() -> None:
    own = OwnMessages(ROOM, {}, {})
    carl = MemberId(b"c" * 32)
    write(own, 1, ANNA, BEN, carl)
    own.note_reached(ANNA, 1, 2.0)
    assert own.note_gone([ANNA, BEN], 3.0) == [
        Persist(NarrowRoomLine(id_of(1), 2)),
        Notify(MessageReached(id_of(1), ROOM, 1, 2, 3.0)),
    ]
    records = {name: data for name, data in own.records.items() if data is not None}
    after = OwnMessages(ROOM, records, {ANNA: 1})
    assert after.note_reached(carl, 1, 4.0) == [], "who was put out is not awaited after a restart either"
    assert Notify(MessageReached(id_of(1), ROOM, 2, 2, 5.0)) in after.note_reached(BEN, 1, 5.0)


def test_what_all_went_without_was_delivered_to_none() -> None:
    own = OwnMessages(ROOM, {}, {})
    write(own, 1, BEN)
    gone = own.note_gone([], 3.0)
    assert gone[0] == Persist(NarrowRoomLine(id_of(1), 0)) and states(gone) == [MessageState.CANCELLED]
    assert own.note_relayed(1, 4.0) == []


def test_alone_in_a_room_what_is_said_is_relayed_and_no_more() -> None:
    own = OwnMessages(ROOM, {}, {})
    write(own, 1)
    assert own.note_gone([], 2.0) == []
    assert states(own.note_relayed(1, 2.0)) == [MessageState.RELAYED]
    assert own.note_relayed(1, 3.0) == []


def test_all_of_it_outlives_a_restart() -> None:
    own = OwnMessages(ROOM, {}, {})
    write(own, 1, ANNA, BEN)
    own.accept_payload(id_of(2), b"later", True, False, 1.0)
    records = {name: data for name, data in own.records.items() if data is not None}
    after = OwnMessages(ROOM, records, {ANNA: 1})
    first = after.first
    assert first is not None and (first.id, first.wants, first.is_line) == (id_of(2), True, False)
    assert states(after.note_reached(BEN, 1, 2.0)) == [MessageState.DELIVERED], "Anna had it before"
    assert after.note_written(after.drop_first(), 2, [BEN]) == [], "it has no line"


def test_who_is_out_says_nothing_more_and_few_are_followed() -> None:
    own = OwnMessages(ROOM, {}, {})
    own.accept_payload(id_of(1), b"payload", False, True, 1.0)
    assert states(own.give_up(2.0)) == [MessageState.CANCELLED] and own.first is None
    for number in range(1, UNREACHED_MAX + 3):
        write(own, number, ANNA)
    kept = [data for data in own.records.values() if data is not None]
    assert len(kept) == UNREACHED_MAX

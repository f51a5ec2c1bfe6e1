"""Messages both ways: numbers, frontiers, what counts, and what is here on another's word."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.room.flow import WAITS_S
from p2pchat.core.room.messages import RoomMessage, name_sender
from p2pchat.core.room.outputs import OtherToldOtherwise, ReachedMember, RoomLine
from p2pchat.wire.room_cells import Parents, RoomKind
from p2pchat.wire.room_words import FrontierWord, encode_told
from tests.support.room_world import RoomWorld


def message_by(world: RoomWorld, sender: str, number: int, text: str) -> RoomMessage:
    """What a member might write now."""
    room = world.room(sender)
    period = room.state.periods.choose_period()
    assert period is not None
    payload = encode_told(FrontierWord(room.flow.make_frontier(period, number))) + text.encode()
    return RoomMessage(
        room.own, period.id, 7, RoomKind.MESSAGE, number, room.changes.heads, Parents(), payload
    )


def test_a_frontier_has_our_own_last_number_and_how_far_we_have_read() -> None:
    world = RoomWorld(1, "anna", "ben", "carl")
    world.say("anna", "one")
    world.say("anna", "two")
    world.run(20.0)
    flow = world.room("ben").flow
    period = world.room("ben").state.periods.choose_period()
    assert period is not None
    told = dict(zip(period.members, flow.make_frontier(period, 5), strict=True))
    assert (told[world["anna"].id], told[world["ben"].id], told[world["carl"].id]) == (2, 5, 0)


def test_only_what_we_have_written_can_have_been_read() -> None:
    world = RoomWorld(2, "anna", "ben", "carl")
    world.say("anna", "one")
    room = world.room("anna")
    period = room.state.periods.choose_period()
    assert period is not None
    ben = world["ben"].id

    def hear(number: int) -> list[object]:
        word = FrontierWord(tuple(number if one == room.own else 0 for one in period.members))
        return list(room.flow.take_frontier(ben, period.id, word, world.now))

    assert hear(9) == []
    assert hear(1) == [ReachedMember(ben, 1)]
    assert hear(1) == [] and room.flow.reached == {ben: 1}
    assert room.flow.take_frontier(ben, period.id, FrontierWord((1, 2, 3)), world.now) == []
    assert room.flow.take_frontier(ben, b"x" * 32, FrontierWord((1, 2)), world.now) == []


def test_a_parent_that_is_not_here_is_missing_though_no_frontier_says_that_it_was_written() -> None:
    world = RoomWorld(13, "anna", "ben", "carl")
    flow, awaited = world.room("anna").flow, (name_sender(world["carl"].id), 2)
    message = replace(message_by(world, "ben", 1, "upon carl's"), parents=Parents((awaited,), b"h" * 32))
    assert (
        flow.take_message(message, b"", None, world.now)
        and flow.order_message(message, None, world.now) == []
    )
    assert [(one.first, one.count) for one in flow.numbers.list_missing(world["carl"].id)] == [(1, 2)]


def test_what_was_written_beyond_a_removal_does_not_count() -> None:
    world = RoomWorld(3, "anna", "ben", "carl")
    world.say("carl", "one")
    world.run(20.0)
    late = message_by(world, "carl", 2, "late")
    world.remove("anna", "carl")
    world.run(20.0)
    flow = world.room("ben").flow
    assert not flow.take_message(late, b"", None, world.now)
    assert flow.counters["messages of who is out"] == 1


def test_what_is_here_on_anothers_word_gives_way_to_its_sender() -> None:
    world = RoomWorld(4, "anna", "ben", "carl")
    flow, ben = world.room("carl").flow, world["ben"].id
    true = message_by(world, "anna", 1, "at six")
    false = replace(true, payload=true.payload[:-3] + b"two")
    assert flow.take_message(false, b"", ben, world.now)
    (line,) = flow.order_message(false, ben, world.now)
    assert isinstance(line, RoomLine) and (line.payload, line.through) == (b"at two", ben)
    assert flow.find_fork(true) == []
    assert flow.take_message(true, b"", None, world.now)
    told, line = flow.order_message(true, None, world.now)
    assert told == OtherToldOtherwise(ben)
    assert isinstance(line, RoomLine) and (line.payload, line.through) == (b"at six", None)
    assert not flow.take_message(true, b"", None, world.now)


def test_what_another_had_right_is_not_shown_twice() -> None:
    world = RoomWorld(5, "anna", "ben", "carl")
    flow, ben = world.room("carl").flow, world["ben"].id
    message = message_by(world, "anna", 1, "at six")
    assert flow.take_message(message, b"", ben, world.now)
    assert len(flow.order_message(message, ben, world.now)) == 1
    assert flow.take_message(message, b"", None, world.now)
    assert flow.order_message(message, None, world.now) == []


def test_two_messages_of_one_number_are_told() -> None:
    world = RoomWorld(6, "anna", "ben")
    flow = world.room("ben").flow
    message = message_by(world, "anna", 1, "at six")
    flow.take_message(message, b"", None, world.now)
    flow.order_message(message, None, world.now)
    assert flow.find_fork(replace(message, payload=message.payload + b"!")) == [
        OtherToldOtherwise(world["anna"].id)
    ]


def test_what_is_none_of_ours_is_not_waited_for() -> None:
    world = RoomWorld(7, "anna", "ben", "carl")
    flow, anna = world.room("carl").flow, world["anna"].id
    parents = Parents(((name_sender(anna), 3),), b"d" * 32)
    message = replace(message_by(world, "ben", 1, "as she says"), parents=parents)
    flow.take_message(message, b"", None, world.now)
    assert flow.order_message(message, None, world.now) == []
    (line,) = flow.settle_numbers(anna, 1, 3, given_up=False)
    assert isinstance(line, RoomLine) and line.payload == b"as she says" and not line.lacks
    assert flow.numbers.frontier_of(anna) == 3


def test_after_a_while_a_message_is_shown_without_its_parents() -> None:
    world = RoomWorld(8, "anna", "ben", "carl")
    flow = world.room("carl").flow
    lacking = (name_sender(world["anna"].id), 3)
    message = replace(message_by(world, "ben", 1, "as she says"), parents=Parents((lacking,), b"d" * 32))
    flow.take_message(message, b"", None, world.now)
    flow.order_message(message, None, world.now)
    assert flow.next_wakeup() == world.now + WAITS_S
    (line,) = flow.give_up_old(world.now + WAITS_S)
    assert isinstance(line, RoomLine) and line.lacks == (lacking,)

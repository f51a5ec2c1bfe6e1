"""Messages are shown after their parents, and it shows if a sender was told something else."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from p2pchat.core.room.messages import RoomMessage, name_sender
from p2pchat.core.room.timeline import TIPS_MAX, WAITING_MAX, MessagePlace, MessageShown, Timeline
from p2pchat.types import MemberId, RoomId
from p2pchat.wire.room_cells import Parents, RoomKind

ROOM = RoomId(b"r" * 32)


def member(name: str) -> MemberId:
    return MemberId(name.encode().ljust(32, b"."))


class Reader:
    """A member that writes upon what was shown, and shows what comes."""

    def __init__(self, name: str) -> None:
        self.id = member(name)
        self.line = Timeline(ROOM)
        self.shown: list[MessageShown] = []
        self.here: set[MessagePlace] = set()
        self.number = 0

    @property
    def texts(self) -> list[bytes]:
        return [shown.message.payload for shown in self.shown]

    def write(self, text: str) -> RoomMessage:
        self.number += 1
        parents = self.line.make_parents()
        message = RoomMessage(
            self.id, b"p" * 32, self.number, RoomKind.MESSAGE, self.number, b"", parents, text.encode()
        )
        self.line.note_own(message)
        self.here.add((name_sender(self.id), self.number))
        self.shown.append(MessageShown(message))
        return message

    def read(self, *messages: RoomMessage, now: float = 0.0) -> None:
        for message in messages:
            place = name_sender(message.sender), message.number
            self.shown += self.line.put_message(message, self.here.__contains__, now)
            self.here.add(place)


def test_a_message_waits_for_its_parents() -> None:
    anna, ben, carl = Reader("anna"), Reader("ben"), Reader("carl")
    first = anna.write("shall we")
    ben.read(first)
    second = ben.write("yes")
    anna.read(second)
    third = anna.write("when")
    carl.read(third, second)
    assert carl.texts == [] and len(carl.line) == 2
    assert carl.line.list_awaited() == [(name_sender(anna.id), 1)]
    assert [one.payload for one in carl.line.list_waiting()] == [b"when", b"yes"]
    carl.read(first)
    assert carl.texts == [b"shall we", b"yes", b"when"]
    assert not any(shown.differs or shown.lacks for shown in carl.shown)


def test_each_message_is_shown_once_after_its_parents_in_any_order_of_arrival() -> None:
    random = Random(7)
    for _ in range(50):
        writers = [Reader(name) for name in "abcde"]
        written: list[RoomMessage] = []
        for number in range(40):
            writer = random.choice(writers)
            writer.read(*(one for one in written if random.random() < 0.3 and one not in _read_by(writer)))
            written.append(writer.write(str(number)))
        reader = Reader("reader")
        reader.read(*random.sample(written, len(written)))
        assert sorted(reader.texts) == sorted(one.payload for one in written)
        places = [(name_sender(one.message.sender), one.message.number) for one in reader.shown]
        for at, shown in enumerate(reader.shown):
            assert all(parent in places[:at] for parent in shown.message.parents.messages)
        assert not any(shown.differs for shown in reader.shown)


def _read_by(reader: Reader) -> list[RoomMessage]:
    return [one.message for one in reader.shown] + reader.line.list_waiting()


def test_who_was_told_something_else_shows() -> None:
    anna, ben, carl = Reader("anna"), Reader("ben"), Reader("carl")
    told = anna.write("at six")
    ben.read(replace(told, payload=b"at seven"))
    carl.read(told)
    carl.read(ben.write("fine with me"))
    assert [shown.differs for shown in carl.shown] == [False, True]
    assert carl.line.is_told_otherwise(replace(told, payload=b"at seven"))
    assert not carl.line.is_told_otherwise(told)
    assert carl.line.has_message(anna.id, 1) and not carl.line.has_message(anna.id, 2)


def test_parents_that_no_member_has_are_given_up_and_named() -> None:
    anna, ben = Reader("anna"), Reader("ben")
    invented = ((b"nobody..", 3), (b"no one..", 8))
    message = replace(anna.write("as they said"), parents=Parents(invented, b"d" * 32))
    ben.read(message)
    assert ben.line.settle_parent(invented[1]) == []
    (shown,) = ben.line.give_up_parent(invented[0])
    assert shown.lacks == (invented[0],) and not shown.differs


def test_messages_that_name_each_other_are_shown_after_a_while() -> None:
    anna, ben, carl = Reader("anna"), Reader("ben"), Reader("carl")
    one, other = anna.write("first"), ben.write("no, first")
    one = replace(one, parents=Parents(((name_sender(ben.id), 1),), b"d" * 32))
    other = replace(other, parents=Parents(((name_sender(anna.id), 1),), b"d" * 32))
    carl.read(one, other, now=100.0)
    assert carl.texts == [] and carl.line.list_awaited() == []
    assert carl.line.next_wakeup(600.0) == 700.0
    assert carl.line.give_up_old(99.0) == []
    shown = carl.line.give_up_old(100.0)
    assert [found.message.payload for found in shown] == [b"first", b"no, first"]
    assert carl.line.next_wakeup(600.0) == float("inf")


def test_one_more_than_may_wait_makes_the_oldest_be_shown() -> None:
    anna, ben = Reader("anna"), Reader("ben")
    for number in range(WAITING_MAX + 3):
        parents = Parents(((b"nobody..", number + 1),), b"d" * 32)
        ben.read(replace(anna.write(str(number)), parents=parents), now=float(number))
    assert ben.texts == [b"0", b"1", b"2"]
    assert len(ben.line) == WAITING_MAX


def test_tips_outlive_a_restart_and_are_bounded() -> None:
    writers = [Reader(f"{number}") for number in range(TIPS_MAX + 5)]
    reader = Reader("reader")
    reader.read(*(writer.write("at once") for writer in writers))
    tips = reader.line.list_tips()
    assert len(tips) == TIPS_MAX
    again = Timeline(ROOM)
    again.restore_tips(tips)
    assert again.make_parents() == reader.line.make_parents()
    assert len(again.make_parents().messages) == 4


def test_what_waits_outlives_a_restart_and_waits_for_the_same() -> None:
    anna, ben, carl = Reader("anna"), Reader("ben"), Reader("carl")
    first = anna.write("shall we")
    ben.read(first)
    second = ben.write("yes")
    anna.read(second)
    carl.read(anna.write("when"), second)
    again = Timeline(ROOM)
    again.restore_waiting(carl.line.list_waiting(), carl.here.__contains__, 50.0)
    assert again.list_awaited() == carl.line.list_awaited() == [(name_sender(anna.id), 1)]
    shown = again.put_message(first, carl.here.__contains__, 60.0)
    assert [one.message.payload for one in shown] == [b"shall we", b"yes", b"when"]

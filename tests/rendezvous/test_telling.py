"""What servers tell each other of their seats adds up, or is told anew."""

from __future__ import annotations

import random
from collections.abc import Sequence

from p2pchat.types import Seat, Topic
from rendezvous.bus_messages import Hello, Message, SeatsFollow, SeatsUnknown, SeatTaken, TopicKind
from rendezvous.directory import Directory
from rendezvous.outputs import TellSeat
from rendezvous.telling import AT_ONCE, Telling

TOPIC = Topic(b"t" * 32)
ONE, OTHER = (
    TellSeat(TOPIC, Seat(b"AAAA" + end), kind)
    for end, kind in ((b"1111", TopicKind.MESH), (b"2222", TopicKind.INVITE))
)


def hears(listener: Telling, messages: Sequence[Message | None]) -> list[Message]:
    answers: list[Message] = []
    for message in messages:
        if isinstance(message, Hello):
            answers += listener.check_sum(message)
        else:
            assert isinstance(message, SeatTaken | SeatsFollow | SeatsUnknown), message
            listener.hear_told(message)
    return answers


def test_what_was_missed_shows_and_is_told_anew() -> None:
    known = Directory(random.Random(0))
    teller, listener = Telling(b"AAAA", Directory(random.Random(1))), Telling(b"BBBB", known)
    assert hears(listener, [teller.tell_seat(ONE), teller.say_hello()]) == []
    teller.tell_seat(OTHER)
    answers = hears(listener, [teller.say_hello()])
    assert answers == [SeatsUnknown(b"BBBB")]
    hears(teller, answers)
    anew = [teller.begin_anew([ONE, OTHER]), *teller.tell_some(), teller.say_hello()]
    assert hears(listener, anew) == [] and not teller.incomplete
    assert known.has_invite(TOPIC) and known.sample_seats(TOPIC, 6) == (1, (ONE.seat,))


def test_what_goes_is_told() -> None:
    known = Directory(random.Random(0))
    teller, listener = Telling(b"AAAA", Directory(random.Random(1))), Telling(b"BBBB", known)
    gone = TellSeat(ONE.topic, ONE.seat, TopicKind.NOTHING)
    assert hears(listener, [teller.tell_seat(ONE), teller.tell_seat(gone), teller.say_hello()]) == []
    assert known.sample_seats(TOPIC, 6) == (0, ())


def test_many_are_told_some_at_a_time_and_what_goes_meanwhile_is_left_out() -> None:
    known = Directory(random.Random(0))
    teller, listener = Telling(b"AAAA", Directory(random.Random(1))), Telling(b"BBBB", known)
    many = [TellSeat(TOPIC, Seat(b"AAAA" + n.to_bytes(4, "big")), TopicKind.MESH) for n in range(AT_ONCE * 2)]
    assert hears(listener, [teller.begin_anew(many), *teller.tell_some(), teller.say_hello()]) == []
    assert known.sample_seats(TOPIC, 6)[0] == AT_ONCE
    first, last = (TellSeat(TOPIC, each.seat, TopicKind.NOTHING) for each in (many[0], many[-1]))
    assert teller.tell_seat(last) is None
    assert hears(listener, [teller.tell_seat(first), *teller.tell_some(), teller.say_hello()]) == []
    assert known.sample_seats(TOPIC, 6)[0] == AT_ONCE * 2 - 2
    assert teller.tell_some() == []

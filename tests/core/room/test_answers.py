"""Answers are for members alone, at a bounded pace, whatever is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from p2pchat.core.room.answers import (
    ANSWERS_MAX,
    ASK_GAP_S,
    CELLS_AN_HOUR,
    FETCH_MAX,
    MessageName,
    RoomAnswers,
)
from p2pchat.core.room.messages import name_sender
from p2pchat.wire.room_actions import RenameRoom
from p2pchat.wire.room_cells import pieces_of
from p2pchat.wire.room_letters import AnswerEnd, KeptMessage, LetterItem, NotForMember, NotHere, decode_letter
from p2pchat.wire.room_log import SentEntry
from p2pchat.wire.room_words import NumberSpan, RepairAsk
from tests.support.room_world import RoomWorld


class Answering:
    """anna, who is asked."""

    def __init__(self, seed: int, texts: int = 3, *more: str) -> None:
        self.world = RoomWorld(seed, "anna", "ben", *more)
        for number in range(texts):
            self.world.say("anna", f"{number} ".ljust(600, "."))
        self.world.run(60.0)
        self.room = self.world.room("anna")
        self.answers = RoomAnswers(self.room.changes, self.room.state, self.room.flow)
        self.now = self.world.now
        self.letters: list[bytes] = []

    def ask(self, name: str, first: int, count: int, heads: bytes | None = None) -> None:
        period = self.room.state.periods.choose_period()
        assert period is not None
        span = NumberSpan(name_sender(self.room.own), first, count)
        known = self.room.changes.heads if heads is None else heads
        self.answers.take_ask(self.world[name].id, period.id, RepairAsk(known, (), (span,)), self.now)

    def fetch(self, places: tuple[MessageName, ...]) -> Mapping[MessageName, bytes | None]:
        records = self.world["anna"].records
        return {place: records.get(b"m" + place[0] + place[1].to_bytes(4, "big")) for place in places}

    def run(self, seconds: float) -> list[LetterItem]:
        """What is answered in that time."""
        end, letters = self.now + seconds, list[bytes]()
        while self.answers.next_wakeup() < end:
            self.now = self.answers.next_wakeup()
            for step in self.answers.take_due(self.now):
                letters += step.letters
                assert len(step.fetch) <= FETCH_MAX
                if step.fetch:
                    self.answers.take_fetched(step.receiver, self.fetch(step.fetch), self.now)
        self.now = end
        self.letters += letters
        return [item for letter in letters for item in decode_letter(letter)]


def test_messages_come_with_the_mac_for_whom_they_are_and_then_an_end() -> None:
    anna = Answering(1)
    anna.ask("ben", 1, 3)
    *messages, end = anna.run(60.0)
    assert [(item.number, len(item.mac)) for item in messages if isinstance(item, KeptMessage)] == [
        (1, 8),
        (2, 8),
        (3, 8),
    ]
    assert end == AnswerEnd(len(anna.letters))
    assert len(anna.answers) == 0


def test_what_is_not_here_and_what_is_for_others_is_said_so() -> None:
    anna = Answering(2)
    anna.world.let_in("anna", "carl")
    anna.ask("carl", 1, 5)
    told = anna.run(60.0)
    name = name_sender(anna.room.own)
    assert [item.span.first for item in told if isinstance(item, NotForMember)] == [1, 2, 3]
    assert [item.span for item in told if isinstance(item, NotHere)] == [NumberSpan(name, 4, 2)]


def test_entries_that_the_asking_member_lacks_come_first() -> None:
    anna = Answering(3)
    heads = anna.room.changes.heads
    anna.world.change("anna", RenameRoom("climbers"))
    anna.ask("ben", 1, 1, heads)
    told = anna.run(60.0)
    assert isinstance(told[0], SentEntry) and isinstance(told[0].entry.action, RenameRoom)


def test_who_is_out_and_who_was_never_in_is_not_answered() -> None:
    anna = Answering(4)
    anna.world.remove("anna", "ben")
    anna.ask("ben", 1, 3)
    assert anna.run(60.0) == []


def test_who_goes_out_meanwhile_is_answered_no_further() -> None:
    anna = Answering(5)
    anna.ask("ben", 1, 3)
    anna.world.remove("anna", "ben")
    assert anna.run(60.0) == [] and len(anna.answers) == 0


def test_an_hour_has_so_many_cells_for_one_member() -> None:
    anna = Answering(6, texts=400)
    anna.ask("ben", 1, 400)
    anna.run(600.0)
    at_once = sum(len(pieces_of(letter)) for letter in anna.letters)
    assert CELLS_AN_HOUR <= at_once <= CELLS_AN_HOUR * 7 / 6 + 8
    anna.run(3600.0)
    cells = sum(len(pieces_of(letter)) for letter in anna.letters)
    assert cells <= CELLS_AN_HOUR * 13 / 6 + 8
    anna.run(3 * 3600.0)
    items = [item for letter in anna.letters for item in decode_letter(letter)]
    assert sum(isinstance(item, KeptMessage) for item in items) == 400


def test_whoever_asks_too_often_or_for_all_numbers_there_are_gets_no_more() -> None:
    anna = Answering(7)
    anna.ask("ben", 1, 2**32 - 1)
    anna.now += ASK_GAP_S / 2
    anna.ask("ben", 1, 1)
    denied = [item.span.count for item in anna.run(1e5) if isinstance(item, NotHere)]
    assert sum(denied) < 4096 + 1


def test_so_many_are_answered_at_once_and_no_more() -> None:
    anna = Answering(8, 1, *(f"m{number}" for number in range(ANSWERS_MAX + 1)))
    for name in list(anna.world.homes)[1:]:
        anna.ask(name, 1, 1)
    assert len(anna.answers) == ANSWERS_MAX

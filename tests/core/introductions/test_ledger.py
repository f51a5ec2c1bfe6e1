"""What is kept of introductions, and what is said again."""

from __future__ import annotations

from p2pchat.core.introductions.bounds import KEPT_MAX, REPEAT_S
from p2pchat.core.introductions.ledger import IntroductionLedger
from p2pchat.core.introductions.outputs import IntroductionSurroundings
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.values.introductions import IntroductionRecord, MemberOf, Stage
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, ConversationId, IntroductionId, MemberId
from p2pchat.wire.introductions import (
    IntroductionAgreed,
    IntroductionEnd,
    IntroductionEnded,
    IntroductionWord,
)
from tests.support.homes import BOB, identity

NOW = 1.9e9


class Members:
    """Notes what is said in rooms."""

    def __init__(self) -> None:
        self.said: list[IntroductionWord] = []

    def describe_member(self, source: MemberOf) -> None:
        return None

    def tell_member(self, source: MemberOf, word: IntroductionWord, now: float) -> list[Routed]:
        self.said.append(word)
        return []


def ledger() -> tuple[IntroductionLedger, Members]:
    members = Members()
    around = IntroductionSurroundings(
        members,
        {BOB.id: BOB}.get,
        lambda contact, word, now: [],
        lambda mesh: mesh,
        identity,
        SeededEntropy(1),
    )
    made = IntroductionLedger([], around)
    made.repeats.note_links(True, NOW)
    return made, members


def record(number: int, stage: Stage, source: MemberOf | ContactId | None = None) -> IntroductionRecord:
    of = source or MemberOf(ConversationId("#"), MemberId(number.to_bytes(32, "big")))
    return IntroductionRecord(
        IntroductionId(number.to_bytes(16, "big")), of, "bob", NOW + number, stage, True, bytes(32)
    )


def test_what_is_only_remembered_is_bounded_and_the_oldest_goes() -> None:
    kept, _ = ledger()
    for number in range(KEPT_MAX + 3):
        kept.keep_record(record(number, Stage.OVER), NOW)
    assert len(kept.list_records()) == KEPT_MAX and kept.list_open() == []
    assert kept.find_record(record(2, Stage.OVER).id) is None


def test_only_what_awaits_a_member_is_said_again() -> None:
    kept, members = ledger()
    for stage in (Stage.OPEN, Stage.COMPLETE, Stage.OVER):
        kept.keep_record(record(1, stage), NOW)
        assert kept.repeats.next_wakeup() == NEVER
    kept.say_word(record(2, Stage.WAITING, BOB.id), IntroductionAgreed(record(2, Stage.OPEN).id), NOW)
    assert kept.repeats.next_wakeup() == NEVER
    word = IntroductionAgreed(record(3, Stage.OPEN).id)
    kept.say_word(record(3, Stage.WAITING), word, NOW)
    (due,) = kept.repeats.take_due(NOW + 3600)
    found = kept.find_record(due)
    assert found is not None
    kept.repeat_word(found, NOW + 3600)
    assert members.said == [word, word]
    kept.forget_record(found)
    assert kept.repeats.next_wakeup() == NEVER


def test_who_is_declined_hears_it_and_not_the_last_word() -> None:
    kept, members = ledger()
    over = record(1, Stage.OVER)
    kept.repeat_for(over, NOW)
    kept.repeat_for(over, NOW + REPEAT_S / 2)
    assert members.said == [IntroductionEnded(over.id, IntroductionEnd.DECLINED)]
    kept.repeat_for(record(2, Stage.OPEN), NOW)
    assert len(members.said) == 1

"""Which silence counts, and how much of it."""

from __future__ import annotations

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.inquiry import MOMENT_S, QUESTIONS, SAY_S, Inquiry
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch
from p2pchat.wire import codec

GAP_S = 10.0
HERE = (b"a chain", Epoch(1), 2)


def inquiry(counts: bool = True) -> Inquiry:
    return Inquiry(SeededEntropy(1), 0.0, GAP_S, counts)


def ran(known: Inquiry, at: float, listened_s: float) -> Inquiry:
    """It asked, the node stopped so much later and started again."""
    known.on_interrupted(at)
    assert known.tick(known.at)
    asked_at = at + SAY_S[1]
    known.on_sent(HERE, asked_at)
    known.on_stop(asked_at + listened_s)
    kept = codec.Reader(codec.unpack(codec.pack(known.snapshot()), 1 << 16))
    return Inquiry.restore(SeededEntropy(2), kept, GAP_S)


def test_four_questions_in_one_run_are_enough() -> None:
    known = inquiry()
    for _ in range(QUESTIONS):
        assert known.tick(known.at)
        known.on_sent(HERE, known.at)
    assert not known.tick(known.at) and known.over


def test_one_that_is_over_for_another_reason_is_never_due() -> None:
    known = inquiry()
    known.end_unanswered()
    assert known.over
    assert known.at == NEVER, "a deadline that stays in the past has the node wake up without end"


def test_what_was_listened_in_several_runs_adds_up() -> None:
    known, now = inquiry(), 0.0
    for number in range(8):
        assert not known.over
        known, now = ran(known, now + 1000.0, 5.0), now + 1000.0
        assert known.snapshot()["unanswered"] == (number + 1) // 2
    known.on_interrupted(now + 1000.0)
    assert known.tick(known.at)
    known.on_sent(HERE, known.at)
    assert not known.over, "what came meanwhile is to be caught up on"
    assert known.at <= now + 1000.0 + SAY_S[1] * 2 + MOMENT_S
    assert not known.tick(known.at) and known.over


def test_a_run_that_ends_at_once_counts_for_nothing() -> None:
    known = inquiry()
    for number in range(100):
        known = ran(known, number * 1000.0, MOMENT_S - 0.1)
    assert known.snapshot()["listened_s"] == 0.0
    assert not known.over


def test_an_answer_to_a_question_of_an_earlier_run_is_one() -> None:
    known = ran(inquiry(), 1000.0, 5.0)
    assert known.snapshot()["chain"] == HERE[0]
    assert known.snapshot()["place"] == list(HERE[1:])


def test_a_silence_that_says_nothing_yet_ends_nothing_and_is_not_asked_into_for_ever() -> None:
    known = inquiry(counts=False)
    asked = 0
    while known.at < NEVER:
        if known.tick(known.at):
            known.on_sent(HERE, known.at)
            asked += 1
    assert (asked, known.over) == (QUESTIONS, False)
    known.start_counting(5000.0)
    for _ in range(QUESTIONS):
        assert known.tick(known.at)
        known.on_sent(HERE, known.at)
    assert not known.tick(known.at) and known.over

"""What another has caused leaves after a random while, and there is never much of it."""

from __future__ import annotations

import pytest

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.delayed_steps import WAITING_MAX, DelayedSteps
from p2pchat.core.session.inquiry import SAY_S
from p2pchat.core.session.turns import Nudge, SendWord, Warn
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.recovery import SessionPosition

WORD = SessionPosition(bytes(8), 1, 1)


@pytest.fixture
def steps() -> DelayedSteps:
    return DelayedSteps(SeededEntropy("steps"))


def test_nothing_leaves_at_once_and_nothing_twice(steps: DelayedSteps) -> None:
    assert steps.next_wakeup() == NEVER
    steps.put_step(Nudge(), 10.0)
    assert 10.0 + SAY_S[0] <= steps.next_wakeup() <= 10.0 + SAY_S[1]
    assert steps.take_due(10.0) == []
    assert steps.take_due(10.0 + SAY_S[1]) == [Nudge()]
    assert steps.take_due(10.0 + SAY_S[1]) == []


def test_what_is_too_much_is_not_done(steps: DelayedSteps) -> None:
    steps.put_words([WORD] * (WAITING_MAX + 1), 0.0)
    assert steps.take_due(9.0) == [SendWord(WORD)] * WAITING_MAX


def test_a_person_does_not_wait(steps: DelayedSteps) -> None:
    steps.put_words([WORD] * WAITING_MAX, 0.0)
    steps.put_first(Nudge(), 0.0)
    assert steps.take_due(0.0) == [Nudge()]


def test_what_belongs_in_a_session_goes_with_it(steps: DelayedSteps) -> None:
    steps.put_step(Warn(), 0.0)
    steps.put_words([WORD], 0.0)
    steps.forget_session()
    assert steps.take_due(9.0) == [SendWord(WORD)]
    steps.put_words([WORD], 0.0)
    steps.forget_all()
    assert steps.take_due(9.0) == []

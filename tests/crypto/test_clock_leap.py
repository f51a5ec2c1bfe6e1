"""The state before a leap is there until the leap is confirmed and over."""

from __future__ import annotations

from p2pchat.crypto.clock_leap import BACK_EPOCHS, StateBeforeLeap
from p2pchat.types import Epoch

NONE = 2**32
BEFORE, LANDED, AGAIN = Epoch(10), Epoch(50), Epoch(90)


def leapt(confirmed: bool = False) -> StateBeforeLeap:
    before = StateBeforeLeap()
    before.keep_state(BEFORE, ["state"], LANDED)
    if confirmed:
        before.confirm_epoch(LANDED)
    return before


def test_a_state_is_taken_back_once() -> None:
    before = leapt()
    assert before.epoch == BEFORE
    assert before.take_state() == ["state"]
    assert (before.epoch, before.take_state()) == (NONE, [])


def test_a_state_is_forgotten_only_when_the_leap_is_confirmed_and_over() -> None:
    for confirmed, epoch, kept in (
        (False, LANDED + BACK_EPOCHS + 1, True),
        (True, LANDED + BACK_EPOCHS, True),
        (True, LANDED + BACK_EPOCHS + 1, False),
    ):
        before = leapt(confirmed)
        before.forget_if_stale(Epoch(epoch))
        assert (before.epoch == BEFORE) is kept


def test_a_cell_of_the_epoch_before_the_leap_confirms_nothing() -> None:
    before = leapt()
    before.confirm_epoch(Epoch(BEFORE + 1))
    before.forget_if_stale(Epoch(LANDED + BACK_EPOCHS + 1))
    assert before.epoch == BEFORE


def test_a_second_leap_keeps_the_first_state_unless_that_was_confirmed() -> None:
    before = leapt()
    before.keep_state(LANDED, ["wrong"], AGAIN)
    assert before.to_fields() == [BEFORE, ["state"], False, AGAIN]
    confirmed = leapt(confirmed=True)
    confirmed.keep_state(LANDED, ["right"], AGAIN)
    assert confirmed.to_fields() == [LANDED, ["right"], False, AGAIN]
    assert StateBeforeLeap(*confirmed.to_fields()).take_state() == ["right"]

"""The state before a leap is there until the leap is confirmed and over."""

from __future__ import annotations

from p2pchat.crypto.clock_leap import BACK_EPOCHS, StateBeforeLeap

NONE = 2**32


def leapt(confirmed: bool = False) -> StateBeforeLeap:
    before = StateBeforeLeap()
    before.keep_state(10, ["state"], 50)
    if confirmed:
        before.confirm_epoch(50)
    return before


def test_a_state_is_taken_back_once() -> None:
    before = leapt()
    assert before.epoch == 10
    assert before.take_state() == ["state"]
    assert (before.epoch, before.take_state()) == (NONE, [])


def test_a_state_is_forgotten_only_when_the_leap_is_confirmed_and_over() -> None:
    for confirmed, epoch, kept in (
        (False, 50 + BACK_EPOCHS + 1, True),
        (True, 50 + BACK_EPOCHS, True),
        (True, 50 + BACK_EPOCHS + 1, False),
    ):
        before = leapt(confirmed)
        before.forget_if_stale(epoch)
        assert (before.epoch == 10) is kept


def test_a_cell_of_the_epoch_before_the_leap_confirms_nothing() -> None:
    before = leapt()
    before.confirm_epoch(11)
    before.forget_if_stale(50 + BACK_EPOCHS + 1)
    assert before.epoch == 10


def test_a_second_leap_keeps_the_first_state_unless_that_was_confirmed() -> None:
    before = leapt()
    before.keep_state(50, ["wrong"], 90)
    assert before.to_fields() == [10, ["state"], False, 90]
    confirmed = leapt(confirmed=True)
    confirmed.keep_state(50, ["right"], 90)
    assert confirmed.to_fields() == [50, ["right"], False, 90]
    assert StateBeforeLeap(*confirmed.to_fields()).take_state() == ["right"]

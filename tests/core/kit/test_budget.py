"""A link brings so much at once, and so much in the long run."""

from __future__ import annotations

from p2pchat.core.kit.budget import Budget

CELLS_PER_S, BURST = 64.0, 512.0


def test_a_burst_and_then_a_rate() -> None:
    budget = Budget(0.0, CELLS_PER_S, BURST)
    assert sum(budget.take_token(0.0) for _ in range(2000)) == BURST
    assert sum(budget.take_token(5.0) for _ in range(2000)) == 5 * CELLS_PER_S


def test_what_was_saved_up_is_never_more_than_a_burst() -> None:
    budget = Budget(0.0, CELLS_PER_S, BURST)
    assert sum(budget.take_token(1e6) for _ in range(2000)) == BURST


def test_a_clock_that_goes_back_gives_nothing() -> None:
    budget = Budget(100.0, CELLS_PER_S, BURST)
    assert sum(budget.take_token(50.0) for _ in range(2000)) == BURST
    assert not budget.take_token(40.0)


def test_a_waiting_caller_gets_one_and_is_never_woken_at_the_same_moment_twice() -> None:
    now = 1_800_004_149.9628346
    budget = Budget(now, rate=500.0, burst=2.0)
    for _ in range(500):
        while budget.take_token(now):
            pass
        budget.spend_tokens(
            -(1.0 - 1e-9 - budget.tokens_left(now))
        )  # so little is missing that the clock cannot say when it comes
        again = budget.available_at()
        assert again is not None and again > now
        now = again
        assert budget.take_token(now)

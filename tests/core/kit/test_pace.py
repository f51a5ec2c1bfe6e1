"""Tries become seldom, are never in step, and are soon again when they are of use."""

from __future__ import annotations

from p2pchat.core.kit.pace import Pace
from p2pchat.sim.entropy import SeededEntropy


def gaps(pace: Pace, count: int) -> list[float]:
    found, now = [], 100.0
    for _ in range(count):
        pace.on_attempt(now)
        found.append(pace.at - now)
        now = pace.at
    return found


def test_the_first_try_is_due_at_once() -> None:
    assert Pace(SeededEntropy(1), 1.0, 30.0).at == 0.0


def test_gaps_double_up_to_the_last() -> None:
    found = gaps(Pace(SeededEntropy(1), 1.0, 30.0), 8)
    for gap, mean in zip(found, (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0), strict=True):
        assert 0.75 * mean <= gap < 1.25 * mean


def test_two_nodes_that_begin_together_do_not_stay_together() -> None:
    assert gaps(Pace(SeededEntropy(1), 1.0, 30.0), 3) != gaps(Pace(SeededEntropy(2), 1.0, 30.0), 3)


def test_after_a_success_gaps_are_small_again() -> None:
    pace = Pace(SeededEntropy(1), 1.0, 30.0)
    gaps(pace, 6)
    pace.on_success()
    assert gaps(pace, 1)[0] < 1.25


def test_a_hurry_brings_a_try_nearer_and_never_puts_it_off() -> None:
    pace = Pace(SeededEntropy(1), 100.0, 400.0)
    pace.on_attempt(0.0)
    pace.retry_within(10.0, 5.0)
    soon = pace.at
    assert 10.0 <= soon < 15.0
    pace.retry_within(11.0, 500.0)
    assert pace.at <= soon

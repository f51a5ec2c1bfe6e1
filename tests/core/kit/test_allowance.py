"""What was missed goes over a link at two rates: by the second and by the day."""

from __future__ import annotations

import pytest

from p2pchat.core.kit.allowance import CELLS_BURST, CELLS_PER_S, DAY_S, LEAST, Allowance
from p2pchat.wire.reconcile import KEYS_MAX


def drained(allowance: Allowance, now: float) -> float:
    """Spend a whole day's share, as fast as it goes; the moment when that is done."""
    while not allowance.is_spent(now):
        allowance.spend_cells(allowance.cells_left(now))
        now += 1.0
    return now


def test_a_burst_goes_at_once_and_then_so_many_a_second() -> None:
    allowance = Allowance(10**6, 0.0)
    assert allowance.cells_left(0.0) == CELLS_BURST
    allowance.spend_cells(int(CELLS_BURST))
    assert allowance.cells_left(0.0) == 0
    assert allowance.cells_left(2.0) == 2 * CELLS_PER_S


@pytest.mark.parametrize(("capacity", "at_once"), [(100, LEAST), (10 * LEAST, 5 * LEAST)])
def test_half_of_what_is_held_goes_in_one_go(capacity: int, at_once: int) -> None:
    allowance, went, now = Allowance(capacity, 0.0), 0, 0.0
    while not allowance.is_spent(now):
        count = allowance.cells_left(now)
        allowance.spend_cells(count)
        went, now = went + count, now + 1.0
    assert went == pytest.approx(at_once, rel=0.02)


def test_a_day_gives_all_that_is_held_once_more() -> None:
    allowance = Allowance(10 * LEAST, 0.0)
    now = drained(allowance, 0.0)
    assert not allowance.is_spent(now + DAY_S * KEYS_MAX / LEAST)


def test_when_there_is_enough_again_is_said() -> None:
    allowance = Allowance(10**6, 0.0)
    assert allowance.available_at(10) is None
    allowance.spend_cells(int(CELLS_BURST))
    assert allowance.available_at(int(CELLS_PER_S)) == pytest.approx(1.0)

"""What one link brought waits where it leaves fastest no longer than it must."""

from __future__ import annotations

from p2pchat.core.broadcast.back_pressure import BackPressure
from p2pchat.core.kit.credit import OWN_AHEAD
from p2pchat.types import LinkId

A, B, C = LinkId(1), LinkId(2), LinkId(3)


def waiting(counts: dict[tuple[LinkId, LinkId | None], int]) -> BackPressure:
    """By link and source; cells are pushed over all links but C."""
    return BackPressure(lambda: {A: True, B: True, C: False}, lambda *at: counts.get(at, 0))


def test_what_a_link_brought_is_counted_on_the_fastest_of_the_others() -> None:
    pressure = waiting({(A, A): 0, (B, A): 7, (A, B): 5})
    assert pressure.count_least_waiting(A) == 7, "it does not go back, nor over a lazy link"
    assert pressure.count_least_waiting(B) == 5


def test_without_a_neighbour_to_push_to_nothing_waits() -> None:
    assert BackPressure(dict, lambda *_: 9).count_least_waiting(A) == 0


def test_a_cell_of_our_own_waits_while_too_many_do_on_every_link() -> None:
    assert not waiting({(A, None): OWN_AHEAD, (B, None): OWN_AHEAD}).own_space
    assert waiting({(A, None): OWN_AHEAD, (B, None): OWN_AHEAD - 1}).own_space


def test_a_link_is_behind_by_what_another_brought() -> None:
    pressure = waiting({(A, B): 3})
    assert pressure.is_behind(A, B, 3)
    assert not pressure.is_behind(A, B, 4) and not pressure.is_behind(B, A, 3)

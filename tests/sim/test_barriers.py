"""Barriers separate the nodes that they name, and no others."""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.sim.barriers import Barriers
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.store import NodeMemory

STORE: NodeMemory = None  # type: ignore[assignment]
A, B, C = (SimulatedHost(number, STORE, 0.0) for number in range(3))


def test_hosts_that_were_separated_are_apart_both_ways_until_they_are_united() -> None:
    barriers = Barriers()
    barriers.separate_hosts(B, A)
    assert [barriers.are_apart(*pair) for pair in ((A, B), (B, A), (A, C))] == [True, True, False]
    barriers.unite_hosts()
    assert not barriers.are_apart(A, B)


def test_a_cut_parts_the_two_sides_and_bridges_reach_both() -> None:
    barriers = Barriers()
    A.side, B.side, C.side = 1, 2, 0
    barriers.set_cut(True)
    assert [barriers.are_apart(*pair) for pair in ((A, B), (A, C), (C, B))] == [True, False, False]
    barriers.set_cut(False)
    assert not barriers.are_apart(A, B)


def test_it_is_known_at_once_whether_there_is_any() -> None:
    barriers = Barriers()
    found = [barriers.standing]
    changes: tuple[Callable[[], None], ...] = (
        lambda: barriers.set_cut(True),
        lambda: barriers.separate_hosts(A, B),
        lambda: barriers.set_cut(False),
        barriers.unite_hosts,
    )
    for change in changes:
        change()
        found.append(barriers.standing)
    assert found == [False, True, True, True, False]

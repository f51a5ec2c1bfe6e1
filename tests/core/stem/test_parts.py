"""The small parts of a stem: mixing, expected returns, suspected nodes, the clock of cover."""

from __future__ import annotations

from statistics import mean

import pytest

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.cover import LOOP_IN, PoissonClock, cost, loop
from p2pchat.core.stem.delay_pool import DelayPool
from p2pchat.core.stem.failure_scores import FAILURES_CAP, FORGIVEN_S, SUSPECTED, FailureScores
from p2pchat.core.stem.outputs import CellDispatched, Output
from p2pchat.core.stem.return_tracker import WATCHED_CAP, ReturnTracker
from p2pchat.core.values.profile import BALANCED, FAST, STRONG, Profile
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId, Tag
from tests.support.stems import Wired

A, B, C, BAD = (HopId(name) for name in (b"a", b"b", b"c", b"bad"))


def test_what_is_mixed_leaves_after_an_exponential_time_of_its_own() -> None:
    mixing = DelayPool(SeededEntropy(1), cap=2000)
    items: list[Output] = [CellDispatched(Tag(b"%d" % number)) for number in range(2000)]
    for item in items:
        assert mixing.put(item, 0.1, 10.0)
    left: list[tuple[float, Output]] = []
    while (now := mixing.next_wakeup()) < NEVER:
        left += [(now - 10.0, item) for item in mixing.take_due(now)]
    assert 0.093 < mean(wait for wait, _ in left) < 0.107
    assert [item for _, item in left] != items
    assert {item for _, item in left} == set(items)


def test_a_full_mix_takes_no_further_onion() -> None:
    mixing = DelayPool(SeededEntropy(1), cap=2)
    assert [mixing.put(CellDispatched(Tag(b"")), 0.1, 0.0) for _ in range(3)] == [True, True, False]


def test_what_does_not_come_back_in_time_is_lost_once() -> None:
    watch = ReturnTracker()
    watch.expect_return(b"cell", (A, B), 0.0, 10.0)
    watch.expect_return(b"loop", (C,), 0.0, 20.0)
    assert watch.next_wakeup() == 10.0
    assert watch.take_lost(9.0) == []
    assert watch.take_lost(10.0) == [(A, B)]
    assert watch.on_return(b"cell", 11.0) == ()
    assert watch.on_return(b"loop", 11.0) == (C,)
    assert watch.take_lost(30.0) == []


def test_what_is_awaited_is_bounded() -> None:
    watch = ReturnTracker()
    for number in range(WATCHED_CAP + 1):
        watch.expect_return(b"%d" % number, (A,), 0.0, 10.0)
    assert watch.on_return(b"0", 1.0) == ()
    assert len(watch.take_lost(10.0)) == WATCHED_CAP


def test_who_is_on_every_way_that_fails_is_the_one_that_no_way_clears() -> None:
    suspects = FailureScores()
    suspects.on_failure([A, BAD], 0.0)
    suspects.on_failure([B, BAD], 0.0)
    suspects.on_success([A, B, C])
    assert [suspects.count_failures(node, 1.0) for node in (A, B, BAD)] == [0, 0, 2]
    assert suspects.count_failures(BAD, FORGIVEN_S) == 0


def test_a_failure_over_a_suspected_node_casts_no_suspicion_on_others() -> None:
    suspects = FailureScores()
    for _ in range(SUSPECTED + 1):
        suspects.on_failure([BAD], 0.0)
    for _ in range(SUSPECTED + 1):
        suspects.on_failure([A, BAD], 1.0)
    assert [suspects.is_suspected(node, 1.0) for node in (A, BAD)] == [False, True]


def test_suspects_are_bounded() -> None:
    suspects = FailureScores()
    nodes = [HopId(b"%d" % number) for number in range(FAILURES_CAP + 1)]
    suspects.on_failure(nodes, 0.0)
    assert [suspects.count_failures(node, 1.0) for node in nodes] == [0] + FAILURES_CAP * [1]


def test_the_clock_of_cover_ticks_at_the_profiles_rate_and_one_in_ten_is_a_loop() -> None:
    for profile in (BALANCED, STRONG):
        clock = PoissonClock(profile, SeededEntropy(profile.name))
        clock.start(0.0)
        loops = sum(clock.tick(clock.at) for _ in range(4000))
        assert 0.95 < 4001 / clock.at / profile.cover_per_s < 1.05
        assert 0.9 < loops * LOOP_IN / 4000 < 1.1


@pytest.mark.parametrize("profile", [BALANCED, STRONG])
def test_cover_costs_what_is_said(profile: Profile) -> None:
    mesh = Wired("ab ac ad ae af bc bd be bf cd ce cf de df ef", profile)
    mesh.run(30.0)
    mesh.onions.clear()
    seconds = 150 / profile.cover_per_s
    mesh.run(seconds)
    longer = mean(len(mesh.pinned(name)) for name in "abcdef") / mean(profile.hops)
    assert 0.9 < len(mesh.onions) / 6 / seconds / cost(profile) / longer < 1.1


def test_without_cover_the_clock_stands() -> None:
    clock = PoissonClock(FAST, SeededEntropy(1))
    clock.start(0.0)
    assert clock.at == NEVER


def test_a_loop_comes_back() -> None:
    nodes = [HopId(bytes([at])) for at in range(5)]
    ring = {nodes[at]: (nodes[(at - 1) % 5], nodes[(at + 1) % 5]) for at in range(5)}
    found = {loop(ring, nodes[0], SeededEntropy(seed)) for seed in range(30)}
    assert found <= {tuple(nodes[1:]), tuple(nodes[:0:-1]), (nodes[1],), (nodes[4],)}
    assert any(way is not None and len(way) == 4 for way in found)
    assert loop({A: ()}, A, SeededEntropy(1)) is None

"""Delays follow from the conditions and the seed alone."""

from __future__ import annotations

import pytest

from p2pchat.sim.conditions import RTO_S, Conditions, Delays
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.store import NodeMemory

STORE: NodeMemory = None  # type: ignore[assignment]
A, B = (SimulatedHost(number, STORE, 0.0) for number in range(2))


def drawn(seed: int, conditions: Conditions) -> Delays:
    return Delays(conditions, SeededEntropy(seed))


def test_the_latency_of_two_hosts_is_the_same_both_ways_and_in_every_run_of_a_seed() -> None:
    conditions = Conditions(latency_s=(0.02, 0.12))
    latency = drawn(1, conditions).latency_between(A, B)
    assert 0.02 <= latency <= 0.12
    assert drawn(1, conditions).latency_between(B, A) == latency
    assert drawn(2, conditions).latency_between(A, B) != latency


def test_a_frame_that_is_lost_waits_for_a_timeout_and_longer_each_time() -> None:
    timeout = RTO_S + 2 * 0.05
    delays = drawn(1, Conditions(loss=0.5))
    found = {round(delays.draw_retransmissions(0.05) / timeout) for _ in range(200)}
    assert {0, 1, 3} <= found <= {2**count - 1 for count in range(20)}
    assert drawn(1, Conditions()).draw_retransmissions(0.05) == 0.0


@pytest.mark.parametrize(
    "wrong", [{"latency_s": (0.2, 0.1)}, {"loss": 0.6}, {"bandwidth": 1.0}], ids=lambda wrong: str(*wrong)
)
def test_what_no_network_is_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=str(*wrong).partition("_")[0]):
        Conditions(**wrong)  # type: ignore[arg-type]

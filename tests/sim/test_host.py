"""Which machines reach each other without a relay, and when one is awake."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import cast

from p2pchat.core.node import NodeMachine
from p2pchat.sim.host import NatClass, SimulatedHost
from p2pchat.sim.store import NodeMemory


def test_only_a_symmetric_nat_and_a_restricted_one_do_not_meet() -> None:
    apart = {
        frozenset(pair)
        for pair in combinations_with_replacement(NatClass, 2)
        if not pair[0].can_link_with(pair[1])
    }
    assert apart == {
        frozenset({NatClass.SYMMETRIC}),
        frozenset({NatClass.SYMMETRIC, NatClass.RESTRICTED}),
    }
    assert all(a.can_link_with(b) == b.can_link_with(a) for a in NatClass for b in NatClass)


def test_a_machine_is_awake_while_its_node_runs_and_it_does_not_sleep() -> None:
    host = SimulatedHost(0, cast("NodeMemory", None), 0.0)
    states = []
    running = cast("NodeMachine", object())
    for node, asleep in ((None, False), (running, False), (running, True)):
        host.node, host.asleep = node, asleep
        states.append(host.awake)
    assert states == [False, True, False]

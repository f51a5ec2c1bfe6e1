"""Machines that run nodes: what reaches a node, and when it is woken."""

from __future__ import annotations

from typing import cast

import pytest

from p2pchat.core.node import NodeMachine
from p2pchat.core.values import inputs
from p2pchat.core.values.effects import Effect
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.store import NodeMemory
from p2pchat.sim.world import START, World


class Clockwork:
    """A node that wants to be woken at given times, and remembers when it was."""

    def __init__(self, *due: float) -> None:
        self.due = list(due)
        self.woken: list[float] = []

    def handle(self, input: inputs.Input, now: float) -> list[Effect]:
        if isinstance(input, inputs.TimerFired):
            self.woken.append(now)
            self.due = [at for at in self.due if at > now]
        return []

    def next_wakeup(self) -> float | None:
        return min(self.due, default=None)


def machine(node: Clockwork, clock_error: float = 0.0) -> tuple[World, SimulatedHost]:
    world = World(1)
    host = world.add_host(cast("NodeMemory", None))
    host.node, host.run, host.clock_error = cast("NodeMachine", node), 1, clock_error
    world.tell_node(host, inputs.Started())
    return world, host


@pytest.mark.parametrize("ahead", [0.0, 31_557_600.123])
def test_a_node_is_woken_when_it_asked_to_be_by_its_own_clock(ahead: float) -> None:
    node = Clockwork(START + ahead + 0.1, START + ahead + 7.3)
    world, _ = machine(node, ahead)
    world.run(60.0)
    assert node.woken == pytest.approx([START + ahead + 0.1, START + ahead + 7.3], abs=1e-5)


def test_a_sleeping_node_is_woken_late_and_at_once() -> None:
    node = Clockwork(START + 10.0)
    world, host = machine(node)
    world.suspend_host(host)
    world.run(60.0)
    assert node.woken == []
    world.resume_host(host)
    assert node.woken == [START + 60.0]


def test_what_was_meant_for_an_earlier_run_does_not_reach_a_later_one() -> None:
    node = Clockwork(START + 10.0)
    world, host = machine(node)
    world.kill_host(host)
    later = Clockwork()
    host.node, host.run = cast("NodeMachine", later), 2
    world.run(60.0)
    assert node.woken == later.woken == []


def test_a_node_that_would_spin_is_named() -> None:
    class Spinning(Clockwork):
        def next_wakeup(self) -> float | None:
            return 0.0

    with pytest.raises(RuntimeError, match="host 0 wants to be woken"):
        machine(Spinning())[0].run(1.0)

"""A clock that was wrong at a start costs nothing that is lost for good."""

from __future__ import annotations

import pytest

from p2pchat.types import MessageState
from tests.core.test_messages import friends

HOUR, YEAR = 3_600.0, 365 * 86_400.0
ERRORS = [-YEAR, -31 * HOUR, -7 * HOUR, -600.0, 600.0, 7 * HOUR, 31 * HOUR, YEAR]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("wrong", ["alice", "bob"])
def test_what_waited_under_a_wrong_clock_arrives_under_the_right_one(wrong: str, error: float) -> None:
    world = friends("alice", "bob", "relay")
    machine = world.machines[wrong]
    world.stop(wrong)
    waiting = [world.send("alice", "bob", "before")] if wrong == "bob" else []
    machine.clock_error = error
    world.start(wrong)
    world.run(300.0)
    world.stop(wrong)
    machine.clock_error = 0.0
    world.start(wrong)
    world.run(60.0)
    waiting.append(world.send("alice", "bob", "after"))
    waiting.append(world.send("bob", "alice", "as well"))
    world.run(60.0)
    received = world.machines["bob"].store.received()
    assert received == (["before", "after"] if wrong == "bob" else ["after"])
    assert world.machines["alice"].store.received() == ["as well"]


def test_no_message_expires_by_a_clock_that_no_link_confirms() -> None:
    world = friends("alice", "bob", "relay")
    world.kill("bob")
    message = world.send("alice", "bob", "patience")
    world.kill("alice")
    world.machines["alice"].clock_error = YEAR
    world.start("alice")
    world.run(300.0)
    world.kill("alice")
    assert world.machines["alice"].store.state(message) is not MessageState.EXPIRED
    world.machines["alice"].clock_error = 0.0
    world.start("alice")
    world.start("bob")
    world.run(60.0)
    assert world.machines["bob"].store.received() == ["patience"]

"""What always holds for a node as a whole: replayable, never busy, keeping before sending."""

from __future__ import annotations

import pytest

from p2pchat.core.node import TICK_MIN_S, NodeMachine
from p2pchat.core.values import effects, inputs, user_inputs
from p2pchat.core.values.changes import PutSession
from p2pchat.crypto.envelope import SendChain
from tests.core.messaging.test_messages import friends


def eventful(seed: object) -> list[tuple[float, str, str, int]]:
    trace: list[tuple[float, str, str, int]] = []
    world = friends("alice", "bob", "relay", seed=seed)

    def note(source: str, target: str, data: bytes) -> bytes:
        trace.append((world.now, source, target, len(data)))
        return data

    world.on_frame = note
    world.send("alice", "bob", "x" * 5_000)
    world.run(20.0)
    world.kill("relay")
    world.send("bob", "alice", "y")
    world.run(60.0)
    world.start("relay")
    world.run(60.0)
    return trace


def test_the_same_seed_gives_the_same_run() -> None:
    first = eventful("a seed")
    assert len(first) > 50
    assert eventful("a seed") == first
    assert eventful("another") != first


def test_two_ticks_clear_every_deadline_that_has_passed() -> None:
    """A deadline in the past that no tick clears would have the driver spin. What is others' leaves by the
    first, and what is ours by the second."""
    world = friends("alice", "bob", "relay")
    world.kill("bob")
    world.tell("alice", user_inputs.InviteOpened(5, False, None, (), world.now + 50.0))
    world.send("alice", "bob", "x")
    for seconds in (0.0, 0.5, 5.0, 15.0, 300.0, 22_000.0, 20 * 86_400.0):
        world.now += seconds
        for name in ("alice", "relay"):
            for _ in range(2):
                world.tell(name, inputs.TimerFired())
            assert world.machines[name].running._next_deadline() > world.now


def test_no_tick_ever_follows_another_within_a_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = friends("alice", "bob")
    node = world.machines["alice"].running
    monkeypatch.setattr(node._conversations, "next_wakeup", lambda: 0.0)
    world.tell("alice", inputs.TimerFired())
    assert node.next_wakeup() == world.now + TICK_MIN_S


def test_nothing_sealed_leaves_in_a_batch_without_the_session_it_was_sealed_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealing, handling = SendChain.seal_cell, NodeMachine.handle
    sealed: list[SendChain] = []
    checked = 0

    def seal(chain: SendChain, plain: bytes) -> bytes:
        sealed.append(chain)
        return sealing(chain, plain)

    def handle(node: NodeMachine, input: inputs.Input, now: float) -> list[effects.Effect]:
        nonlocal checked
        sealed.clear()
        batch = handling(node, input, now)
        if sealed:
            changes = [effect.change for effect in batch if isinstance(effect, effects.Persist)]
            kept = [change.session.chains for change in changes if isinstance(change, PutSession)]
            (talk,) = node._conversations._by_id.values()
            assert kept[-1] == talk._session.snapshot().chains
            checked += 1
        return batch

    world = friends("alice", "bob")
    monkeypatch.setattr(SendChain, "seal_cell", seal)
    monkeypatch.setattr(NodeMachine, "handle", handle)
    for number in range(60):
        world.send("alice", "bob", f"{number}")
        world.send("bob", "alice", f"{number}")
        world.run(1.0)
    world.stop("alice")
    assert len(world.machines["alice"].store.received()) == 60
    assert checked > 100

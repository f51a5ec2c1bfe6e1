"""Either end of a pairing may be killed at any moment: then there are two contacts of one session, or one, or
none; never two of different keys, and never a code that is open again after a guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.changes import Change, PutTried
from p2pchat.sim.host import SimulatedHost
from p2pchat.wire.invite import InviteCode, InviteLink
from tests.support.world import World

MOMENTS = ("before it is on disk", "when it is on disk", "when it has left")
"""A node hands over a batch; what is to be kept is committed, then the rest is done."""


@dataclass
class Crash:
    """Kills a machine at one of its batches."""

    world: World
    name: str
    batch: int
    moment: str
    seen: int = 0
    done: bool = False
    guesses: int = 0
    """How often the host, in all its runs, noted that a guess at its code is made."""
    _carry_out: Callable[[SimulatedHost, list[effects.Effect]], None] = field(init=False)

    def __post_init__(self) -> None:
        self._carry_out = self.world.sim.execute_batch
        self.world.sim.execute_batch = self.carry_out  # type: ignore[method-assign]

    def carry_out(self, host: SimulatedHost, batch: list[effects.Effect]) -> None:
        kept: list[effects.Effect] = [effect for effect in batch if isinstance(effect, effects.Persist)]
        due = not self.done and batch and host is self.world.machines[self.name].host
        self.seen += bool(due)
        self.done |= bool(due and self.seen == self.batch)
        falls = due and self.done
        if not (falls and self.moment == MOMENTS[0]):
            if host is self.world.machines["alice"].host:
                self.guesses += sum(
                    isinstance(effect, effects.Persist) and _guess(effect.change) for effect in kept
                )
            self._carry_out(host, kept if falls and self.moment == MOMENTS[1] else batch)
        if falls:
            self.world.kill(self.name)


def _guess(change: Change) -> bool:
    return isinstance(change, PutTried) and change.tried.contact is None


def scene(seed: int) -> tuple[World, InviteCode | InviteLink]:
    world = World(seed)
    for name in ("alice", "bob", "eve"):
        world.add(name)
        world.start(name)
    code = world.invite("alice")
    world.run(1.0)
    return world, code


def again(world: World, code: InviteCode | InviteLink) -> None:
    """Both do what people and programs do when it did not work: the same once more."""
    for name in ("alice", "bob"):
        if world.machines[name].node is None:
            world.start(name)
    world.run(10.0)
    if not world.machines["alice"].running._invites.list_open():
        world.tell("alice", user_inputs.InviteOpened(90, False, None, (), world.now + 200, code))
    world.run(2.0)
    world.tell("bob", user_inputs.InviteEntered(91, code, None, (), world.now + 60))
    world.run_until(lambda: over(world, "bob", 91))
    world.run(10.0)


def over(world: World, name: str, invite: int) -> bool:
    """Whether an invite ended there, well or not."""
    ends = (effects.InviteCompleted, effects.InviteFailed)
    return any(isinstance(each, ends) and each.invite == invite for each in world.machines[name].notices)


def talk(world: World, one: str, other: str) -> None:
    """Each hears the other."""
    for source, target in ((one, other), (other, one)):
        text = f"{source} to {target}, {len(world.machines[target].store.history)}"
        world.send(source, target, text)
        world.run_until(lambda: text in world.machines[target].store.received(), within=60.0)  # noqa: B023


def keys_are_each_other_s(world: World) -> None:
    machines = world.machines["alice"], world.machines["bob"]
    for mine, theirs in (machines, machines[::-1]):
        for contact in mine.store.contacts.values():
            assert contact.identity_key == theirs.store.identity.identity_key


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", ["alice", "bob"])
def test_a_crash_at_any_step_leaves_one_session_or_none_and_no_code_open(name: str, moment: str) -> None:
    batch, ends = 1, []
    while True:
        world, code = scene(batch)
        crash = Crash(world, name, batch, moment)
        world.tell("bob", user_inputs.InviteEntered(1, code, None, (), world.now + 60))
        world.run(5.0)
        if not crash.done:
            break
        again(world, code)
        assert crash.guesses <= 1, f"batch {batch}: a second guess at one code"
        keys_are_each_other_s(world)
        both = [bool(world.machines[each].store.contacts) for each in ("alice", "bob")]
        if all(both):
            talk(world, "alice", "bob")
        ends.append(both)
        before = len(world.machines["eve"].events(effects.InviteCompleted))
        world.tell("eve", user_inputs.InviteEntered(5, code, None, (), world.now + 30))
        world.run_until(lambda: over(world, "eve", 5))  # noqa: B023
        assert len(world.machines["eve"].events(effects.InviteCompleted)) == before, "a code works once"
        batch += 1
    assert batch > 6, "there was something to crash"
    assert [True, True] in ends


def test_after_a_crash_before_the_welcome_both_pair_again_and_talk() -> None:
    """The host has a contact, its guest has none: a new code mends it, and the name stays."""
    world, code = scene(0)
    world.tell("bob", user_inputs.InviteEntered(1, code, None, (), world.now + 60))
    world.run_until(lambda: bool(world.machines["alice"].store.contacts))
    world.kill("bob")
    assert not world.machines["bob"].store.contacts
    world.start("bob")
    world.pair("alice", "bob")
    keys_are_each_other_s(world)
    talk(world, "alice", "bob")
    assert [each.name for each in world.machines["alice"].store.contacts.values()] == ["bob"]

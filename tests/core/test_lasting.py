"""Two people decide how long what they say lasts; both forget it then, and nobody sooner."""

from __future__ import annotations

import pytest

from p2pchat.core import facts
from p2pchat.core.lasting import counts, decided
from p2pchat.core.orders import ContactChanged
from p2pchat.core.records import Contact
from p2pchat.types import ContactId, MeshId
from p2pchat.wire.payload import Lasting
from tests.support.world import World

THEM = Contact(ContactId("c"), "bob", b"k", MeshId(b"m"), "words", 0.0, lasts_s=60.0, lasts_since=100.0)


@pytest.fixture
def world() -> World:
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name)
    world.pair("alice", "bob")
    world.run(10.0)
    return world


def decide(world: World, who: str, whom: str, seconds: float) -> None:
    world.tell(who, facts.ContactLasts(world.contact(who, whom), seconds))


def setting(world: World, who: str) -> list[float]:
    return [contact.lasts_s for contact in world.machines[who].store.contacts.values()]


def texts(world: World, who: str) -> list[str]:
    return [line.text for line in world.machines[who].store.history]


def test_one_decides_for_both_and_old_lines_go_on_both_sides(world: World) -> None:
    world.send("alice", "bob", "before")
    decide(world, "alice", "bob", 300.0)
    world.run(10.0)
    assert setting(world, "alice") == setting(world, "bob") == [300.0]
    changes = world.machines["bob"].events(ContactChanged)
    assert changes[-1].change == "disappearing"
    world.run(200.0)
    world.send("bob", "alice", "later")
    world.run(150.0)
    assert texts(world, "alice") == texts(world, "bob") == ["later"]
    decide(world, "bob", "alice", 0.0)
    world.run(1000.0)
    assert texts(world, "alice") == texts(world, "bob") == ["later"]


def test_who_was_away_is_told_and_forgets_after_a_restart(world: World) -> None:
    world.send("alice", "bob", "said")
    world.run(5.0)
    world.kill("bob")
    decide(world, "alice", "bob", 60.0)
    world.run(120.0)
    assert (texts(world, "alice"), texts(world, "bob")) == ([], ["said"])
    world.start("bob")
    world.run(120.0)
    assert texts(world, "bob") == []
    assert setting(world, "bob") == [60.0]


def test_of_two_decisions_at_once_both_take_the_same(world: World) -> None:
    decide(world, "alice", "bob", 600.0)
    decide(world, "bob", "alice", 60.0)
    world.run(30.0)
    assert setting(world, "alice") == setting(world, "bob")


def test_the_later_decision_counts_and_of_two_at_the_same_moment_the_shorter() -> None:
    assert counts(THEM, Lasting(0.0, 101.0))
    assert not counts(THEM, Lasting(5.0, 99.0))
    assert counts(THEM, Lasting(30.0, 100.0))
    assert not counts(THEM, Lasting(60.0, 100.0))


def test_our_own_decision_counts_even_if_their_clock_is_ahead() -> None:
    assert counts(THEM, decided(THEM, 3600.0, now=7.0))

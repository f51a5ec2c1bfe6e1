"""Whole nodes: messages arrive by stems, past a node that drops them, and tell the truth about how far they
are."""

from __future__ import annotations

import pytest

from p2pchat.core.stem.outputs import Spread
from p2pchat.core.values import effects
from p2pchat.core.values.changes import PutCells
from p2pchat.core.values.profile import BALANCED, FAST, STRONG, Profile
from p2pchat.core.values.settings import Settings
from p2pchat.types import MessageId, MessageState
from tests.support.world import World

NAMES = [f"n{number}" for number in range(8)]


def mesh(profile: Profile, names: list[str] = NAMES, writer: Profile | None = None) -> World:
    """``writer``: the profile of n1, if it has one of its own."""
    world = World(latency=0.05)
    for name in names:
        world.add(name)
        world.start(name, Settings(profile=writer if writer and name == "n1" else profile))
    for name in names[1:]:
        world.pair(names[0], name)
    world.run(60.0)
    return world


def state(world: World, name: str, message: MessageId) -> MessageState:
    moves = world.machines[name].events(effects.MessageMoved)
    return [move.state for move in moves if move.id == message][-1]


def delivered(world: World, name: str, message: MessageId) -> bool:
    return state(world, name, message) is MessageState.DELIVERED


def test_messages_arrive_once_and_enter_the_mesh_elsewhere() -> None:
    world = mesh(FAST)
    sent = {name: world.send(name, "n0", f"from {name}") for name in NAMES[1:]}
    world.run_until(lambda: all(delivered(world, *each) for each in sent.items()))

    texts = [event.message.text for event in world.machines["n0"].events(effects.MessageArrived)]
    assert sorted(texts) == [f"from {name}" for name in NAMES[1:]]
    for name in NAMES[1:]:
        own = [seen for seen in world.machines[name].events(effects.CellSeen) if seen.source is None]
        assert own and all(seen.forwarded == 0 for seen in own)


def test_a_message_of_a_strong_node_is_relayed_when_the_clock_has_let_it_go() -> None:
    world = mesh(FAST, writer=STRONG)
    message = world.send("n1", "n0", "hi")
    assert state(world, "n1", message) is MessageState.QUEUED
    world.run_until(lambda: state(world, "n1", message) is MessageState.RELAYED, within=30.0)
    world.run_until(lambda: delivered(world, "n1", message), within=60.0)


@pytest.mark.parametrize("profile", [FAST, BALANCED])
def test_a_message_that_a_dead_line_took_is_not_relayed(profile: Profile) -> None:
    world = mesh(profile, NAMES[:2])
    world.kill("n0")
    message = world.send("n1", "n0", "hi")
    world.run(6.0)
    assert state(world, "n1", message) is MessageState.QUEUED


@pytest.mark.parametrize("profile", [FAST, BALANCED])
def test_a_message_that_others_have_is_relayed_though_its_recipient_is_away(profile: Profile) -> None:
    world = mesh(profile, NAMES[:3])
    world.kill("n2")
    world.run(40.0)
    message = world.send("n0", "n2", "hi")
    world.run(6.0)
    assert state(world, "n0", message) is MessageState.RELAYED


def test_within_a_minute_messages_find_their_way_past_a_node_that_drops_every_onion() -> None:
    world = mesh(FAST)
    for home in world.machines["n7"].running._meshes:
        home.traffic.stem.on_onion = lambda *_: []  # type: ignore[method-assign]
    for _ in range(4):
        for name in NAMES[1:7]:
            world.send(name, "n0", "are you there?")
        world.run(15.0)
    last = {name: world.send(name, "n0", "and now?") for name in NAMES[1:7]}
    world.run_until(lambda: all(delivered(world, *each) for each in last.items()), within=20.0)
    arrived = world.machines["n0"].events(effects.MessageArrived)
    assert len(arrived) == 5 * len(NAMES[1:7])


def test_a_mesh_of_two_says_that_it_hides_nothing() -> None:
    world = mesh(BALANCED, NAMES[:2])
    message = world.send("n1", "n0", "hi")
    world.run_until(lambda: delivered(world, "n1", message), within=10.0)
    (status,) = world.machines["n1"].running.get_status().meshes
    assert status.stem is not None
    assert (status.stem.hops, status.stem.crowd) == (1, 2)


def test_who_stops_keeps_what_it_broadcasts_at_the_last_moment() -> None:
    world = mesh(STRONG, NAMES[:2])
    world.send("n1", "n0", "hi")
    (home,) = world.machines["n1"].running._meshes
    stem = home.traffic.stem
    (cell, *_) = stem.sender._waiting
    (theirs,) = world.machines["n0"].running._meshes
    (link,) = theirs.traffic.stem._maps.links
    theirs.traffic.stem._forwarding.mix.put(Spread(cell, link, None), 60.0, world.now)
    out = theirs.shut_down(world.now)
    changes = [each.change for each in out if isinstance(each, effects.Persist)]
    kept = [held.body for change in changes if isinstance(change, PutCells) for held in change.cells]
    assert cell in kept


def test_a_node_that_stops_without_an_identified_neighbour_sends_at_the_next_start() -> None:
    world = mesh(STRONG, NAMES[:2])
    (home,) = world.machines["n1"].running._meshes
    for epoch_map in home.traffic.stem._maps:
        epoch_map._links.update(dict.fromkeys(epoch_map._links))
    message = world.send("n1", "n0", "hi")
    world.run(1.0)
    world.stop("n1")
    assert state(world, "n1", message) is MessageState.QUEUED
    world.start("n1")
    world.run_until(lambda: delivered(world, "n1", message), within=60.0)

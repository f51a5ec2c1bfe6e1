"""Nothing that a node puts on a wire links two of its runs, or two epochs: no key, name or topic lasts."""

from __future__ import annotations

import pytest

from p2pchat.core.rendezvous.seats import TOPIC_OVERLAP_S
from p2pchat.core.values.profile import BALANCED
from p2pchat.core.values.settings import Settings
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.types import Topic
from p2pchat.wire.signalling import Blob, FromServer, Seated
from tests.support.world import World

PIECE = 8
"""Bytes that do not repeat by chance, in the few thousand that are compared."""


class Wire:
    """All that went over links and through the rendezvous of a world since it was last read."""

    def __init__(self, world: World) -> None:
        self.topics: dict[Topic, None] = {}
        self._said: list[bytes] = []
        world.on_frame = self._frame
        world.tamper = self._signal

    def read(self) -> set[bytes]:
        """Every piece of it, wherever it begins."""
        said, self._said = self._said, []
        return {each[at : at + PIECE] for each in said for at in range(len(each) - PIECE + 1)}

    def _frame(self, _source: str, _target: str, data: bytes) -> bytes:
        self._said.append(data)
        return data

    def _signal(self, message: FromServer) -> FromServer:
        match message:
            case Seated(topic, seat, others):
                self.topics[topic] = None
                self._said += [seat, *others]
            case Blob(topic, seat, blob):
                self._said += [seat, blob]
        return message


@pytest.fixture
def world() -> World:
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name, Settings(profile=BALANCED))
    return world


def restart(world: World) -> None:
    for name in world.machines:
        world.stop(name)
    for name in world.machines:
        world.start(name, Settings(profile=BALANCED))


def test_two_runs_have_no_piece_in_common(world: World) -> None:
    wire = Wire(world)
    world.pair("alice", "bob")
    world.send("alice", "bob", "the same words")
    world.run(10.0)
    before = wire.read()
    restart(world)
    world.run(10.0)
    world.send("alice", "bob", "the same words")
    world.run(10.0)
    after = wire.read()
    assert len(before) > 10_000 and len(after) > 10_000
    assert before.isdisjoint(after)


def test_no_key_that_lasts_and_no_name_is_said_in_the_clear(world: World) -> None:
    wire = Wire(world)
    world.pair("alice", "bob")
    world.send("alice", "bob", "hello")
    world.run(10.0)
    said = wire.read()
    for name in world.machines:
        store = world.machines[name].store
        keys = [contact.identity_key for contact in store.contacts.values()]
        secrets = [mesh.secret for mesh in store.meshes.values()]
        assert keys and secrets
        for each in (*keys, *secrets):
            assert said.isdisjoint({each[at : at + PIECE] for at in range(len(each) - PIECE + 1)})


def test_topics_change_with_the_epoch_and_overlap_at_its_edge(world: World) -> None:
    wire = Wire(world)
    world.pair("alice", "bob")
    wire.topics.clear()
    restart(world)
    world.run(10.0)
    first = dict(wire.topics)
    wire.topics.clear()
    world.now = (world.now // EPOCH_SECONDS + 1) * EPOCH_SECONDS + TOPIC_OVERLAP_S + 60.0
    restart(world)
    world.run(10.0)
    assert first and wire.topics
    assert not first.keys() & wire.topics.keys()


def test_members_whose_clocks_are_on_either_side_of_an_epochs_edge_meet(world: World) -> None:
    world.pair("alice", "bob")
    for name in world.machines:
        world.stop(name)
    world.now = (world.now // EPOCH_SECONDS + 1) * EPOCH_SECONDS - 60.0
    world.machines["bob"].clock_error = 120.0
    restart(world)
    linked = [m.running.get_status for m in world.machines.values()]
    world.run_until(lambda: all(status().meshes[0].links for status in linked), within=30.0)

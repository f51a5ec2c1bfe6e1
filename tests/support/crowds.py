"""Meshes of many in virtual time, for tests of links."""

from __future__ import annotations

from p2pchat.core.values.settings import Settings
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.kdf import mesh_topic
from p2pchat.types import Topic
from tests.support.world import URL, World


def crowd(
    count: int, urls: tuple[str, ...] = (URL,), settings: Settings | None = None, seed: object = 0
) -> World:
    """A mesh of many, all paired with the first, started afresh together."""
    world = World(seed)
    names = [f"n{number}" for number in range(count)]
    for name in names:
        world.add(name, urls)
        world.start(name, settings)
    for name in names[1:]:
        world.pair("n0", name)
    return world


def up(world: World, name: str) -> int:
    return sum(link.state == "up" for link in world.machines[name].running.get_status().links)


def peers(world: World, name: str) -> list[bytes]:
    links = world.machines[name].running.get_status().links
    return [link.peer for link in links if link.state == "up" and link.peer is not None]


def topic_of(world: World, name: str) -> Topic:
    """Where the members of its mesh meet now."""
    (record,) = world.machines[name].store.meshes.values()
    return mesh_topic(record.secret, epoch_at(world.now))


def lose(world: World, name: str) -> None:
    """Its links fail here; the other side hears nothing more, not even that."""
    for link in world.machines[name].running.get_status().links:
        world.lose(name, link.link)

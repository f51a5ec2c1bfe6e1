"""A mesh whose rendezvous is gone and whose nodes all restart finds itself where a member listens."""

from __future__ import annotations

import random

import pytest

from p2pchat.core.membership.listeners import ALONE_S
from p2pchat.core.values import effects, inputs, user_inputs
from p2pchat.core.values.changes import PutListeners
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.status import RendezvousStatus
from p2pchat.types import MeshId
from rendezvous.broker import Broker
from rendezvous.limits import Limits
from tests.support.world import URL, World

PORT = 8750
THERE, OWN = f"ws://11.0.0.3:{PORT}", f"ws://127.0.0.1:{PORT}"
LISTENS, VISITS = Settings(listen=PORT), Settings()


def start(world: World, name: str, settings: Settings = VISITS) -> None:
    world.start(name, LISTENS if name == "carol" else settings)
    if name == "carol":
        world.tell("carol", inputs.NearbyFound((OWN,), {}))


def paired(address: str = "11.0.0.3", settings: Settings = VISITS) -> World:
    """Carol listens; ana is her neighbour, and knows by which address."""
    world = World(seed="listening")
    world.sim.links.address_of = lambda host: address if host.index == 0 else "10.0.0.9"
    for name in ("carol", "ana"):
        world.add(name)
        start(world, name, settings)
    # What one finds by its loopback is what the other finds by the address.
    world.brokers[OWN] = world.brokers[THERE] = Broker(Limits(), random.Random(1))
    world.pair("carol", "ana")
    world.run_until(lambda: links(world, "ana") == 1)
    world.run(5.0)
    return world


def links(world: World, name: str) -> int:
    return sum(each.links for each in world.machines[name].running.get_status().meshes)


def remembered(world: World, name: str) -> list[tuple[str, ...]]:
    return list(world.machines[name].store.listeners.values())


def restart(world: World, settings: Settings = VISITS) -> None:
    """All nodes stop, and the rendezvous is gone when they are back."""
    for name in ("carol", "ana"):
        world.stop(name)
    world.run(5.0)
    world.down.add(URL)
    world.close(URL)
    for name in ("carol", "ana"):
        start(world, name, settings)


def test_they_find_each_other_again() -> None:
    world = paired()
    restart(world)
    assert remembered(world, "ana") == [(THERE,)] and remembered(world, "carol") == []
    world.run_until(lambda: links(world, "ana") == links(world, "carol") == 1)


def test_with_a_link_no_listener_is_visited() -> None:
    world = paired()
    ana = world.machines["ana"].running
    assert ({each.url for each in ana.get_status().rendezvous}, ana.get_status().nearby) == ({URL}, ())
    restart(world)
    world.run_until(lambda: links(world, "ana") == 1)
    assert THERE in {each.url for each in ana_status(world)}
    world.run(60.0)
    assert THERE not in {each.url for each in ana_status(world)}


def ana_status(world: World) -> tuple[RendezvousStatus, ...]:
    """Beside those that are in a list, and may be handed on."""
    assert {each.url for each in world.machines["ana"].running.get_status().rendezvous} <= {URL}
    return world.machines["ana"].running.get_status().nearby


def test_it_is_tried_after_others_had_their_time() -> None:
    world = paired()
    world.stop("carol")
    world.run(1.0)
    world.run(ALONE_S / 2)
    assert THERE not in {each.url for each in ana_status(world)}
    world.run(ALONE_S)
    assert THERE in {each.url for each in ana_status(world)}


@pytest.mark.parametrize("address", ["", "10.0.0.3", "127.0.0.1"])
def test_no_private_address_is_remembered(address: str) -> None:
    world = paired(address)
    world.run(3600.0)
    assert remembered(world, "ana") == []


def test_a_node_that_hides_its_address_remembers_and_visits_no_listener() -> None:
    hides = Settings(visits=False)
    world = paired(settings=hides)
    world.run(3600.0)
    assert remembered(world, "ana") == []
    for machine in world.machines.values():
        for mesh in machine.store.meshes:
            machine.store.listeners[MeshId(mesh)] = (THERE,)
    restart(world, hides)
    world.run(60.0)
    assert THERE not in {each.url for each in ana_status(world)}
    assert links(world, "ana") == links(world, "carol") == 0


def test_what_a_neighbour_says_writes_nothing_at_that_moment() -> None:
    world = paired()
    ana = world.machines["ana"].running
    (mesh,) = ana._meshes
    (link,) = mesh.table.list_bindings()
    for port in range(2000, 2100):
        mesh.view.remember_listener(link, port)
    batch = ana.handle(inputs.TimerFired(), world.now)
    assert not [each for each in batch if isinstance(each, effects.Persist)]
    written = [
        each.change
        for each in ana.handle(inputs.ShutDown(), world.now)
        if isinstance(each, effects.Persist) and isinstance(each.change, PutListeners)
    ]
    assert [each.urls for each in written] == [("ws://11.0.0.3:2099",)]


def test_it_is_not_passed_on() -> None:
    world = paired()
    restart(world)
    world.run_until(lambda: links(world, "ana") == 1)
    for name in ("ana", "carol"):
        assert world.machines[name].running.known_urls() == (URL,)
        assert [mesh.rendezvous for mesh in world.machines[name].store.meshes.values()] == [(URL,)]
    world.down.discard(URL)
    world.sim.meetings.start_server(URL)


def test_a_mesh_that_is_left_takes_it_along() -> None:
    world = paired()
    world.stop("ana")
    assert remembered(world, "ana") == [(THERE,)]
    start(world, "ana")
    (mesh,) = world.machines["ana"].store.meshes
    world.tell("ana", user_inputs.MeshLeft(MeshId(mesh)))
    assert remembered(world, "ana") == []

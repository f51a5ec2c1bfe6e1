"""A writer that is faster than the mesh waits, and no message is sent twice."""

from __future__ import annotations

from p2pchat.core.messaging.leaving import LEAVING_MAX
from p2pchat.core.values.profile import FAST
from p2pchat.core.values.settings import Settings
from p2pchat.types import MessageId
from tests.support.world import World

COUNT = 100


def two() -> World:
    world = World()
    for name in ("ann", "ben"):
        world.add(name)
        world.start(name, Settings(profile=FAST))
    world.pair("ann", "ben")
    world.run(20.0)
    return world


def counted(world: World, name: str, counter: str) -> int:
    return world.machines[name].running.get_status().counters.get(counter, 0)


def drawn(world: World) -> int:
    (mesh,) = world.machines["ann"].running.get_status().meshes
    assert mesh.stem is not None
    return mesh.stem.drawn


def delivered(world: World, messages: list[MessageId]) -> bool:
    return all(world.machines["ann"].store.state(each).value == "delivered" for each in messages)


def test_what_waits_for_room_is_not_repeated_and_then_goes_once() -> None:
    world = two()
    (home,) = world.machines["ann"].running._meshes
    before, space = counted(world, "ann", "cells originated"), home.traffic.stem.sender.own_space
    home.traffic.stem.sender.own_space = lambda link: 0
    messages = [world.send("ann", "ben", f"{number}") for number in range(COUNT)]
    world.run(30.0)  # seven times as long as a receipt is waited for
    assert counted(world, "ann", "cells originated") - before <= LEAVING_MAX
    home.traffic.stem.sender.own_space = space
    world.run(10.0)
    assert delivered(world, messages)
    assert counted(world, "ann", "cells originated") - before <= COUNT + 5


def test_more_than_a_neighbour_takes_at_once_arrives_and_costs_no_stem() -> None:
    world = two()
    stems = drawn(world)
    messages = [world.send("ann", "ben", f"{number}") for number in range(2 * COUNT)]
    world.run(5.0)
    assert delivered(world, messages)
    assert (counted(world, "ann", "onions lost"), drawn(world)) == (0, stems)
    for counter in ("cells refused: no credit", "onions refused: no credit"):
        assert counted(world, "ann", counter) == counted(world, "ben", counter) == 0

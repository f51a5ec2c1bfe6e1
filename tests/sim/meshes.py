"""Small meshes for tests of what happens to one."""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.core.values import effects
from p2pchat.core.values.records import MeshRecord
from p2pchat.crypto.kdf import mesh_id
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.population import URL, Population
from p2pchat.sim.scenario import Scenario
from p2pchat.sim.tally import Tally
from p2pchat.sim.world import START, World

SECRET = bytes(32)
MESH = MeshRecord(mesh_id(SECRET), SECRET, (URL,), START)


def small_mesh(
    count: int,
    scenario: Scenario | None = None,
    on_event: Callable[[SimulatedHost, effects.Event], None] = lambda host, event: None,
) -> tuple[World, Population, Tally]:
    """Start nodes of one mesh, and let half a minute pass."""
    world = World(1, on_event=on_event)
    tally = Tally(world.hosts, count + 4)
    chance = world.entropy.make_child("chance")
    population = Population(world, scenario or Scenario(), MESH, tally, chance)
    for _ in range(count):
        population.start_host(population.create_host())
    world.run(30.0)
    return world, population, tally

"""Load is what a rate says, by those that are on."""

from __future__ import annotations

from p2pchat.core.values import effects
from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.load import LoadGenerator
from tests.sim.meshes import MESH, small_mesh


def test_hosts_submit_at_the_rate_and_none_that_is_off() -> None:
    origins: list[int] = []

    def note(host: SimulatedHost, event: effects.Event) -> None:
        if isinstance(event, effects.CellSeen) and event.source is None:
            origins.append(host.index)

    world, population, _ = small_mesh(3, on_event=note)
    population.kill_host(world.hosts[2])
    load = LoadGenerator(world, MESH.id, 3)
    load.set_rate(1.0)
    world.run(100.0)
    assert 150 < len(origins) < 250
    assert set(origins) == {0, 1}
    origins.clear()
    load.set_rate(0.1, flooder=20.0)
    world.run(100.0)
    assert origins.count(0) > 100 > 40 > origins.count(1)
    load.stop_load()
    origins.clear()
    world.run(100.0)
    assert origins == []

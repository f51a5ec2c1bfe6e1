"""A network that was cut heals, and it is told how long the mesh took."""

from __future__ import annotations

from p2pchat.sim.graph import graph
from p2pchat.sim.outages import Outages
from p2pchat.sim.population import URL
from p2pchat.sim.scenario import Partition
from tests.sim.meshes import small_mesh


def test_a_cut_parts_the_mesh_until_it_is_mended() -> None:
    world, population, tally = small_mesh(6)
    partition = Partition(for_s=120.0, share=0.5, join_halves=True)
    outages = Outages(world, population, partition, tally, world.entropy.make_child("cut"))
    lines: list[str] = []
    outages.on_mended = lines.append
    outages.cut_network()
    assert sorted(host.side for host in world.hosts) == [1, 1, 1, 2, 2, 2]
    world.run(119.0)
    assert graph(world.hosts).piece_sizes() == [3, 3]
    assert (outages.healed_s, lines) == (None, [])
    world.run(60.0)
    assert lines == ["the network is whole again, the mesh in pieces of [3, 3]"]
    assert graph(world.hosts).piece_sizes() == [6]
    assert 0.0 < (outages.healed_s or 0.0) < 60.0


def test_the_rendezvous_goes_down_and_comes_back() -> None:
    world, population, tally = small_mesh(2)
    outages = Outages(world, population, Partition(), tally, world.entropy.make_child("cut"))
    outages.stop_rendezvous()
    world.run(1.0)
    assert URL not in world.meetings.brokers
    outages.start_rendezvous()
    world.run(120.0)
    assert URL in world.meetings.brokers

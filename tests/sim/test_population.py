"""Nodes go and come as a scenario says, and what they counted is kept."""

from __future__ import annotations

import pytest

from p2pchat.sim.population import MEETING_PLACE_S, URL
from p2pchat.sim.scenario import Away, Scenario
from tests.sim.meshes import small_mesh


@pytest.mark.parametrize("how", ["kill", "stop", "sleep"])
def test_a_node_that_was_sent_away_comes_back(how: str) -> None:
    world, population, _ = small_mesh(3, Scenario(away=Away(for_s=60.0, how=how)))
    before = population.sum_counters()
    population.send_away(world.hosts[1])
    assert population.count_running() == 2
    world.run(59.0)
    assert population.count_running() == 2 and population.sum_returned().nodes == 0
    world.run(30.0)
    assert population.count_running() == 3 and population.sum_returned().nodes == 1
    after = population.sum_counters()
    assert all(after[name] >= count for name, count in before.items())


def test_what_a_node_counted_outlives_it() -> None:
    world, population, _ = small_mesh(3)
    before = population.sum_counters()
    population.kill_host(world.hosts[2])
    assert population.sum_counters() == before
    assert population.count_running() == 2


def test_a_newcomer_is_introduced_by_a_member_where_no_rendezvous_runs() -> None:
    world, population, _ = small_mesh(3)
    world.meetings.stop_server(URL)
    population.add_newcomer()
    world.run(MEETING_PLACE_S - 1.0)
    newcomer = world.hosts[3].node
    assert newcomer is not None
    assert any(link.state == "up" for link in newcomer.get_status().links)
    assert [url for url in world.meetings.brokers if url != URL]
    world.run(2.0)
    assert not [url for url in world.meetings.brokers if url != URL]

"""A mesh is regular but for the links that colluders invent, and shows which node hears of a flood first."""

from __future__ import annotations

from random import Random

import pytest

from p2pchat.sim.adversary.mesh import DEGREE, SampledMesh, mesh, surrounded


def test_a_mesh_is_regular_and_its_delays_are_the_same_both_ways() -> None:
    given = mesh(50, 0.2, Random(1))
    assert [len(set(others)) for others in given.neighbours] == [DEGREE] * 50
    assert all(node not in others for node, others in enumerate(given.neighbours))
    assert all(given.delay[other, node] == delay for (node, other), delay in given.delay.items())
    assert sum(given.colludes) == 10


def test_only_liars_list_one_another_more() -> None:
    given = mesh(50, 0.2, Random(1), false_links=3)
    assert all(len(given.neighbours[node]) == DEGREE for node in given.honest_nodes())
    assert sum(len(others) for others in given.neighbours) > 50 * DEGREE


def test_a_victim_has_as_many_colluding_neighbours_as_was_asked() -> None:
    given = surrounded(mesh(50, 0.2, Random(1)), 7, 2, Random(1))
    assert not given.colludes[7]
    assert sum(given.colludes[node] for node in given.neighbours[7]) == 2


def line(colludes: str) -> SampledMesh:
    """Nodes in a row, 100 ms apart; those marked ``x`` collude."""
    count = len(colludes)
    near = tuple(tuple(n for n in (node - 1, node + 1) if 0 <= n < count) for node in range(count))
    delay = {(node, other): 0.1 for node, others in enumerate(near) for other in others}
    return SampledMesh(near, delay, tuple(mark == "x" for mark in colludes))


def test_the_first_spy_hears_from_which_node_it_came() -> None:
    heard = line("x..o.x").first_spy(3)
    assert heard is not None
    assert (heard.by, heard.before) == (5, 4)
    assert heard.after_s == pytest.approx(0.2)
    assert sorted(node for node, _ in line("x..o.x").mistaken_sources(3)) == [3, 4]

"""Meshes of whole nodes in which colluders seek links: a share of the nodes is a share of what is sought."""

from __future__ import annotations

import pytest

from p2pchat.sim.adversary.bench import Case, measure
from p2pchat.sim.adversary.formed import Formed, formed

NODES, SHARE, MINUTES = 20, 0.1, 3.0
MARGIN = 0.1
"""Three times 18 sought links: two standard deviations are 0.08. Where neighbours were asked to part, and
first hops drawn among all links, the share was a half and more; where relays could end walks, a quarter."""

LEAGUE_MINUTES, LEAGUE_MARGIN = 2.5, 0.07
"""Shorter, and closer: it is the same mesh every time."""

pytestmark = pytest.mark.slow


def mesh(seeking: str) -> Formed:
    return formed(NODES, SHARE, seeking, MINUTES, 1)


@pytest.mark.parametrize("seeking", ["seek", "steer"])
def test_colluders_have_no_larger_share_of_sought_links_and_first_hops_than_of_the_nodes(
    seeking: str,
) -> None:
    figures = mesh(seeking).figures
    assert figures["sought_hostile"] <= SHARE + MARGIN
    assert figures["first_hostile"] <= SHARE + 2 * MARGIN
    assert figures["links_min"] >= 3 and not figures["all_hostile"]


def test_beside_a_rendezvous_that_shows_them_alone_they_gain_nothing_for_long() -> None:
    """Where a mesh begins so, maps show them first. Were what is drawn then kept, and walks begun where they
    would stay, eight such meshes gave .18 to .25 of what is sought, .11 to .44 of first hops."""
    figures = formed(NODES, SHARE, "league", LEAGUE_MINUTES, 1).figures
    assert figures["sought_hostile"] <= SHARE + LEAGUE_MARGIN
    assert figures["first_hostile"] <= SHARE + 2 * LEAGUE_MARGIN
    assert figures["links_min"] >= 2 and not figures["all_hostile"]


def test_the_bench_takes_a_mesh_that_was_formed() -> None:
    result = measure(Case("fast", NODES, SHARE, trials=20, seeking="honest", minutes=MINUTES))
    assert result["formed"] == [dict(mesh("honest").figures)]
    assert 0.0 <= result["named"] <= 0.6

"""The adversary's bench: what is known to be weak comes out weak, what hides comes out hidden, and the
adversary reckons right."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from p2pchat.core.stem.profile import BALANCED, FAST, STRONG
from p2pchat.sim.__main__ import main
from p2pchat.sim.adversary.bench import Case, measure, posterior
from p2pchat.sim.adversary.knowledge import Laws
from p2pchat.sim.adversary.mesh import DEGREE, SampledMesh, mesh, surrounded
from p2pchat.sim.adversary.packets import pieces
from p2pchat.sim.adversary.traffic import Flows, Habits, Traffic

CASE = Case("fast", nodes=100, colluding=0.1, trials=150, seed=3, cover="fresh")


def named(case: Case, **changes: Any) -> float:
    share: float = measure(replace(case, **changes))["named"]
    return share


def test_a_mesh_is_regular_and_its_delays_are_the_same_both_ways() -> None:
    given = mesh(50, 0.2, Random(1))
    assert [len(set(others)) for others in given.neighbours] == [DEGREE] * 50
    assert all(node not in others for node, others in enumerate(given.neighbours))
    assert all(given.delay[other, node] == delay for (node, other), delay in given.delay.items())
    assert sum(given.colludes) == 10


def test_liars_list_one_another_and_nobody_else_more() -> None:
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


def test_the_first_spy_hears_from_whom_it_came() -> None:
    heard = line("x..o.x").first_spy(3)
    assert heard is not None
    assert (heard.by, heard.before) == (5, 4)
    assert heard.after_s == pytest.approx(0.2)
    assert sorted(node for node, _ in line("x..o.x").mistaken_sources(3)) == [3, 4]


def test_colluders_tell_pieces_between_honest_nodes() -> None:
    path = (0, 1, 2, 3, 4, 5)
    assert [path[a:b] for a, b in pieces(path, line(".x..xx").colludes)] == [(0, 1, 2), (3, 4, 5)]
    assert [path[a:b] for a, b in pieces(path, line(".xx.x.").colludes)] == [(0, 1, 2, 3), (3, 4, 5)]


def test_as_many_packets_come_by_as_the_adversary_expects() -> None:
    traffic = Traffic(mesh(50, 0.2, Random(2)), Habits(STRONG), 2)
    for piece in [traffic.draw_stem(node) for node in traffic.mesh.honest_nodes()]:
        for start, end in pieces(piece, traffic.mesh.colludes):
            told = piece[start:end]
            seen = sum(len(list(traffic.make_background(0.0)(told))) for _ in range(40))
            expected = Laws(traffic).packet_rate(told) * traffic.habits.reach_s * 40
            assert abs(seen - expected) < 6 * math.sqrt(expected) + 3


@pytest.mark.parametrize(("kind", "fresh"), [(Traffic, False), (Traffic, True), (Flows, False)])
@pytest.mark.parametrize("profile", [FAST, BALANCED, STRONG])
def test_the_posterior_is_a_probability_over_honest_nodes(
    kind: type[Traffic], fresh: bool, profile: Any
) -> None:
    traffic = kind(mesh(50, 0.2, Random(4)), Habits(profile, fresh_stems=fresh), 4)
    for writer in traffic.mesh.honest_nodes()[:10]:
        chance, seen = posterior(traffic, writer, 3, Random(5), told=False)
        assert sum(chance.values()) == pytest.approx(1.0)
        assert list(chance) == traffic.mesh.honest_nodes()
        assert chance[writer] > 0.0
        assert all(each.spent > 0.0 for each in seen)


def test_a_flood_shows_its_writer_a_tree_less_a_stem_still_less() -> None:
    flood, tree, dandelion, fast = (
        named(CASE, scheme=scheme, trials=trials)
        for scheme, trials in (("flood", 200), ("tree", 200), ("dandelion", 200), ("fast", 100))
    )
    assert 0.30 < flood < 0.46
    assert 0.13 < tree < 0.26
    assert 0.08 < dandelion < 0.21
    assert 0.05 < fast < 0.17


def test_cover_hides_one_message_and_those_who_know_which_packet_it_was_are_not_fooled() -> None:
    case = replace(CASE, scheme="strong", colluding=0.2, trials=60)
    assert named(case) < 0.13
    assert named(case, traced=True) > 0.15


def test_linked_messages_name_the_writer_if_each_takes_another_stem() -> None:
    once, pinned, fresh = (
        named(CASE, told=True, messages=count, fresh_stems=fresh, trials=trials)
        for count, fresh, trials in ((1, False, 100), (10, False, 100), (10, True, 20))
    )
    assert pinned < once + 0.08
    assert fresh > once + 0.3


@pytest.mark.parametrize(
    ("scheme", "told", "cover", "messages", "watched", "trials"),
    [
        ("balanced", True, "fresh", 1, False, 200),
        ("balanced", False, "stem", 10, False, 100),
        ("strong", True, "stem", 10, False, 40),
        ("strong", True, "stem", 10, True, 40),
        ("fast", False, "fresh", 1, False, 200),
    ],
)
def test_the_adversary_is_as_often_right_as_it_claims(
    scheme: str, told: bool, cover: str, messages: int, watched: bool, trials: int
) -> None:
    case = replace(CASE, scheme=scheme, told=told, cover=cover, messages=messages, watched=watched)
    result = measure(replace(case, colluding=0.3, trials=trials))
    assert abs(result["named"] - result["claimed"]) < 4 * result["error"]


def test_cover_on_the_stem_of_messages_shows_more_than_cover_that_takes_other_ways() -> None:
    case = replace(CASE, scheme="strong", colluding=0.3, trials=60)
    assert named(case, cover="stem") > named(case) + 0.05


def test_colluders_who_have_watched_for_hours_tell_more() -> None:
    case = replace(CASE, scheme="strong", cover="stem", colluding=0.3, trials=80)
    assert named(case, watched=True) > named(case) + 0.02


def test_an_honest_first_hop_hides() -> None:
    assert named(CASE, colluding=0.3, trusted_first=True) < named(CASE, colluding=0.3) - 0.1


def test_who_has_only_colluding_neighbours_is_known() -> None:
    assert named(CASE, near=5, trials=60) > 0.9


def test_the_same_seed_gives_the_same_figures() -> None:
    case = replace(CASE, scheme="balanced", trials=20)
    once, again, other = (measure(replace(case, seed=seed)) for seed in (1, 1, 2))
    del once["wall_s"], again["wall_s"]
    assert once == again
    assert once["entropy_bits"] != other["entropy_bits"]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(
        main, ("adversary", "--nodes", "50", "--trials", "5", "--jobs", "1", *arguments)
    )


def test_the_command_tries_every_scheme() -> None:
    out = run("--p", "0.2", "--json").stdout
    told = [(result["scheme"], result["messages"]) for result in map(json.loads, out.splitlines())]
    assert told == [
        *(("flood", 1), ("tree", 1), ("dandelion", 1)),
        *((profile, count) for profile in ("fast", "balanced", "strong") for count in (1, 10)),
    ]


def test_the_table_names_what_was_tried() -> None:
    out = run("--p", "0.2", "--profile", "fast", "--messages", "1").stdout
    assert "named" in out
    assert "fast" in out


def test_what_was_kept_is_shown_and_drawn_without_trying_it_again(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    kept, picture = tmp_path / "kept", tmp_path / "picture.svg"
    kept.write_text(run("--profile", "fast", "--json", "--near", "2").stdout)
    out = run("--kept", str(kept), "--plot", str(picture)).stdout
    assert "fast, 2 neighbours collude" in out
    assert "10 messages that it can link" in picture.read_text()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--p", "0"), "need a colluder"),
        (("--p", "1"), "need a colluder"),
        (("--messages", "0"), "need a message"),
        (("--fresh-stems",), "can only be fresh"),
        (("--kept", __file__), "need lines"),
        (("--seeking", "seek", "--near", "2"), "tell no false ones"),
        (("--nodes", "5", "--p", "0.2", "--profile", "strong", "--messages", "1"), "need more nodes"),
    ],
)
def test_what_cannot_be_tried_is_refused(arguments: tuple[str, ...], complaint: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr

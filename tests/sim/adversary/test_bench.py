"""The adversary's bench: what is known to be weak comes out weak, what hides comes out hidden, and the
adversary reckons right."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from p2pchat.sim.adversary.bench import Case, measure

CASE = Case("fast", nodes=100, colluding=0.1, trials=150, seed=3, cover="fresh")


def named(case: Case, **changes: Any) -> float:
    share: float = measure(replace(case, **changes))["named"]
    return share


@cache
def claimed(case: Case) -> float:
    """What the adversary thinks of its guesses, and rightly: this varies less than how many were right."""
    share: float = measure(case)["claimed"]
    return share


def test_a_flood_shows_its_writer_a_tree_less_a_stem_still_less() -> None:
    flood, tree, dandelion, fast = (
        named(CASE, scheme=scheme, trials=trials)
        for scheme, trials in (("flood", 200), ("tree", 200), ("dandelion", 200), ("fast", 100))
    )
    assert 0.30 < flood < 0.46
    assert 0.13 < tree < 0.26
    assert 0.08 < dandelion < 0.21
    assert 0.05 < fast < 0.17


def test_cover_hides_one_message_except_from_colluders_that_know_the_packet() -> None:
    case = replace(CASE, scheme="strong", colluding=0.2, trials=40)
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
        ("balanced", True, "fresh", 1, False, 100),
        ("balanced", False, "stem", 10, False, 60),
        ("strong", True, "stem", 10, False, 20),
        ("strong", True, "stem", 10, True, 20),
        ("fast", False, "fresh", 1, False, 100),
    ],
)
def test_the_adversary_is_as_often_right_as_it_claims(
    scheme: str, told: bool, cover: str, messages: int, watched: bool, trials: int
) -> None:
    case = replace(CASE, scheme=scheme, told=told, cover=cover, messages=messages, watched=watched)
    result = measure(replace(case, colluding=0.3, trials=trials))
    assert abs(result["named"] - result["claimed"]) < 4 * result["error"]


FEW = replace(CASE, scheme="strong", colluding=0.3, nodes=50, trials=40)


def test_cover_on_the_stem_of_messages_shows_more_than_cover_that_takes_other_ways() -> None:
    stem, fresh = (claimed(replace(FEW, cover=cover)) for cover in ("stem", "fresh"))
    assert stem > fresh + 0.03, "with 600 trials .120 and .043 of the guesses are right"


def test_colluders_who_have_watched_for_hours_tell_more() -> None:
    case = replace(FEW, cover="stem")
    assert claimed(replace(case, watched=True)) > claimed(case) + 0.02


def test_an_honest_first_hop_hides() -> None:
    case = replace(CASE, colluding=0.3, trials=80)
    assert named(case, trusted_first=True) < named(case) - 0.1


def test_a_writer_with_only_colluding_neighbours_is_known() -> None:
    assert named(CASE, near=5, trials=30) > 0.9


def test_the_same_seed_gives_the_same_figures() -> None:
    case = replace(CASE, scheme="balanced", trials=10)
    once, again, other = (measure(replace(case, seed=seed)) for seed in (1, 1, 2))
    del once["wall_s"], again["wall_s"]
    assert once == again
    assert once["entropy_bits"] != other["entropy_bits"]

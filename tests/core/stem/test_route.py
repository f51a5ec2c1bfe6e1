"""Stems: random simple paths over links that both ends list."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.stem.route import draw
from p2pchat.core.values.profile import PROFILES, STRONG
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId

Links = dict[HopId, list[HopId]]
A, B, C, D, HUB = (HopId(name.encode()) for name in "abcdh")


def links(*pairs: str) -> Links:
    """``links("ab", "bc")``: a – b – c."""
    found: Links = {}
    for pair in pairs:
        for one, other in ((pair[0], pair[1]), (pair[1], pair[0])):
            found.setdefault(HopId(one.encode()), []).append(HopId(other.encode()))
    return found


def complete(size: int) -> Links:
    nodes = [HopId(bytes([97 + index])) for index in range(size)]
    return {node: [other for other in nodes if other != node] for node in nodes}


@given(
    edges=st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9))), hops=st.integers(1, 5), seed=st.integers()
)
def test_a_stem_is_a_simple_path_over_links_that_both_ends_list(
    edges: set[tuple[int, int]], hops: int, seed: int
) -> None:
    nodes = [HopId(bytes([node])) for node in range(10)]
    listed: Links = {node: [] for node in nodes}
    for one, other in sorted(edges):
        listed[nodes[one]].append(nodes[other])
    stem = draw(listed, nodes[0], hops, SeededEntropy(seed))
    if stem is not None:
        assert len(stem) == hops
        way = (nodes[0], *stem)
        assert len(set(way)) == hops + 1
        assert all(b in listed[a] and a in listed[b] for a, b in zip(way, stem, strict=False))


def test_the_only_path_is_found_past_dead_ends() -> None:
    mesh = links("ab", "bc", "cd", "ax", "xy", "bz")
    assert all(draw(mesh, A, 3, SeededEntropy(seed)) == (B, C, D) for seed in range(20))


def test_there_is_none_in_a_mesh_too_small() -> None:
    assert draw(complete(5), A, 5, SeededEntropy(1)) is None
    assert draw(complete(6), A, 5, SeededEntropy(1)) is not None
    assert draw({}, A, 1, SeededEntropy(1)) is None


def test_a_link_only_one_end_lists_is_none() -> None:
    assert draw({A: [B], B: []}, A, 1, SeededEntropy(1)) is None


def test_a_contact_is_the_first_hop_where_it_can_be() -> None:
    mesh = links("ab", "ac", "ad", "bc", "bd", "cd", "be")
    assert all(draw(mesh, A, 2, SeededEntropy(s), first=[C])[0] == C for s in range(20))  # type: ignore[index]
    dead_end = links("ab", "ac", "cd")
    assert draw(dead_end, A, 2, SeededEntropy(1), first=[B]) == (C, D)


def test_a_neighbour_that_claims_more_links_is_not_taken_more_often() -> None:
    mesh = links(
        "ab", "ac", "bd", "de", *(f"c{each}" for each in "uvwxyz"), *(f"{each}e" for each in "uvwxyz")
    )
    firsts = Counter((draw(mesh, A, 3, SeededEntropy(seed)) or (None,))[0] for seed in range(1000))
    assert 430 < firsts[C] < 570


def test_a_node_with_many_links_is_no_likelier_a_later_hop() -> None:
    """Ten nodes in a ring, each linked with its two next; the hub has links with all of them."""
    ring = [HopId(bytes([65 + place])) for place in range(10)]
    mesh = {
        node: [ring[(place + step) % 10] for step in (-2, -1, 1, 2)] + [HUB]
        for place, node in enumerate(ring)
    }
    mesh[HUB] = ring
    later: Counter[HopId] = Counter()
    for seed in range(2000):
        later.update((draw(mesh, ring[seed % 10], 3, SeededEntropy(seed)) or ())[1:])
    assert later[HUB] / later.total() < 1.4 / 11, "a plain walk is there in 2 of 11"


def test_the_profiles_are_what_the_protocol_says() -> None:
    table = {p.name: (p.hops, p.delay_s, p.cover_per_s, p.on_clock) for p in PROFILES.values()}
    assert table == {
        "fast": ((3, 5), 0.0, 0.0, False),
        "balanced": ((4, 5), 0.18, 2.5, False),
        "strong": ((4, 5), 0.66, 8.0, True),
    }


def test_every_length_of_a_profile_is_drawn_as_often() -> None:
    lengths = Counter(PROFILES["fast"].draw_length(SeededEntropy(seed)) for seed in range(900))
    assert set(lengths) == {3, 4, 5}
    assert min(lengths.values()) > 230
    assert {STRONG.draw_length(SeededEntropy(seed)) for seed in range(50)} == {4, 5}

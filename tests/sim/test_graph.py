"""The graph of links: its pieces, and the shortest ways over it."""

from __future__ import annotations

import pytest

from p2pchat.sim.graph import Graph

RING = Graph({0: [1, 3], 1: [0, 2], 2: [1, 3], 3: [0, 2]})


def test_links_are_counted_at_both_ends() -> None:
    assert RING.links_mean == 2.0


def test_pieces_are_told_by_size() -> None:
    assert RING.piece_sizes() == [4]
    assert Graph({0: [1], 1: [0], 2: [], 3: [4], 4: [3, 5], 5: [4]}).piece_sizes() == [3, 2, 1]


def test_the_shortest_way_need_not_have_the_fewest_links() -> None:
    latencies = {(0, 1): 0.1, (1, 2): 0.1, (2, 3): 0.1, (0, 3): 0.5}

    def latency(a: int, b: int) -> float:
        return latencies[min(a, b), max(a, b)]

    assert RING.shortest_times(latency) == pytest.approx([0.1] * 6 + [0.2] * 4 + [0.3] * 2)


def test_what_cannot_be_reached_takes_no_time() -> None:
    assert Graph({0: [1], 1: [0], 2: []}).shortest_times(lambda a, b: 1.0) == [1.0, 1.0]

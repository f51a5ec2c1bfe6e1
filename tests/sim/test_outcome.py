"""Each figure follows from what was counted; what nothing tells of is None."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchat.sim.graph import Graph
from p2pchat.sim.outcome import Figures, Part, Returned, copies
from p2pchat.sim.tally import Late, Window
from p2pchat.wire.geometry import GEOMETRY


def window_of(due: int, *latencies: float) -> Window:
    window = Window()
    window.cells, window.due = 1, due
    for latency in latencies:
        window.count_latency(latency)
    return window


def figures(window: Window, counters: Counter[str], late: Late | None = None) -> Figures:
    part = Part(1.0, 10.0, window, Window(), counters, frames=20)
    graph = Graph({0: [1], 1: [0], 2: []})
    return Figures([part], 2.0, counters, late or Late(), Returned(), graph, [0.1, 0.2], None, None)


def test_copies_are_pushes_per_first_sight_of_what_was_delivered() -> None:
    counters = Counter({"cells relayed": 10, "cells seen again": 5})
    assert copies(window_of(4, 0.1, 0.1), counters) == pytest.approx(0.75)
    assert copies(window_of(4), Counter()) is None


def test_figures_of_a_run() -> None:
    told = figures(window_of(4, 0.1, 0.1, 0.3), Counter({"tree: grafts": 3}), Late(2, 1, 4, 3)).as_json()
    assert (told["cells"], told["delivered_ratio"], told["grafts"]) == (1, 0.75, 3)
    assert told["latency_p50_s"] == pytest.approx(0.1, abs=0.01)
    assert told["bytes_per_node_s"] == GEOMETRY.frame
    assert (told["partitions"], told["links_mean"]) == (2, 0.67)
    assert (told["recovered_ratio"], told["late"]["seen_in_the_end"]) == (0.75, 1)


def test_what_nothing_tells_of_is_none() -> None:
    told = figures(window_of(0), Counter()).as_json()
    absent = ("delivered_ratio", "copies_per_node", "latency_p99_s", "recovered_ratio", "healed_s", "relays")
    assert [told[name] for name in absent] == [None] * len(absent)


def test_what_a_node_spent_after_it_came_back_is_the_difference() -> None:
    returned, before = Returned(), Counter({"reconcile: frames sent": 2})
    after = Counter(
        {"reconcile: frames sent": 5, "reconcile: frames received": 4, "reconcile: cells recovered": 7}
    )
    returned.add_node(after, before)
    assert (returned.nodes, returned.frames, returned.cells) == (1, 7, 7)

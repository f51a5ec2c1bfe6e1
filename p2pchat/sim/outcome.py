"""What came of a run, in figures.

Knows: how each figure follows from what was counted. Does not know: how a run goes, or how figures are shown.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import Any

from p2pchat.data import dataclass
from p2pchat.sim.graph import Graph
from p2pchat.sim.tally import Late, Window
from p2pchat.wire.geometry import GEOMETRY

QUANTILES = (*(step / 20 for step in range(1, 20)), 0.99, 0.999, 1.0)
"""Enough to draw the distribution of latencies."""


@dataclass(slots=True)
class Part:
    """One part of the measuring. The cells of the ``flooder``, which writes many times its share, are
    counted in a window of their own."""

    flooder: float
    seconds: float
    window: Window
    flooded: Window
    counters: Counter[str] = field(default_factory=Counter)
    frames: int = 0


@dataclass(slots=True)
class Returned:
    """What nodes that came back spent on reconciling, sent and received, and what they had missed; frames."""

    nodes: int = 0
    frames: int = 0
    cells: int = 0

    def add_node(self, counters: Counter[str], before: Counter[str]) -> None:
        """Count a node that came back, by its counters then and now."""
        sent, received, cells = (
            counters[name] - before[name]
            for name in ("reconcile: frames sent", "reconcile: frames received", "reconcile: cells recovered")
        )
        self.nodes += 1
        self.frames += sent + received
        self.cells += cells


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was counted. ``nodes`` is the mean number that ran, ``counters`` what all nodes counted from
    the first measured cell to the end."""

    parts: list[Part]
    nodes: float
    counters: Counter[str]
    late: Late
    returned: Returned
    graph: Graph
    shortest: list[float]
    """Times of the shortest ways over the links there were when the last cell was measured, in order."""
    healed_s: float | None
    relays: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """Every figure by its name; times in seconds. None: there is nothing to tell it from."""
        whole = Window()
        for part in self.parts:
            whole.add_window(part.window)
        counters, late = self.counters, self.late
        seconds = sum(part.seconds for part in self.parts)
        frames = sum(part.frames for part in self.parts)
        exchanged = counters["reconcile: frames sent"] + counters["reconcile: cells served"]
        return {
            "cells": whole.cells,
            "delivered_ratio": _rounded(whole.ratio, 6),
            "copies_per_node": _rounded(copies(whole, counters), 3),
            "latency_p50_s": whole.latency_quantile(0.5),
            "latency_p99_s": whole.latency_quantile(0.99),
            "shortest_p50_s": _at(self.shortest, 0.5),
            "shortest_p99_s": _at(self.shortest, 0.99),
            "bytes_per_node_s": _rounded(_per(frames * GEOMETRY.frame, seconds * self.nodes), 1),
            "links_mean": round(self.graph.links_mean, 2),
            "partitions": len(self.graph.piece_sizes()),
            "grafts": sum(part.counters["tree: grafts"] for part in self.parts),
            "fetched": sum(part.counters["cells fetched"] for part in self.parts),
            "late": {
                "missed": late.overdue,
                "seen_in_the_end": late.overdue_seen,
                "waited_for": late.waited,
                "recovered": late.waited_seen,
            },
            "returned": {
                "nodes": self.returned.nodes,
                "recovered_bytes": self.returned.cells * GEOMETRY.frame,
                "overhead_bytes": self.returned.frames * GEOMETRY.frame,
            },
            "recovered_ratio": _rounded(_per(late.waited_seen, late.waited), 6),
            "reconcile_bytes": exchanged * GEOMETRY.frame,
            "reconcile_overhead_bytes": counters["reconcile: frames sent"] * GEOMETRY.frame,
            "healed_s": _rounded(self.healed_s, 1),
            "relays": self.relays,
            "latency_quantiles_s": {f"{share:g}": whole.latency_quantile(share) for share in QUANTILES},
            "parts": [_part(part, self.nodes) for part in self.parts] if len(self.parts) > 1 else [],
            "counters": dict(sorted((name, count) for name, count in counters.items() if count)),
        }


def copies(window: Window, counters: Counter[str]) -> float | None:
    """How often a cell came to a node, over all pairs of a cell and a node but its origin that was there.

    Pushes are counted from the first measured cell to the end, with any cell; per first sight, so
    that cells of the warm-up still on their way weigh nothing.
    """
    first, repeated = counters["cells relayed"], counters["cells seen again"]
    return (first + repeated) / first * (window.ratio or 0.0) if first else None


def _part(part: Part, nodes: float) -> dict[str, Any]:
    return {
        "flooder_times": part.flooder,
        "cells": part.window.cells,
        "delivered_ratio": _rounded(part.window.ratio, 6),
        "latency_p50_s": part.window.latency_quantile(0.5),
        "latency_p99_s": part.window.latency_quantile(0.99),
        "bytes_per_node_s": _rounded(_per(part.frames * GEOMETRY.frame, part.seconds * nodes), 1),
        "flooder_cells": part.flooded.cells,
        "flooder_delivered_ratio": _rounded(part.flooded.ratio, 6),
        "refused": part.counters["cells refused: no credit"],
        "misused": part.counters["onions misused"],
    }


def _at(ordered: list[float], share: float) -> float | None:
    return round(ordered[int(share * (len(ordered) - 1))], 4) if ordered else None


def _per(count: float, of: float) -> float | None:
    return count / of if of else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)

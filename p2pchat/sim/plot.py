"""Results of runs as a picture.

Knows: matplotlib. Does not know: how results came about, or text for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from p2pchat.errors import UsageError
from p2pchat.sim.show import label

COLOURS: Final = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#e15759", "#76b7b2", "#9c755f", "#79706e")
_MARKERS: Final = "os^Dvph*"
STYLE: Final = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "font.size": 9,
    "svg.hashsalt": "p2pchat",  # the same results give the same file
    "svg.fonttype": "none",
}


def draw(results: Sequence[Mapping[str, Any]], place: Path) -> None:
    """Copies against time, and how soon cells arrive; of runs with hostile relays, how soon stems lead round
    them. Raises UsageError if it cannot be written there."""
    hostile = [result for result in results if result.get("relays") is not None]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        if hostile:
            _exposed(left, hostile)
            _delivered(right, hostile)
        else:
            _copies(left, results)
            _arrivals(right, results)
        figure.suptitle(_title(hostile or results), fontsize=10)
        save(figure, place)


def _exposed(axes: Axes, results: Sequence[Mapping[str, Any]]) -> None:
    """Draw the share of exposed stems by the seconds since the attack began."""
    for result, colour in zip(results, COLOURS, strict=False):
        shares = result["relays"]["shares"][: int(result["relays"]["measured_s"])]
        axes.plot(range(1, len(shares) + 1), shares, color=colour, label=_misconduct(result))
    axes.set_xlabel(f"seconds since they began, {results[0]['nodes']} nodes")
    axes.set_ylabel("share of stems that lead over hostile relays")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)


def _delivered(axes: Axes, results: Sequence[Mapping[str, Any]]) -> None:
    for result, colour in zip(results, COLOURS, strict=False):
        parts = result["parts"]
        step = result["relays"]["measured_s"] / len(parts)
        middles = [(number + 0.5) * step for number in range(len(parts))]
        axes.plot(middles, [part["delivered_ratio"] for part in parts], "o-", color=colour, markersize=3)
    axes.set_xlabel("written so many seconds after they began")
    axes.set_ylabel("share of cells delivered, without a repeat")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.02)


def _misconduct(result: Mapping[str, Any]) -> str:
    relays = result["relays"]
    return f"{result['set'].get('settings.profile', 'balanced')}: {relays['hostile']} relays {relays['does']}"


def save(figure: Figure, place: Path) -> None:
    """Raises UsageError if it cannot be written there."""
    try:
        figure.savefig(place, dpi=150, metadata={"Date": None} if place.suffix == ".svg" else None)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot draw {place}: {error}") from None


def _copies(axes: Axes, results: Sequence[Mapping[str, Any]]) -> None:
    """Draw one point for each run: its cost and its speed. A line goes on to the slowest hundredth."""
    sizes = list(dict.fromkeys(result["nodes"] for result in results))
    for name, colour in _coloured(results):
        for place, nodes in enumerate(sizes):
            for result in results:
                if label(result) == name and result["nodes"] == nodes:
                    copies, p50, p99 = (
                        result[key] for key in ("copies_per_node", "latency_p50_s", "latency_p99_s")
                    )
                    axes.plot([p50, p99], [copies, copies], color=colour, alpha=0.4, linewidth=1)
                    axes.plot(p50, copies, _MARKERS[place % len(_MARKERS)], color=colour, markersize=6)
        axes.plot([], [], "o", color=colour, label=name)
    for place, nodes in enumerate(sizes):
        axes.plot([], [], _MARKERS[place % len(_MARKERS)], color="0.5", label=f"{nodes} nodes")
    axes.set_xlabel("seconds to a recipient: median, line to 99 %")
    axes.set_ylabel("copies of a cell a node")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)


def _arrivals(axes: Axes, results: Sequence[Mapping[str, Any]]) -> None:
    """The share of recipients by time, in the largest mesh in which most strategies were run."""
    sizes = Counter(result["nodes"] for result in results)
    largest = max(sizes, key=lambda nodes: (sizes[nodes], nodes))
    for name, colour in _coloured(results):
        for result in results:
            if label(result) == name and result["nodes"] == largest:
                points = [
                    (at, float(share))
                    for share, at in result["latency_quantiles_s"].items()
                    if at is not None and float(share) <= 0.999
                ]
                axes.plot(*zip(*points, strict=True), color=colour, label=name)
    axes.set_xlabel(f"seconds, {largest} nodes")
    axes.set_ylabel("share of recipients reached")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1)
    axes.legend(frameon=False, fontsize=8, loc="lower right")


def _coloured(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    names = dict.fromkeys(label(result) for result in results)
    return [(name, COLOURS[place % len(COLOURS)]) for place, name in enumerate(names)]


def _title(results: Sequence[Mapping[str, Any]]) -> str:
    scenarios = ", ".join(dict.fromkeys(str(result["scenario"]) for result in results))
    return f"scripts/sim, scenario {scenarios}, seed {results[0]['seed']}"

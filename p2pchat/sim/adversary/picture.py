"""What the adversary found, as a picture.

Knows: matplotlib, and how the simulator's pictures look. Does not know: how the adversary guesses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from p2pchat.sim.plot import COLOURS, STYLE, save
from p2pchat.sim.show import hidden_by

_LOOKS: Final[dict[str, dict[str, Any]]] = {
    scheme: {"color": COLOURS[place], "marker": "os^Dvp"[place], "markersize": 5}
    for place, scheme in enumerate(("flood", "tree", "dandelion", "fast", "balanced", "strong"))
}
"""Colour and mark always show the scheme of a case; lines tell that."""
_LINES: Final = ("-", "--", ":", "-.", (0, (4, 1, 1, 1, 1, 1)))


def draw_guesses(results: Sequence[Mapping[str, Any]], place: Path) -> None:
    """How often the adversary names the writer in the largest mesh, by the share that colludes, and how
    unsure it is: of one message, and of several. Cases tried with one share only are left out. Raises
    UsageError if it cannot be written there."""
    largest = max(result["nodes"] for result in results)
    shown = _cases([result for result in results if result["nodes"] == largest])
    counts = sorted({result["messages"] for case in shown.values() for result in case})
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.8 * len(counts), 8.6), layout="constrained")
        for (upper, lower), count in zip(
            figure.subplots(2, len(counts), squeeze=False).T, counts, strict=True
        ):
            _column(upper, lower, shown, count)
            lower.set_xlabel(f"share of {largest} nodes that colludes")
        handles = {
            name: line
            for axes in figure.axes
            for line, name in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            handles.values(),
            handles,
            loc="outside lower center",
            ncols=4,
            frameon=False,
            fontsize=8,
            handlelength=3,
        )
        save(figure, place)


def _cases(results: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the results by name, in the order of the schemes, where more than one share was tried."""
    cases: dict[str, list[Mapping[str, Any]]] = {}
    for result in sorted(results, key=lambda result: result["colluding"]):
        cases.setdefault(hidden_by(result), []).append(result)
    several = {name: case for name, case in cases.items() if len({row["colluding"] for row in case}) > 1}
    return dict(
        sorted(several.items(), key=lambda item: (_unusual(item[0]), list(_LOOKS).index(_scheme(item[0]))))
    )


def _column(upper: Axes, lower: Axes, cases: Mapping[str, Sequence[Mapping[str, Any]]], count: int) -> None:
    """Guesses above, doubts below. What names the writer without a stem does so again every time; and of its
    doubts nothing is said: there the first spy just guesses."""
    lines = {
        unusual: _LINES[n % len(_LINES)] for n, unusual in enumerate(dict.fromkeys(map(_unusual, cases)))
    }
    for name, case in cases.items():
        look: dict[str, Any] = {**_LOOKS[_scheme(name)], "linestyle": lines[_unusual(name)], "label": name}
        found = [row for row in case if row["claimed"] is None or row["messages"] == count]
        if found:
            shares, named, errors = zip(
                *((row["colluding"], row["named"], 1.96 * row["error"]) for row in found), strict=True
            )
            upper.errorbar(shares, named, errors, **look)
        doubts = [(row["colluding"], row["entropy_bits"]) for row in found if row["entropy_bits"] is not None]
        if doubts:
            lower.plot(*zip(*doubts, strict=True), **look)
    upper.axline((0, 0), slope=1, color="0.6", linewidth=1, linestyle=":")
    upper.set_title("one message" if count == 1 else f"{count} messages that it can link", fontsize=9)
    upper.set_ylabel("best guess names the writer")
    upper.set_ylim(0, 0.8)
    lower.set_ylabel("entropy of the posterior, bits")
    lower.set_ylim(bottom=0)
    for axes in (upper, lower):
        axes.set_xlim(left=0)


def _scheme(name: str) -> str:
    return name.partition(", ")[0]


def _unusual(name: str) -> str:
    return name.partition(", ")[2]

"""Results as text for people.

Knows: rich, and what each figure is called. Does not know: how it came about.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table

_NAMES = {
    "cells": ("cells measured", ""),
    "delivered_ratio": ("delivered within 30 s", ""),
    "copies_per_node": ("copies a node", ""),
    "latency_p50_s": ("median time", "s"),
    "latency_p99_s": ("99 % within", "s"),
    "shortest_p50_s": ("by shortest ways: median", "s"),
    "shortest_p99_s": ("by shortest ways: 99 %", "s"),
    "bytes_per_node_s": ("sent by a node", "B/s"),
    "links_mean": ("links a node", ""),
    "partitions": ("pieces of the mesh", ""),
    "grafts": ("grafts", ""),
    "fetched": ("cells fetched", ""),
    "recovered_ratio": ("recovered by who was away", ""),
    "reconcile_bytes": ("reconciling", "B"),
    "reconcile_overhead_bytes": ("of that, without cells", "B"),
    "healed_s": ("in one piece again after", "s"),
    "virtual_s": ("virtual time", "s"),
    "wall_s": ("it took", "s"),
    "memory_mb": ("memory", "MB"),
    "trace_digest": ("trace", ""),
}


def table(result: Mapping[str, Any]) -> str:
    """Return the figures of one run as a table."""
    table = Table(title=_title(result), title_justify="left", show_header=False)
    for key, (name, unit) in _NAMES.items():
        if result[key] is not None:
            table.add_row(name, f"{_number(result[key])} {unit}".rstrip())
    more: list[RenderableType] = []
    if result["relays"] is not None:
        more = [_relays(result["relays"]), _misused(result["parts"])]
    elif result["parts"]:
        more = [_parts(result["parts"])]
    return _printed(table, *more)


def comparison(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return a table that compares a run with an earlier one."""
    table = Table("", "was", "is", "ratio", title=_title(new), title_justify="left")
    for key, (name, unit) in _NAMES.items():
        before, after = old.get(key), new[key]
        if before is None and after is None:
            continue
        numbers = isinstance(before, (int, float)) and isinstance(after, (int, float))
        ratio = f"{after / before:.3f}" if numbers and before else "same" if before == after else ""
        table.add_row(f"{name}, {unit}" if unit else name, _number(before)[:16], _number(after)[:16], ratio)
    return _printed(table)


def trade(results: Iterable[Mapping[str, Any]]) -> str:
    """Copies against time. × is how much longer it takes than by the shortest ways over the same links."""
    table = Table("nodes", "strategy", "copies", "median", "×", "99 %", "×", "delivered", "grafts", "B/s")
    before = None
    for result in results:
        nodes = result["nodes"]
        if before not in (None, nodes):
            table.add_section()
        before = nodes
        p50, p99 = result["latency_p50_s"], result["latency_p99_s"]
        table.add_row(
            *(_number(nodes), label(result), f"{result['copies_per_node']:.2f}"),
            *(f"{p50:.3f}", f"{p50 / result['shortest_p50_s']:.2f}"),
            *(f"{p99:.3f}", f"{p99 / result['shortest_p99_s']:.2f}"),
            *(f"{result['delivered_ratio']:.4%}", _number(result["grafts"])),
            f"{result['bytes_per_node_s']:.0f}",
        )
    return _printed(table)


def guesses(results: Iterable[Mapping[str, Any]]) -> str:
    """How often the adversary's best guess was the writer."""
    table = Table("nodes", "scheme", "messages", "p", "named", "±", "claimed", "entropy, bits")
    before = None
    for result in results:
        group = result["nodes"], result["scheme"]
        if before not in (None, group):
            table.add_section()
        before = group
        table.add_row(
            *(_number(result["nodes"]), hidden_by(result), _number(result["messages"])),
            *(f"{result['colluding']:g}", f"{result['named']:.3f}", f"{result['error']:.3f}"),
            *(_number(result[key]) for key in ("claimed", "entropy_bits")),
        )
    return _printed(table)


def hidden_by(result: Mapping[str, Any]) -> str:
    """The scheme, and what is unusual about the case."""
    marks = {
        "cover by other ways": result["cover"] == "fresh" and result["scheme"] in ("balanced", "strong"),
        "fresh stems": result["fresh_stems"],
        "watched for hours": result.get("watched", False),
        "broadcast told": result["told"],
        "traced": result["traced"],
        "first hop honest": result["trusted_first"],
        f"{result['false_links']} false links": result["false_links"],
        f"formed, colluders: {result.get('seeking')}": bool(result.get("seeking")),
        f"{result['near']} neighbours collude": result["near"] is not None,
    }
    return ", ".join((result["scheme"], *(mark for mark, holds in marks.items() if holds)))


def label(result: Mapping[str, Any]) -> str:
    """The strategy, and its one constant."""
    lead = result["set"].get("damping.lead_s")
    return f"{result['strategy']} {float(lead) * 1000:g} ms" if lead else str(result["strategy"])


def _parts(parts: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(
        "one member says",
        "others: delivered",
        "median",
        "99 %",
        "sent by a node",
        "its own: delivered",
        "refused",
    )
    for part in parts:
        table.add_row(
            f"× {part['flooder_times']:g}",
            _number(part["delivered_ratio"]),
            f"{_number(part['latency_p50_s'])} s",
            f"{_number(part['latency_p99_s'])} s",
            f"{_number(part['bytes_per_node_s'])} B/s",
            _number(part["flooder_delivered_ratio"]),
            _number(part["refused"]),
        )
    return table


def _relays(relays: Mapping[str, Any]) -> Table:
    table = Table(title=f"{relays['hostile']} relays {relays['does']} onions", title_justify="left")
    for name in ("stems over them", "half left within", "nine in ten", "all", "over them in the end"):
        table.add_column(name)
    left = (f"{_number(relays[f'left_p{share}_s'])} s" for share in (50, 90, 100))
    table.add_row(_number(relays["exposed"]), *left, f"{relays['shares'][-1]:.1%}")
    return table


def _misused(parts: Iterable[Mapping[str, Any]]) -> Table:
    """Part by part, in the order of time."""
    table = Table("part", "cells", "delivered", "median", "onions misused")
    for number, part in enumerate(parts, 1):
        table.add_row(
            *(str(number), _number(part["cells"]), _number(part["delivered_ratio"])),
            *(f"{_number(part['latency_p50_s'])} s", _number(part["misused"])),
        )
    return table


def _title(result: Mapping[str, Any]) -> str:
    changes = "".join(f", {key}={value}" for key, value in result["set"].items())
    return (
        f"{result['scenario']}: {result['nodes']} nodes, {result['strategy']}, seed {result['seed']}{changes}"
    )


def _number(value: object) -> str:
    match value:
        case int():
            return f"{value:,}".replace(",", " ")
        case float():
            return f"{value:,.6g}".replace(",", " ")
        case None:
            return "–"
        case _:
            return str(value)


def _printed(*parts: RenderableType) -> str:
    picture = io.StringIO()
    width = max(100, shutil.get_terminal_size((100, 24)).columns)
    console = Console(file=picture, width=width, highlight=False, no_color=True)
    for part in parts:
        console.print(part)
    return picture.getvalue().rstrip("\n")

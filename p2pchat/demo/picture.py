"""The pictures of the demo: the mesh, and what each node on a message's way could see.

Knows: colours, columns, plain words. Does not know: when what happens (``show``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from p2pchat.demo.canvas import Canvas, Point
from p2pchat.demo.cell_path import CellPath, FirstSight
from p2pchat.demo.layout import ECHO, YOU, Layout, Pair
from p2pchat.text import shortened
from p2pchat.wire.geometry import GEOMETRY

WIDTH_MAX: Final = 88
HEIGHT: Final = 9

_STYLES: Final = {YOU: "bold cyan", ECHO: "bold green"}


def mesh_picture(
    layout: Layout,
    up: Collection[str],
    links: Collection[Pair],
    path: Sequence[str],
    width: int,
    *,
    ascii_only: bool = False,
) -> Text:
    """Draw nodes and links; ``way`` is the path of a message."""
    canvas = Canvas(width, HEIGHT, ascii_only=ascii_only)
    at = positions(layout, width)
    for pair in sorted(links, key=sorted):
        one, other = sorted(pair)
        canvas.draw_line(at[one], at[other], "bright_black", every=3)
    for one, other in pairwise(path):
        canvas.draw_line(at[one], at[other], "bold yellow")
    for name in layout.names:
        canvas.draw_label(at[name], f" {name} ", _style(name, name in up, name in path))
    return canvas.to_text()


def positions(layout: Layout, width: int) -> dict[str, Point]:
    """Where each node stands: a column for each layer, its middle nodes a little aside so that links within a
    layer can be told apart."""
    at: dict[str, Point] = {}
    gap = (width - 7) / (len(layout.layers) - 1)
    for column, names in enumerate(layout.layers):
        for row, name in enumerate(names):
            y = round((row + 0.5) * HEIGHT / len(names) - 0.5)
            aside = min(4, round(gap / 2)) if 0 < row < len(names) - 1 else 0
            at[name] = (3 + round(column * gap) + aside, y)
    return at


def _style(name: str, up: bool, on_path: bool) -> str:
    if not up:
        return "bright_black"
    if name in _STYLES:
        return _STYLES[name] + (" reverse" if on_path else "")
    return "bold yellow reverse" if on_path else "bold"


def scene(picture: Text, steps: Sequence[tuple[str, str, str]], line: str, width: int) -> RenderableType:
    """The mesh, the way so far below it, and the present activity at the bottom."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="bold")
    table.add_column(justify="right", style="bright_black")
    table.add_column()
    for step in steps:
        table.add_row(*step)
    title = Text("a mesh on this machine; every node is a process", style="bright_black")
    framed = Panel(picture, title=title, border_style="bright_black", width=width, padding=(0, 1))
    return Group(framed, *([table] if steps else []), Text(line, style="bright_black"))


def narration(text: str, path: CellPath) -> list[tuple[str, str, str]]:
    """For each node on the way its name, the time, and what it could see."""
    first, last = path[0], path[-1]
    told = [(first.node, "", _wrote(text, first))]
    told += [
        (sight.node, _after(first, sight), _relayed(sight, before, first))
        for before, sight in pairwise(path[:-1])
    ]
    return [*told, (last.node, _after(first, last), _received(last))]


def _wrote(text: str, sight: FirstSight) -> str:
    sealed = f'sealed "{shortened(text, 30)}" for echo alone'
    if sight.onion:
        return f"{sealed}, wrapped that once for each hop of its stem, and gave it to the first."
    return f"{sealed} and {_given(sight.forwarded)}."


def _relayed(sight: FirstSight, before: FirstSight, first: FirstSight) -> str:
    if sight.onion:
        layer = f"opened one layer of {GEOMETRY.frame} bytes from {before.node}"
        return f"{layer}: cannot tell the writer, the recipient, or how many hops come before and after."
    if before.onion:
        return (
            "opened the last layer: a tag it does not know, the rest noise. It "
            f"{_given(sight.forwarded)}: from here it spreads."
        )
    doubt = f" May guess that {before.node} wrote it, but cannot know." if before is first else ""
    return f"saw a tag it does not know, the rest noise.{doubt} It {_given(sight.forwarded)}."


def _received(sight: FirstSight) -> str:
    alike = f" and {_given(sight.forwarded)}, like all other nodes" * bool(sight.forwarded)
    return f"knew the tag, which is never used again; opened the seal{alike}."


def _given(count: int) -> str:
    """The number of neighbours that got it at once; the others are told of it, and ask if they lack it."""
    if not count:
        return "told its neighbours that it has it"
    return f"gave it to {count} neighbour{'' if count == 1 else 's'}"


def _after(first: FirstSight, sight: FirstSight) -> str:
    passed = datetime.fromisoformat(sight.at) - datetime.fromisoformat(first.at)
    return f"+{passed.total_seconds() * 1000:.0f} ms"

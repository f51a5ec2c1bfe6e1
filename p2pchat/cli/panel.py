"""A node's state as a picture for the terminal.

Knows: rich. Does not know: how the state was asked for.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from p2pchat.control.answers import Status
from p2pchat.text import one_line
from p2pchat.wording.exposure import hidden
from p2pchat.wording.lines import local_time
from p2pchat.wording.nearby import nearby

_COLOURS = {"up": "green", "quiet": "yellow", "confirming": "yellow", "connecting": "yellow", "down": "red"}


def status_panel(status: Status, *, coloured: bool) -> str:
    """Draw ``node status`` as wide as the terminal (80 columns where there is none)."""
    console, picture = _console(coloured)
    waits_for = status.waits_for
    parts: list[RenderableType] = [
        *([Text(f"waits for room: {one_line(waits_for)}", "bold"), Text()] if waits_for else []),
        _summary(status),
        Text(),
        _rendezvous(status),
        Text(),
        _links(status),
        Text(),
        _held(status),
        Text(),
        _counters(status),
    ]
    console.print(Panel(Group(*parts), title=Text("node"), title_align="left"))
    return picture.getvalue().rstrip("\n")


def _console(coloured: bool) -> tuple[Console, io.StringIO]:
    """One that draws into a string."""
    picture = io.StringIO()
    console = Console(
        file=picture,
        width=min(shutil.get_terminal_size((80, 24)).columns, 100),
        force_terminal=coloured,
        no_color=not coloured,
        color_system="standard" if coloured else None,
        highlight=False,
    )
    return console, picture


def doctor_panel(
    checks: Sequence[tuple[str, bool, str, str]], parties: Sequence[tuple[str, str, str]], *, coloured: bool
) -> str:
    """Checks (name, whether it is well, what was found, what to do), and parties (who, what they learn, what
    not)."""
    console, picture = _console(coloured)
    works = _table("what works", "", "found")
    for name, ok, found, advice in checks:
        works.add_row(name, Text("ok", "green") if ok else Text("problem", "bold red"), Text(found))
        if advice:
            works.add_row("", "", Text(advice, "bold"))
    learn = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 1, 0))
    for head, ratio in (("who", 2), ("learns", 5), ("does not learn", 4)):
        learn.add_column(head, ratio=ratio, overflow="fold")
    for who, learns, does_not in parties:
        learn.add_row(Text(who), Text(learns), Text(does_not))
    console.print(Group(works, Text(), learn))
    return picture.getvalue().rstrip("\n")


def settings_table(rows: Sequence[tuple[str, str, str]], *, coloured: bool) -> str:
    """Each setting's name, its value, and where that comes from."""
    console, picture = _console(coloured)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("setting", "value", "from"):
        table.add_column(head, no_wrap=head != "value", overflow="fold")
    for name, value, origin in rows:
        style = "dim" if origin == "default" else "bold"
        table.add_row(
            Text(name), Text(value or "-", style), Text(origin, "dim" if origin == "default" else "")
        )
    console.print(table)
    return "\n".join(line.rstrip() for line in picture.getvalue().rstrip("\n").split("\n"))


def _summary(status: Status) -> Table:
    table = Table.grid(padding=(0, 2))
    eager = sum(mesh.eager for mesh in status.meshes)
    up = datetime.now(UTC) - local_time(status.running_since)
    facts = {
        "health": status.health,
        "running": f"{str(up).split('.')[0]}, process {status.pid}",
        "home": one_line(status.home),
        "links": f"{status.links_up}, {eager} of them in the tree",
        "privacy": "; ".join(hidden(mesh) for mesh in status.meshes) or "in no mesh yet",
        "outbox": f"{status.outbox} waiting to be delivered",
        "memory": f"{status.memory_kb // 1024} MB, {status.cpu_s} s of CPU",
    }
    if lan := status.lan:
        facts["lan"] = nearby(lan)
    if listen := status.listen:
        facts["listens"] = one_line(listen.problem) or f"at port {listen.port}, for its own meshes"
    if status.clock is not None and (doubt := status.clock.doubt):
        facts["clock"] = one_line(doubt)
    if status.paths.turn_refused:
        facts["TURN"] = "a server refuses its user or password; see 'p2pchat config get ice'"
    for label, value in facts.items():
        table.add_row(Text(label, style="dim"), Text(value))
    return table


def _rendezvous(status: Status) -> Table:
    table = _table("rendezvous", "", "why not")
    for each in status.rendezvous:
        table.add_row(
            Text(one_line(each.url)),
            _state({True: "up", False: "down", None: "connecting"}[each.up]),
            Text(one_line(each.reason)),
        )
    if not status.rendezvous:
        table.add_row(
            Text("none; give one with 'invite --rendezvous URL' or 'join --rendezvous URL'", style="dim")
            if not status.lan
            else Text("none; others are met on your own network alone", style="dim")
        )
    return table


def _links(status: Status) -> Table:
    table = _table("link to", "", "tree", "since", "frames out", "in", "shed", "may bring")
    for link in status.links:
        since = local_time(link.since).strftime("%H:%M:%S")
        counts = (Text(str(count), justify="right") for count in (link.sent, link.received, link.shed))
        share = Text(f"{link.allowance:.0%}", justify="right")
        tree = Text("eager" if link.eager else "lazy" if link.state == "up" else "")
        table.add_row(Text(link.peer or "?"), _state(link.state), tree, Text(since), *counts, share)
    if not status.links:
        table.add_row(Text("none yet: nobody of the mesh is there", style="dim"))
    return table


def _held(status: Status) -> Table:
    table = _table("held for who is away", "cells", "MB", "of", "since", "dropped")
    for mesh in status.meshes:
        since = local_time(mesh.held_since).strftime("%a %H:%M") if mesh.held_since else "-"
        megabytes = (f"{size / 1e6:.1f}" for size in (mesh.held_bytes, mesh.hold_budget))
        cells = (str(mesh.held_cells), *megabytes, since, str(mesh.dropped))
        role = "greeter" if mesh.greeter else "catching up" if mesh.reconciling else ""
        table.add_row(Text(f"{mesh.mesh[:8]} {role}"), *(Text(cell, justify="right") for cell in cells))
    return table


def _counters(status: Status) -> Text:
    counted = [f"{name} {number}" for name, number in sorted(status.counters.items())]
    return Text("  ".join(counted) or "nothing counted yet", style="dim")


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _state(state: str) -> Text:
    return Text(state, style=_COLOURS.get(state, ""))

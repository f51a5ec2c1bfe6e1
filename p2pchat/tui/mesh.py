"""The panel about the mesh, and what the doctor found, drawn.

Knows: the node's status. Does not know: when it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from p2pchat.control.answers import Check, RendezvousStatus, Status
from p2pchat.text import one_line
from p2pchat.wording.advice import ADVICE
from p2pchat.wording.exposure import exposures, hidden, hidden_in_short
from p2pchat.wording.nearby import nearby

PROMISES = {
    "fast": "a stem without delays: who watches your line sees when you write",
    "balanced": "a stem with small delays and some cover; who watches your line may see when you write",
    "strong": "a stem with delays and cover on a clock of its own: your line does not show when you write",
}


def mesh_picture(status: Status) -> RenderableType:
    """Health, how we hide, links."""
    parts: list[RenderableType] = [Text(status.health, "bold"), Text()]
    if status.clock is not None and (doubt := status.clock.doubt):
        parts += [Text(one_line(doubt), "bold"), Text()]
    for mesh in status.meshes:
        parts += [Text(hidden_in_short([mesh])[0]), Text(hidden(mesh), "dim")]
        if promise := PROMISES.get(mesh.hidden.profile if mesh.hidden is not None else ""):
            parts.append(Text(f"({promise}; F10 chooses another)", "dim"))
        parts.append(Text())
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("neighbour", "", "out", "in"):
        table.add_column(head, justify="right" if head in ("out", "in") else "left")
    for link in status.links:
        counts = (str(link.sent), str(link.received))
        table.add_row(*(Text(each) for each in (str(link.peer or "?")[:8], link.state, *counts)))
    packets = Text("packets out and in, since each link came up", "dim")
    parts += [table, packets] if status.links else [Text("no link yet", "dim")]
    parts += [Text(), *(_rendezvous(each) for each in status.rendezvous)]
    if lan := status.lan:
        parts.append(Text(nearby(lan), "dim"))
    held = sum(mesh.held_cells for mesh in status.meshes)
    facts = (
        f"{status.outbox} messages of yours on the way",
        f"stores {held} packets for absent people",
        f"memory: {status.memory_kb // 1024} MB",
    )
    return Group(*parts, Text(), *(Text(each, "dim") for each in facts))


def _rendezvous(each: RendezvousStatus) -> Text:
    down = f"down: {one_line(each.reason)}"
    state = {True: "is up", False: f"is {down}", None: "is being tried"}[each.up]
    return Text(f"rendezvous {one_line(each.url)} {state}", "dim")


def doctor_picture(found: Sequence[Check], status: Status) -> RenderableType:
    """What works, then who learns what."""
    parts: list[RenderableType] = []
    for each in found:
        line = Text("✓ " if each.ok else "✗ ", "green" if each.ok else "bold red")
        line.append(f"{each.name}: ", "bold")
        line.append(one_line(each.found))
        parts.append(line)
        if not each.ok:
            parts.append(Text(f"  {ADVICE[each.name]}", "bold"))
    for party in exposures(status):
        parts += [
            Text(),
            Text(party.party, "bold"),
            Text(f"learns {party.learns}"),
            Text(f"does not learn {party.does_not}", "dim"),
        ]
    return Group(*parts)

"""The state of a node: the whole, or the part beside a conversation.

Knows: which parts of a status are shown, and how. Does not know: when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from p2pchat.control.answers import LinkInfo, MembershipInfo, NodeInfo
from p2pchat.control.values import given
from p2pchat.text import one_line
from p2pchat.wording.exposure import hidden, hidden_in_short
from p2pchat.wording.lines import local_time
from p2pchat.wording.nearby import nearby
from p2pchat.wording.rooms import room_counts

PROMISES: Final = {
    "fast": "a stem without delays: an observer of your line sees when you write",
    "balanced": "a stem with small delays and some cover; an observer of your line may see when you write",
    "strong": "a stem with delays and cover on a clock of its own: your line does not show when you write",
}

MEGABYTE: Final = 1 << 20
"""The setting of the hold counts in these megabytes, and its 128 MB stand beside."""

_COLOURS: Final = {
    "up": "green",
    "quiet": "yellow",
    "confirming": "yellow",
    "connecting": "yellow",
    "down": "red",
}

_RENDEZVOUS: Final = {True: "up", False: "down", None: "connecting"}

_LINKS: Final[tuple[tuple[str, bool, Callable[[LinkInfo], str]], ...]] = (
    ("neighbour", True, lambda link: link.peer or "?"),
    ("", True, lambda link: link.state),
    ("tree", False, lambda link: "eager" if link.eager else "lazy" if link.state == "up" else ""),
    ("since", False, lambda link: f"{local_time(link.since):%H:%M:%S}"),
    ("out", True, lambda link: str(link.sent)),
    ("in", True, lambda link: str(link.received)),
    ("shed", False, lambda link: str(link.shed)),
    ("may bring", False, lambda link: f"{link.allowance:.0%}"),
)
"""Columns: the head, whether the narrow picture has it, and the text for a link."""


def status_picture(status: NodeInfo) -> RenderableType:
    """The whole state, in a frame."""
    parts = (_figures(status), _rendezvous(status), _links(status), _held(status), _counters(status))
    spaced = [piece for part in parts for piece in (part, Text())][:-1]
    return Panel(Group(*_troubles(status), *spaced), title=Text("node"), title_align="left")


def mesh_picture(status: NodeInfo, trouble: str = "") -> RenderableType:
    """The part that fits into some forty columns: health, privacy, links. ``trouble``: what keeps a message
    from being delivered."""
    held = sum(mesh.held_cells for mesh in status.meshes)
    figures = _known(status)
    return Group(
        *(
            (Text(one_line(trouble), "bold reverse"), Text())
            if trouble and trouble not in status.health
            else ()
        ),
        Text(status.health, "bold"),
        Text(),
        *_troubles(status),
        *(line for mesh in status.meshes for line in _hiding(mesh)),
        _links(status, narrow=True),
        Text("frames out and in, since each link came up", "dim"),
        Text(),
        *_rendezvous_lines(status),
        Text(),
        Text(
            f"{figures['outbox']}\nstores {held} packets for absent people\nmemory: {figures['memory']}",
            "dim",
        ),
    )


def _troubles(status: NodeInfo) -> list[Text]:
    """The most important lines for a person."""
    lines = [f"waits for room: {one_line(status.waits_for)}"] if status.waits_for else []
    if status.clock is not None and status.clock.doubt:
        lines.append(f"clock: {one_line(status.clock.doubt)}")
    if status.paths.turn_refused:
        lines.append("TURN: your server refuses its user or password; see 'p2pchat config get ice'")
    if given(status.paths.hinted_refused):
        lines.append("TURN: the rendezvous' TURN server refuses you; tell its operator")
    return [piece for line in lines for piece in (Text(line, "bold"), Text())]


def _known(status: NodeInfo) -> dict[str, str]:
    eager = sum(mesh.eager for mesh in status.meshes)
    up = datetime.now(UTC) - local_time(status.running_since)
    known = {
        "health": status.health,
        "running": f"{str(up).split('.')[0]}, process {status.pid}",
        "home": one_line(status.home),
        "links": f"{status.links_up}, {eager} of them in the tree",
        "privacy": "; ".join(hidden(mesh) for mesh in status.meshes) or "in no mesh yet",
        "outbox": f"{status.outbox} waiting to be delivered",
        "memory": f"{status.memory_kb // 1024} MB, {status.cpu_s:.1f} s of CPU",
    }
    if (rooms := given(status.rooms)) is not None and (rooms.rooms or rooms.offers):
        known["rooms"] = room_counts(rooms)
    if status.lan is not None:
        known["lan"] = nearby(status.lan)
    if (listen := status.listen) is not None:
        known["listens"] = one_line(listen.problem) or f"at port {listen.port}, for its own meshes"
    return known


def _figures(status: NodeInfo) -> Table:
    table = Table.grid(padding=(0, 2))
    for label, value in _known(status).items():
        table.add_row(Text(label, style="dim"), Text(value))
    return table


def _hiding(mesh: MembershipInfo) -> list[Text]:
    has_stem = mesh.hidden is not None and mesh.hidden.stem.hops > 0 and mesh.hidden.stem.state != "none"
    promise = PROMISES.get(mesh.hidden.profile, "") if mesh.hidden is not None and has_stem else ""
    lines = [Text(hidden_in_short([mesh])[0]), Text(hidden(mesh), "dim")]
    return [*lines, *([Text(f"({promise}; F10 chooses another)", "dim")] if promise else []), Text()]


def _rendezvous(status: NodeInfo) -> Table:
    table = _table("rendezvous", "", "why not")
    for place in status.rendezvous:
        table.add_row(Text(one_line(place.url)), _state(_RENDEZVOUS[place.up]), Text(one_line(place.reason)))
    if not status.rendezvous:
        table.add_row(_no_rendezvous(status))
    return table


def _rendezvous_lines(status: NodeInfo) -> Iterator[Text]:
    """The same where there is no room for columns: no reason takes columns from an address."""
    yield Text("rendezvous", "dim")
    for place in status.rendezvous:
        yield Text.assemble(one_line(place.url), "  ", _state(_RENDEZVOUS[place.up]), overflow="fold")
        if place.reason:
            yield Text(one_line(place.reason), "dim")
    if not status.rendezvous:
        yield _no_rendezvous(status)


def _no_rendezvous(status: NodeInfo) -> Text:
    given = "give one with 'invite --rendezvous URL' or 'join --rendezvous URL'"
    return Text(f"none; {given if status.lan is None else 'you meet others on your own network only'}", "dim")


def _links(status: NodeInfo, *, narrow: bool = False) -> Table:
    columns = [column for column in _LINKS if column[1] or not narrow]
    table = _table(*(head for head, _, _ in columns))
    for link in status.links:
        cells = [
            Text(told(link), justify="right" if told(link).isdigit() else None) for _, _, told in columns
        ]
        cells[1] = _state(link.state)
        table.add_row(*cells)
    if not status.links:
        table.add_row(Text("none yet", style="dim"))  # the health says why
    return table


def _held(status: NodeInfo) -> Table:
    table = _table("held for absent members", "cells", "MB", "of", "since", "dropped")
    for mesh in status.meshes:
        since = f"{local_time(mesh.held_since):%a %H:%M}" if mesh.held_since else "-"
        megabytes = (f"{size / MEGABYTE:.1f}" for size in (mesh.held_bytes, mesh.hold_budget))
        cells = (str(mesh.held_cells), *megabytes, since, str(mesh.dropped))
        role = "greets newcomers" if mesh.greeter else "catching up" if mesh.reconciling else ""
        table.add_row(Text(f"{mesh.mesh[:8]} {role}"), *(Text(cell, justify="right") for cell in cells))
    return table


def _counters(status: NodeInfo) -> Text:
    counted = [f"{name} {number}" for name, number in sorted(status.counters.items())]
    return Text("  ".join(counted) or "nothing counted yet", style="dim")


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _state(state: str) -> Text:
    return Text(state, style=_COLOURS.get(state, ""))

"""The demo without pictures: a transcript and the facts, for pipes, logs and scripts.

Knows: what is printed, and when it counts as a success. Does not know: how a mesh is put together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from p2pchat.data import dataclass
from p2pchat.demo import way
from p2pchat.demo.exchange import TEXTS, Exchange, talking
from p2pchat.demo.layout import ECHO, YOU, Layout
from p2pchat.demo.mesh import DemoMesh, formed, running
from p2pchat.errors import P2PChatError
from p2pchat.text import shortened
from p2pchat.wire.geometry import GEOMETRY

TEXT_WIDTH: Final = 60


@dataclass(frozen=True, slots=True)
class Printer:
    """Where lines go: for the reader of stdout, as JSON, and for the person at the terminal."""

    print_line: Callable[[str], None]
    record: Callable[[Mapping[str, object]], None]
    say: Callable[[str], None]


async def transcript(
    layout: Layout, texts: Sequence[str], started: float, printer: Printer, *, json: bool
) -> None:
    """Send texts to the echo and print what happened. Raises P2PChatError unless every one came back."""
    mesh = DemoMesh(layout)
    async with running(mesh, printer.say):
        printer.say("waiting for links")
        await formed(mesh)
        done: list[Exchange] = []
        first_echo: float | None = None
        async with talking(mesh) as talk:
            for text in texts or TEXTS:
                done.append(await talk.exchange(text))
                if done[-1].returned and first_echo is None:
                    first_echo = time.monotonic() - started
                if not json:
                    _print_exchange(done[-1], printer)
        facts = facts_of(layout, len(await mesh.look()), done, first_echo)
        printer.record(facts) if json else _print_facts(facts, printer)
    if failure := failure_of(done):
        raise P2PChatError(failure)


def facts_of(
    layout: Layout, links: int, done: Sequence[Exchange], first_echo: float | None
) -> dict[str, Any]:
    """What a script may rely on."""
    first = next((each.way for each in done if each.way is not None), None)
    return {
        "type": "demo",
        "nodes": len(layout.names),
        "relays": len(layout.relays),
        "rendezvous": layout.places,
        "links": links,
        "hops": way.hops(first) if first is not None else None,
        "path": way.names(first) if first is not None else None,
        "sent": len(done),
        "received": sum(each.returned for each in done),
        "frame_bytes": GEOMETRY.frame,
        "seconds_to_first_echo": round(first_echo, 3) if first_echo is not None else None,
        "transcript": [_line_of(each) for each in done],
    }


def _line_of(done: Exchange) -> dict[str, Any]:
    return {
        "text": shortened(done.text, TEXT_WIDTH),
        "bytes": len(done.text.encode()),
        "returned": done.returned,
        "seconds": round(done.seconds, 3),
        "cells": done.cells,
        "path": way.names(done.way) if done.way is not None else None,
    }


def failure_of(done: Sequence[Exchange]) -> str | None:
    """Why this was not a success, in one line."""
    lost = [each for each in done if not each.returned]
    if lost:
        what = "came back altered" if lost[0].echo is not None else "did not come back"
        return (
            f"{len(lost)} of {len(done)} messages {what}, the first of them {shortened(lost[0].text, 40)!r}"
        )
    if any(each.way is None for each in done):
        return "every message came back, but the nodes did not tell by which way"
    return None


def _print_exchange(done: Exchange, printer: Printer) -> None:
    printer.print_line(f"{YOU:>5}: {shortened(done.text, TEXT_WIDTH)}")
    printer.print_line(
        f"{ECHO:>5}: {shortened(done.echo, TEXT_WIDTH) if done.echo is not None else '(nothing)'}"
    )
    printer.print_line(f"       {way_line(done)}")


def way_line(done: Exchange) -> str:
    """``you → r2 → r4 → echo, 3 hops, 1 cell, back after 41 ms``."""
    way_there = " → ".join(way.names(done.way)) if done.way is not None else "by an unknown way"
    cells = f"{done.cells} cell{'' if done.cells == 1 else 's'}"
    return f"{way_there}, {cells} of {GEOMETRY.cell} bytes, back after {done.seconds * 1000:.0f} ms"


def _print_facts(facts: dict[str, Any], printer: Printer) -> None:
    printer.print_line("")
    printer.print_line(
        f"{facts['received']} of {facts['sent']} messages came back through a mesh of {facts['nodes']} nodes "
        f"({facts['relays']} relays), {facts['links']} links and {facts['rendezvous']} rendezvous."
    )
    if facts["path"] is not None:
        printer.print_line(
            f"The first travelled {facts['hops']} hops, {' → '.join(facts['path'])}; on every link each "
            f"frame was {facts['frame_bytes']} bytes, whatever was in it."
        )
    if facts["seconds_to_first_echo"] is not None:
        printer.print_line(
            f"From the start to the first echo it took {facts['seconds_to_first_echo']:.1f} s."
        )

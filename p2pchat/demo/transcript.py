"""The demo without pictures: a transcript and the facts, for pipes, logs and scripts.

Knows: what is printed, and when it counts as a success. Does not know: how a mesh is put together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from p2pchat.data import dataclass
from p2pchat.demo import cell_path
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
    layout: Layout, texts: Sequence[str], started: float, printer: Printer, *, json: bool, room: bool = False
) -> None:
    """Send texts to the echo and print what happened. Raises P2PChatError unless every one came back."""
    mesh = DemoMesh(layout, room=room)
    async with running(mesh, printer.say):
        printer.say("waiting for links")
        await formed(mesh)
        exchanges: list[Exchange] = []
        first_echo: float | None = None
        async with talking(mesh) as echo:
            for text in texts or TEXTS:
                exchanges.append(await echo.exchange_text(text))
                if exchanges[-1].returned and first_echo is None:
                    first_echo = time.monotonic() - started
                if not json:
                    _print_exchange(exchanges[-1], printer)
        record = record_of(layout, len(await mesh.list_links()), exchanges, first_echo)
        record["room"] = len(layout.names) if room else None
        printer.record(record) if json else _print_record(record, printer)
    if failure := failure_of(exchanges):
        raise P2PChatError(failure)


def record_of(
    layout: Layout, links: int, exchanges: Sequence[Exchange], first_echo: float | None
) -> dict[str, Any]:
    """What a script may rely on."""
    first = next((exchange.path for exchange in exchanges if exchange.path is not None), None)
    return {
        "type": "demo",
        "nodes": len(layout.names),
        "relays": len(layout.relays),
        "rendezvous": layout.places,
        "links": links,
        "hops": cell_path.hops(first) if first is not None else None,
        "path": cell_path.names(first) if first is not None else None,
        "sent": len(exchanges),
        "received": sum(exchange.returned for exchange in exchanges),
        "frame_bytes": GEOMETRY.frame,
        "seconds_to_first_echo": round(first_echo, 3) if first_echo is not None else None,
        "transcript": [_line_of(exchange) for exchange in exchanges],
    }


def _line_of(exchange: Exchange) -> dict[str, Any]:
    return {
        "text": shortened(exchange.text, TEXT_WIDTH),
        "bytes": len(exchange.text.encode()),
        "returned": exchange.returned,
        "seconds": round(exchange.seconds, 3),
        "cells": exchange.cells,
        "path": cell_path.names(exchange.path) if exchange.path is not None else None,
    }


def failure_of(exchanges: Sequence[Exchange]) -> str | None:
    """Why this was not a success, in one line."""
    lost = [exchange for exchange in exchanges if not exchange.returned]
    if lost:
        what = "came back altered" if lost[0].echo is not None else "did not come back"
        first = shortened(lost[0].text, 40)
        return f"{len(lost)} of {len(exchanges)} messages {what}, the first of them {first!r}"
    if any(exchange.path is None for exchange in exchanges):
        return "every message came back, but the nodes did not tell by which way"
    return None


def _print_exchange(exchange: Exchange, printer: Printer) -> None:
    printer.print_line(f"{YOU:>5}: {shortened(exchange.text, TEXT_WIDTH)}")
    printer.print_line(
        f"{ECHO:>5}: {shortened(exchange.echo, TEXT_WIDTH) if exchange.echo is not None else '(nothing)'}"
    )
    printer.print_line(f"       {path_line(exchange)}")


def path_line(exchange: Exchange) -> str:
    """``you → r2 → r4 → echo, 3 hops, 1 cell, back after 41 ms``."""
    path_there = (
        " → ".join(cell_path.names(exchange.path)) if exchange.path is not None else "by an unknown way"
    )
    cells = f"{exchange.cells} cell{'' if exchange.cells == 1 else 's'}"
    return f"{path_there}, {cells} of {GEOMETRY.cell} bytes, back after {exchange.seconds * 1000:.0f} ms"


def _print_record(record: dict[str, Any], printer: Printer) -> None:
    printer.print_line("")
    printer.print_line(
        f"{record['received']} of {record['sent']} messages came back through a mesh of {record['nodes']} "
        f"nodes ({record['relays']} relays), {record['links']} links and {record['rendezvous']} rendezvous."
    )
    if record["path"] is not None:
        printer.print_line(
            f"The first travelled {record['hops']} hops, {' → '.join(record['path'])}; on every link each "
            f"frame was {record['frame_bytes']} bytes, whatever was in it."
        )
    if record["seconds_to_first_echo"] is not None:
        printer.print_line(
            f"From the start to the first echo it took {record['seconds_to_first_echo']:.1f} s."
        )

"""The demo on a terminal: a picture that moves, then the chat.

Knows: what is shown when, and for how long. Does not know: how a mesh is made, or drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.live import Live

from p2pchat.demo import cell_path
from p2pchat.demo.exchange import TEXTS, Exchange, talking, tell_paths
from p2pchat.demo.layout import Layout
from p2pchat.demo.mesh import DemoMesh, formed, running
from p2pchat.demo.picture import WIDTH_MAX, mesh_picture, narration, scene
from p2pchat.demo.tasks import background
from p2pchat.demo.transcript import failure_of
from p2pchat.errors import P2PChatError

FRAME_S: Final = 0.1
"""Between two drawings."""

STEP_S: Final = 1.2
"""For each hop to be looked at; in truth it takes milliseconds."""

LAST_S: Final = 3.0
"""For the last picture to be looked at, before the chat takes the screen."""

PATH_S: Final = 8.0
"""For the way of one's own message to be read."""


async def show(layout: Layout, texts: Sequence[str], *, coloured: bool, room: bool = False) -> None:
    """Show the mesh form and a message travel; then chat with the echo. Raises P2PChatError."""
    console = Console(no_color=not coloured, highlight=False)
    mesh = DemoMesh(layout, room=room)
    stage = _Stage(mesh, console)
    with Live(console=console, auto_refresh=False) as live:
        async with background(stage.keep_drawing(live)), running(mesh, stage.show_line):
            stage.show_line("the nodes look for each other")
            await formed(mesh)
            exchanges = await _exchanges(mesh, texts or TEXTS[:1])
            await stage.show_path(exchanges[0])
            stage.draw_stage(live)
            live.stop()
            await _chat(mesh, console)
            console.print("[bright_black]ending all processes of the demo[/]")


async def _exchanges(mesh: DemoMesh, texts: Sequence[str]) -> list[Exchange]:
    async with talking(mesh) as echo:
        exchanges = [await echo.exchange_text(text) for text in texts]
    await mesh.list_links()
    if failure := failure_of(exchanges):
        raise P2PChatError(failure)
    return exchanges


class _Stage:
    """What is on the screen now."""

    def __init__(self, mesh: DemoMesh, console: Console) -> None:
        self._mesh = mesh
        self._width = min(console.width, WIDTH_MAX)
        self._ascii_only = not console.encoding.lower().startswith("utf")
        self._line = ""
        self._path: list[str] = []
        self._steps: list[tuple[str, str, str]] = []

    def show_line(self, line: str) -> None:
        """What is going on."""
        self._line = line

    def draw_stage(self, live: Live) -> None:
        """Draw all of it."""
        mesh, inner = self._mesh, self._width - 4
        picture = mesh_picture(
            mesh.layout, mesh.up, mesh.links, self._path, inner, ascii_only=self._ascii_only
        )
        live.update(scene(picture, self._steps, self._line, self._width), refresh=True)

    async def keep_drawing(self, live: Live) -> None:
        """Draw for as long as the picture is up."""
        while live.is_started:
            self.draw_stage(live)
            await asyncio.sleep(FRAME_S)

    async def show_path(self, exchange: Exchange) -> None:
        """Show the way of a message, hop by hop."""
        assert exchange.path is not None, "checked"
        self.show_line("the way of one message, slowed down")
        for number, step in enumerate(narration(exchange.text, exchange.path), 1):
            self._path = cell_path.names(exchange.path)[:number]
            self._steps.append(step)
            await asyncio.sleep(STEP_S)
        hops, milliseconds = cell_path.hops(exchange.path), exchange.seconds * 1000
        self.show_line(f"{hops} hops; the echo was back here after {milliseconds:.0f} ms")


async def _chat(mesh: DemoMesh, console: Console) -> None:
    from p2pchat.tui.app import Chat

    console.print(
        f"\nNow you: whatever you write to [bold green]{mesh.counterpart}[/] comes back. Ctrl-D ends it."
    )
    await asyncio.sleep(LAST_S)
    chat = Chat(mesh.you, mesh.counterpart)

    def tell(found: cell_path.CellPath) -> None:
        chat.notify(f"it went {' → '.join(cell_path.names(found))}", timeout=PATH_S, markup=False)

    async with background(tell_paths(mesh, tell)):
        await chat.run_async()
    if (failure := chat.find_failure()) is not None:
        raise failure

"""Messages sent to the echo, and what came back.

Knows: what counts as an echo, and which cells were a message's. Does not know: how anything is shown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from p2pchat.control.events import MessageEvent, ReceiptEvent
from p2pchat.data import dataclass
from p2pchat.demo.cell_path import CellPath
from p2pchat.demo.layout import YOU
from p2pchat.demo.mesh import DemoMesh
from p2pchat.demo.tasks import background

PATIENCE_S: Final = 30.0
"""Seconds for one message to come back; each hop takes some milliseconds."""

TEXTS: Final = (
    "hello, mesh",
    "Grüße, 你好, שלום, नमस्ते 👋🏽 — every script, every emoji",
    " ".join(f"A long one goes in pieces, and this is line {number} of it." for number in range(1, 81)),
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message and its echo."""

    text: str
    echo: str | None
    """The echo; None if none came, or not from all. If one of several was altered, that one."""
    seconds: float
    """Seconds from sending until the echo came."""
    cells: int
    """Cells that left our node for it; an owed receipt leaves with them."""
    path: CellPath | None
    """The way of its first cell."""

    @property
    def returned(self) -> bool:
        """Whether the echo is exactly what was sent."""
        return self.echo == self.text


class EchoExchange:
    """Sends to the echo and listens; see ``talking``."""

    def __init__(self, mesh: DemoMesh) -> None:
        self._mesh = mesh
        self._echoes: asyncio.Queue[str] = asyncio.Queue()
        self._moments: dict[str, dict[str, str]] = {}

    async def exchange_text(self, text: str) -> Exchange:
        """Send one text and wait for it to come back. Raises P2PChatError when it cannot even be sent."""
        begun_at = time.monotonic()
        sent = await self._mesh.you.send(self._mesh.counterpart, text, wait="queued")
        echo = None
        try:
            async with asyncio.timeout(PATIENCE_S):
                answers = [await self._echoes.get() for _ in self._mesh.echoes]
                echo = next((answer for answer in answers if answer != text), text)
        except TimeoutError:
            return Exchange(text, None, time.monotonic() - begun_at, 0, None)
        seconds = time.monotonic() - begun_at
        made = _made(self._moments[sent.id])
        path = await self._mesh.find_path(*made)
        cells = len(self._mesh.sights.cells_from(YOU, *made))
        return Exchange(text, echo, seconds, cells, path)

    async def follow_node(self) -> None:
        """Take in what our node tells, for ever."""
        async for event in self._mesh.you.listen():
            if isinstance(event, MessageEvent) and event.sender in self._mesh.echoes:
                self._echoes.put_nowait(event.text)
                await self._mesh.you.heard([event.id])
            elif isinstance(event, ReceiptEvent):
                self._moments.setdefault(event.id, {})[event.state] = event.at


async def tell_paths(mesh: DemoMesh, tell: Callable[[CellPath], None]) -> None:
    """Tell the way of every message that ``you`` send, once it has arrived; for ever."""
    moments: dict[str, dict[str, str]] = {}
    async for event in mesh.you.listen():
        if not isinstance(event, ReceiptEvent):
            continue
        moments.setdefault(event.id, {})[event.state] = event.at
        if event.state == "delivered":
            known = moments.pop(event.id)
            path = await mesh.find_path(*_made(known))
            if path is not None:
                tell(path)


def _made(moments: Mapping[str, str]) -> tuple[str, str]:
    """The times between which a message's cells were made: after it was on disk, before the last of them
    came back from the mesh. Other cells that wait for a stem were made at other times."""
    ended = moments.get("relayed") or moments.get("delivered", "")
    return moments.get("queued", ended), ended


@asynccontextmanager
async def talking(mesh: DemoMesh) -> AsyncIterator[EchoExchange]:
    """Listen to the echo inside the block, and send to it."""
    echo = EchoExchange(mesh)
    async with background(echo.follow_node()):
        await asyncio.sleep(0)  # the listening is asked for now,
        await mesh.you.whoami()  # and granted before a later question is answered
        yield echo

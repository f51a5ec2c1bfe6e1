"""The mesh of a demo while it runs.

Knows: in which order its parts start, how to ask each node what it sees. Does not know: how that is shown.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from p2pchat.client import Node, connect
from p2pchat.control.events import CellEvent, TracingEvent
from p2pchat.demo.cell_path import CellPath, FirstSight, Passage, Sights
from p2pchat.demo.layout import ECHO, NEIGHBOURS_MAX, ROOM, YOU, Layout, Pair, connected
from p2pchat.demo.processes import Children
from p2pchat.demo.tasks import background, together
from p2pchat.errors import P2PChatError

START_S: Final = 90.0
"""Seconds for all parts to start. It takes a few; many nodes on a busy machine need longer."""

LOOK_S: Final = 0.2
"""Between two looks at every node's links while the mesh forms."""

SIGHT_S: Final = 2.0
"""For the sights of a cell to come in from all nodes, after the cell itself has arrived."""

Tell = Callable[[str], None]


class DemoMesh:
    """Running nodes, a client attached to each, and all cells and onions that they saw."""

    def __init__(
        self, layout: Layout, *, profile: str = "fast", answers: bool = True, room: bool = False
    ) -> None:
        """``answers``: whether the echo sends back what it gets; else it only acknowledges it. ``room``:
        whether all are in one room, where each but us is an echo."""
        self.layout = layout
        self.profile = profile
        self.answers = answers
        self.room = room
        self.homes = Path()
        """The directory of all homes, once there is one."""
        self.sights = Sights()
        self.links: set[Pair] = set()
        self._clients: dict[str, Node] = {}
        self._ids: dict[str, str] = {}
        self._seen = asyncio.Event()

    @property
    def you(self) -> Node:
        """The client of the person at the terminal."""
        return self._clients[YOU]

    @property
    def counterpart(self) -> str:
        """With whom, or where, the person at the terminal talks."""
        return f"#{ROOM}" if self.room else ECHO

    @property
    def echoes(self) -> tuple[str, ...]:
        """Who answers."""
        return self.layout.names[1:] if self.room else (ECHO,)

    @property
    def up(self) -> list[str]:
        """Who runs."""
        return list(self._clients)

    def home_of(self, name: str) -> Path:
        """A node's home."""
        return self.homes / name

    async def attach_node(self, name: str, stack: AsyncExitStack) -> None:
        """Speak to a node that has just said it runs."""
        client = await stack.enter_async_context(connect(self.home_of(name), run=False))
        self._ids |= {mesh.node: name for mesh in (await client.status()).meshes}
        self._clients[name] = client

    async def fill_room(self) -> None:
        """Make the room and let all in. Raises P2PChatError."""
        await self.you.create_room(ROOM)
        await self.you.invite_to_room(self.counterpart, self.echoes)
        await together(*(self._enter_room(self._clients[name]) for name in self.echoes))

    async def _enter_room(self, node: Node) -> None:
        while not await node.list_rooms():
            await asyncio.sleep(LOOK_S)
        await node.accept_room(ROOM, timeout=None)

    async def list_links(self) -> set[Pair]:
        """Ask every node for its links; a link counts when both its ends say it is up."""
        names = list(self._clients)
        states = await asyncio.gather(*(self._clients[name].status() for name in names))
        ends = {
            (name, self._ids.get(link.peer or ""))
            for name, state in zip(names, states, strict=True)
            for link in state.links
            if link.state == "up"
        }
        self.links = {frozenset((a, b)) for a, b in ends if b is not None and (b, a) in ends}
        return self.links

    async def follow_node(self, name: str) -> None:
        """Collect what a node sees, for ever."""
        async for event in self._clients[name].trace():
            if isinstance(event, TracingEvent):
                continue
            known = self._ids.get(event.source or "", event.source)
            if isinstance(event, CellEvent):
                self.sights.add(FirstSight(name, event.id, known, event.forwarded, event.at))
            else:
                self.sights.add_passage(Passage(name, event.id, event.became, known, event.at))
            self._seen.set()

    async def find_path(self, since: str, until: str) -> CellPath | None:
        """The way of the first cell that ``you`` made between two moments and that came to ``echo``; None if
        the nodes do not tell in time."""
        try:
            async with asyncio.timeout(SIGHT_S):
                while True:
                    for cell in self.sights.cells_from(YOU, since, until):
                        if path := self.sights.path_of(cell, ECHO):
                            return path
                    self._seen.clear()
                    await self._seen.wait()
        except TimeoutError:
            return None


@asynccontextmanager
async def running(mesh: DemoMesh, tell: Tell) -> AsyncIterator[None]:
    """Start everything; on leaving, end everything and sweep up.

    Inside the block links are still being made: ``formed`` waits for them. Raises P2PChatError.
    """
    directory = Path(tempfile.mkdtemp(prefix="p2pchat-demo-"))
    children = Children(directory)
    try:
        async with AsyncExitStack() as stack:
            mesh.homes = directory / "homes"
            try:
                async with asyncio.timeout(START_S):
                    await _start(mesh, children, directory, stack, tell)
            except TimeoutError:
                raise P2PChatError(
                    f"the demo's nodes did not start within {START_S:g} s; is the machine very busy?"
                ) from None
            async with background(*(mesh.follow_node(name) for name in mesh.layout.names)):
                yield
    finally:
        await children.stop()
        shutil.rmtree(directory, ignore_errors=True)


async def formed(mesh: DemoMesh) -> None:
    """Wait until links lead all the way. Raises P2PChatError."""
    try:
        async with asyncio.timeout(START_S):
            while not connected(await mesh.list_links(), YOU, ECHO):
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise P2PChatError(
            f"no way from you to echo within {START_S:g} s ({len(mesh.links)} links are up); "
            "does a firewall block UDP on the loopback interface?"
        ) from None
    if mesh.room:
        try:
            async with asyncio.timeout(START_S):
                await mesh.fill_room()
        except TimeoutError:
            raise P2PChatError(
                f"the room was not full within {START_S:g} s; is the machine very busy?"
            ) from None


async def _start(
    mesh: DemoMesh, children: Children, directory: Path, stack: AsyncExitStack, tell: Tell
) -> None:
    layout = mesh.layout
    tell(f"starting {layout.places} rendezvous servers")
    places = await children.start("rendezvous", "places", str(directory), str(layout.places + 1))
    founding = await children.start("founding", "founding", P2PCHAT_LINKS="1")
    meet, *urls = json.loads(await places.read_line())
    tell(f"{len(layout.names)} people join one mesh, each with a real invite")
    founding.write_line(
        json.dumps(
            {
                "meet": meet,
                "room": mesh.room,
                "nodes": [_member(mesh, name, urls) for name in layout.names],
            }
        )
    )
    await founding.read_line()
    await founding.process.wait()
    places.write_line("close the first")
    await places.read_line()
    tell(f"starting {len(layout.names)} nodes, each in a process of its own")
    await together(*(_start_node(mesh, name, children, stack) for name in layout.names))


def _member(mesh: DemoMesh, name: str, urls: list[str]) -> dict[str, Any]:
    places = [urls[place] for place in mesh.layout.places_of(name)]
    return {"name": name, "home": str(mesh.home_of(name)), "places": places}


async def _start_node(mesh: DemoMesh, name: str, children: Children, stack: AsyncExitStack) -> None:
    role, links = "echo" if name in mesh.echoes and mesh.answers else "node", str(NEIGHBOURS_MAX)
    child = await children.start(
        name,
        role,
        str(mesh.home_of(name)),
        P2PCHAT_LINKS=links,
        P2PCHAT_WALKS="no",  # walks would link neighbourhoods that are to stay apart
        P2PCHAT_PROFILE=mesh.profile,
    )
    await child.read_line()
    await mesh.attach_node(name, stack)

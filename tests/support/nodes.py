"""Real nodes in one process: real homes, a real rendezvous, real links."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from p2pchat.client import Node, connect, create_home
from p2pchat.control.answers import ContactAddedEvent
from p2pchat.control.events import InviteEvent, ListenEvents, MessageEvent, PairingEvents
from rendezvous.server import running


@asynccontextmanager
async def friends(folder: Path, *names: str) -> AsyncIterator[list[Node]]:
    """Nodes of new homes; the first has invited all others."""
    async with running() as server:
        for name in names:
            create_home(folder / name, name, [server.url])
        nodes = [connect(folder / name) for name in names]
        for node in nodes:
            await node.__aenter__()
        try:
            for guest in nodes[1:]:
                await pair(nodes[0], guest)
            yield nodes
        finally:
            for node in nodes:
                await node.__aexit__(None, None, None)


async def pair(host: Node, guest: Node, link: bool = False, rendezvous: Sequence[str] = ()) -> None:
    """Invite and join. ``rendezvous``: what the guest types beside the code."""
    joining: asyncio.Task[object] | None = None
    async for event in host.invite(link=link):
        if isinstance(event, InviteEvent):
            joining = asyncio.create_task(guest.join(event.code, rendezvous=rendezvous))
    assert joining is not None
    await joining


async def code_of(events: AsyncIterator[PairingEvents | ContactAddedEvent]) -> str:
    """What an invite's first event gives away."""
    event = await anext(events)
    assert isinstance(event, InviteEvent)
    return event.code


async def text_of(events: AsyncIterator[ListenEvents]) -> str:
    """Return the text of the message that is the next event."""
    event = await anext(events)
    assert isinstance(event, MessageEvent)
    return event.text


async def messages(node: Node, count: int, sender: str | None = None) -> list[MessageEvent]:
    """The next messages a listener gets, marked as heard."""
    found: list[MessageEvent] = []
    async with asyncio.timeout(30):
        async for event in node.listen(sender):
            if isinstance(event, MessageEvent):
                found.append(event)
                await node.heard([event.id])
                if len(found) == count:
                    break
    return found

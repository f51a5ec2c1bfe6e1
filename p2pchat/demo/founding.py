"""How the demo's nodes became members of one mesh: by real invites, before they run on their own.

Knows: the inviter of each node, and its later meeting places. Does not know: the reason.

All nodes meet once, at a place that closes afterwards. Each then learns the places of its own neighbourhood,
as ``p2pchat invite --rendezvous URL`` teaches them. Relays stay strangers: ``you`` and they forget each
other, so that in the end only ``you`` and ``echo`` are contacts. For a room all
stay contacts of ``you``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from p2pchat.client import Node, connect, create_home
from p2pchat.control.events import InviteEvent
from p2pchat.demo.layout import ECHO, YOU
from p2pchat.demo.tasks import together

AT_ONCE: Final = 8
"""Invites under way together; a node takes sixteen."""


async def found(plan: str) -> None:
    """Make the homes of ``plan``: ``{"meet": URL, "room": flag,
    "nodes": [{"name", "home", "places": [URL…]}, …]}``, ``you`` first. Prints ``founded`` and ends the
    process."""
    layout = json.loads(plan)
    members = layout["nodes"]
    for member in members:
        create_home(Path(member["home"]), member["name"], [layout["meet"]])
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(connect(member["home"])) for member in members]
        you, places = nodes[0], [member["places"] for member in members]
        gate = asyncio.Semaphore(AT_ONCE)
        names = [member["name"] for member in members]
        guests = zip(nodes[1:], names[1:], strict=True)
        await together(*(_admit(you, guest, name, gate, forget=not layout["room"]) for guest, name in guests))
        await together(*(_learn(node, urls) for node, urls in zip(nodes, places, strict=True)))
        sys.stdout.write("founded\n")
        sys.stdout.flush()
        os._exit(0)  # all is on disk; a clean end would wait for unfinished links


async def _admit(you: Node, guest: Node, name: str, gate: asyncio.Semaphore, *, forget: bool) -> None:
    async with gate, _invited(you, name=name) as (code, joined):
        await guest.join(code, timeout=30.0)
        await joined()
    if forget and name != ECHO:
        await you.remove(name, keep_mesh=True)
        await guest.remove(YOU, keep_mesh=True)


async def _learn(node: Node, urls: list[str]) -> None:
    async with _invited(node, rendezvous=urls):
        pass


@asynccontextmanager
async def _invited(node: Node, **options: Any) -> AsyncIterator[Any]:
    """An invite's code, and a function that waits for the friend who joins."""
    events = node.invite(timeout=30.0, **options)
    try:
        invite = await anext(events)
        assert isinstance(invite, InviteEvent), "it comes first"
        yield invite.code, lambda: anext(events)
    finally:
        await events.aclose()

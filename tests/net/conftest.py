"""What tests of connections to rendezvous servers share: a node's end of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from p2pchat.core.values.inputs import RendezvousDown, RendezvousUp, ServersHinted, SignalReceived
from p2pchat.net.rendezvous_ws import RendezvousConnections
from p2pchat.types import Topic
from p2pchat.wire.signalling import Seated, SeatMode, Take, Welcome, encode_server
from p2pchat.wire.version import VERSION

TOPIC = Topic(b"t" * 32)
WELCOME = encode_server(Welcome(VERSION))

RendezvousInput = RendezvousUp | RendezvousDown | ServersHinted | SignalReceived


class Node:
    """What a node does with its connections: ask, and wait for inputs."""

    def __init__(self, ca_file: Path | None = None) -> None:
        self.received: asyncio.Queue[RendezvousInput] = asyncio.Queue()
        self.connections = RendezvousConnections(
            self.received.put_nowait, ca_file=str(ca_file) if ca_file else None
        )

    async def input(self) -> RendezvousInput:
        async with asyncio.timeout(15):
            return await self.received.get()

    async def up(self, url: str) -> None:
        self.connections.open_connection(url)
        assert await self.input() == RendezvousUp(url)

    async def clock(self, url: str) -> float | None:
        self.connections.open_connection(url)
        input = await self.input()
        assert isinstance(input, RendezvousUp), input
        return input.clock

    async def seated(self, url: str, mode: SeatMode = SeatMode.MESH) -> Seated:
        self.connections.send_message(url, Take(TOPIC, mode))
        input = await self.input()
        assert isinstance(input, SignalReceived) and isinstance(input.message, Seated), input
        return input.message

    async def down(self, url: str) -> str:
        input = await self.input()
        assert isinstance(input, RendezvousDown) and input.url == url, input
        return input.reason

    async def why_not(self, url: str) -> str:
        self.connections.open_connection(url)
        return await self.down(url)


Nodes = Callable[..., Node]


@pytest_asyncio.fixture
async def new_node() -> AsyncIterator[Nodes]:
    nodes = []

    def make(ca_file: Path | None = None) -> Node:
        nodes.append(Node(ca_file))
        return nodes[-1]

    yield make
    for node in nodes:
        await node.connections.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}, "every task has ended"

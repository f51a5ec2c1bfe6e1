"""A server that says more than it may, or does not read, is hung up on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.server import ServerConnection, serve

from p2pchat.core.values.inputs import RendezvousDown, RendezvousUp
from tests.net.conftest import WELCOME, Nodes

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def flooder(noise: bytes, first: bytes = b"", reads: bool = True) -> AsyncIterator[str]:
    """A server that welcomes and then sends ``noise`` without measure, and may not read."""

    async def converse(client: ServerConnection) -> None:
        await client.send(WELCOME)
        client.transport.write(first)
        if not reads:
            client.transport.pause_reading()
        while not client.transport.is_closing():
            client.transport.write(noise * 1000)
            await client.drain()
            await asyncio.sleep(0)

    async with serve(converse, "127.0.0.1", 0, close_timeout=1, ping_interval=None) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


@pytest.mark.parametrize(
    ("first", "noise"),
    [(b"", b"\x8a\x00"), (b"", b"\x89\x00"), (b"\x02\x00", b"\x00\x00")],
    ids=["pongs", "pings", "parts"],
)
async def test_a_server_that_floods_is_hung_up_on(new_node: Nodes, first: bytes, noise: bytes) -> None:
    async with flooder(noise, first) as url:
        node = new_node()
        node.connections.open_connection(url)
        input = await node.input()
        if isinstance(input, RendezvousUp):
            input = await node.input()
        assert input == RendezvousDown(url, "it sends without measure", flooded=True)


async def test_a_server_that_does_not_read_the_answers_to_its_pings_is_hung_up_on(
    new_node: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.net.rendezvous_socket.FRAMES_BURST", 10**9)
    async with flooder(b"\x89\x7d" + bytes(125), reads=False) as url:
        node = new_node()
        node.connections.open_connection(url)
        assert await node.input() == RendezvousUp(url)
        assert await node.input() == RendezvousDown(url, "it does not read what is sent to it", flooded=True)


async def test_an_answer_with_long_headers_is_not_read_to_its_end(new_node: Nodes) -> None:
    hung_up = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n" + (b"X: " + b"y" * 6000 + b"\r\n") * 2)
        with suppress(ConnectionError):
            while await reader.read(4096):
                pass
        writer.close()
        hung_up.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await new_node().why_not(f"ws://127.0.0.1:{port}") == "what answers there is not a rendezvous"
        await hung_up.wait()

"""Connections are counted from the moment at which their client is known, and not from the end of TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from rendezvous import listening
from rendezvous.proxy import Proxies
from rendezvous.server import running
from tests.rendezvous.test_proxy import LOOPBACK, REQUEST, version_1
from tests.support.certificates import certificate

FEW = 4


@asynccontextmanager
async def silent(port: int, count: int, first: bytes = b"") -> AsyncIterator[None]:
    """So many connections that say nothing, or only what a proxy says of their client."""
    async with AsyncExitStack() as stack:
        for _ in range(count):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            writer.write(first)
            await writer.drain()
        await asyncio.sleep(0.1)
        yield


async def is_let_in(port: int, first: bytes, trusting: ssl.SSLContext) -> bool:
    """Whether one that speaks gets a WebSocket. (Streams of asyncio may wait for ever to begin TLS with a
    server that has hung up.)"""

    def ask() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
                plain.sendall(first)
                with trusting.wrap_socket(plain, server_hostname="127.0.0.1") as line:
                    line.sendall(REQUEST)
                    return line.recv(100).split()[1:2] == [b"101"]
        except OSError:
            return False

    return await asyncio.to_thread(ask)


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's, and that of a client that trusts it."""
    chain, key = certificate(folder)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(chain, key)
    return served, ssl.create_default_context(cafile=str(chain))


async def test_silent_connections_of_one_network_shut_out_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "HANDSHAKES_PER_NETWORK", FEW)
    monkeypatch.setattr(listening, "UNNAMED_MAX", FEW)
    served, trusting = contexts(tmp_path)
    one, neighbour, other = map(version_1, ("198.51.100.1", "198.51.100.2", "203.0.113.1"))
    async with (
        running(proxies=Proxies(LOOPBACK, header=True), tls=served) as server,
        silent(server.port, 3 * FEW, one),
    ):
        assert not await is_let_in(server.port, neighbour, trusting), "its network has as many as it may"
        assert await is_let_in(server.port, other, trusting)


async def test_handshakes_of_all_are_bounded_and_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HANDSHAKES_MAX", FEW)
    served, trusting = contexts(tmp_path)
    async with running(tls=served) as server:
        async with silent(server.port, FEW):
            assert not await is_let_in(server.port, b"", trusting)
        while not await is_let_in(server.port, b"", trusting):
            await asyncio.sleep(0.05)  # those that hung up make way

"""Connections are counted from the moment at which their client is known, and not from the end of TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rendezvous import handshakes, listening, shell
from rendezvous.limits import Limits, Rate
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


async def test_silent_connections_of_one_address_shut_out_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshakes, "PER_NETWORK", FEW)
    monkeypatch.setattr(listening, "UNNAMED_MAX", FEW)
    served, trusting = contexts(tmp_path)
    one, neighbour, other = map(version_1, ("198.51.100.1", "198.51.100.2", "203.0.113.1"))
    async with (
        running(proxies=Proxies(LOOPBACK, header=True), tls=served) as server,
        silent(server.port, 3 * FEW, one),
    ):
        assert await is_let_in(server.port, neighbour, trusting)
        assert await is_let_in(server.port, other, trusting)


async def test_handshakes_of_all_are_bounded_and_the_oldest_makes_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshakes, "IN_ALL", FEW)
    served, trusting = contexts(tmp_path)
    async with running(tls=served) as server, AsyncExitStack() as stack:
        first, writer = await asyncio.open_connection("127.0.0.1", server.port)
        stack.callback(writer.close)
        await stack.enter_async_context(silent(server.port, FEW - 1))
        assert await is_let_in(server.port, b"", trusting)
        assert await first.read() == b"", "it is hung up on"


async def test_the_rate_of_an_address_is_looked_at_before_its_handshakes(tmp_path: Path) -> None:
    served, trusting = contexts(tmp_path)
    limits = replace(Limits(), connects_per_address=Rate(FEW, 0.001))
    one, other = map(version_1, ("198.51.100.1", "203.0.113.1"))
    async with (
        running(proxies=Proxies(LOOPBACK, header=True), tls=served, limits=limits) as server,
        silent(server.port, FEW, one),
    ):
        assert not await is_let_in(server.port, one, trusting)
        assert server.broker.tally.turned_away["full"] == 1
        assert await is_let_in(server.port, other, trusting)
        assert await is_let_in(server.port, other, trusting), "it counts once for each connection"


async def test_a_client_that_is_turned_away_is_not_waited_for_to_take_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "TURNED_AWAY_MAX", 0)
    monkeypatch.setattr(listening, "SHUTDOWN_SECONDS", 60.0)
    served, trusting = contexts(tmp_path)
    async with running(tls=served, limits=replace(Limits(), connections=0)) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain:

            def read_all() -> bytes:
                """Read what comes until the line ends, and answer nothing but the handshake."""
                inbox, outbox = ssl.MemoryBIO(), ssl.MemoryBIO()
                end = trusting.wrap_bio(inbox, outbox, server_hostname="127.0.0.1")
                done, heard = False, b""
                while True:
                    with contextlib.suppress(ssl.SSLWantReadError):
                        if not done:
                            end.do_handshake()
                            done = True
                        while part := end.read(4096):
                            heard += part
                    if not done or outbox.pending:
                        plain.sendall(outbox.read())
                    more = plain.recv(65536)
                    if not more:
                        return heard
                    inbox.write(more)

            assert (await asyncio.to_thread(read_all)).startswith(b"HTTP/1.1 503 ")


async def test_the_end_does_not_wait_for_those_that_have_said_nothing() -> None:
    async with running(limits=replace(Limits(), connections=1, open_seconds=3600.0)) as server:
        silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
        while server.broker.tally.turned_away["full"] < 2:
            await asyncio.sleep(0.01)
    for reader, writer in silent:
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()

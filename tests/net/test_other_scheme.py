"""An address whose scheme is wrong is told from a server that is full."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from rendezvous.server import running
from tests.net.conftest import Nodes
from tests.support.certificates import certificate

pytestmark = pytest.mark.asyncio


async def test_an_address_with_the_wrong_scheme_is_named(new_node: Nodes, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path))
    async with running(tls=context) as server:
        wrong = server.url.replace("wss:", "ws:")
        assert await new_node().why_not(wrong) == "it speaks TLS: its address begins with wss://, not ws://"
    async with running() as server:
        wrong = server.url.replace("ws:", "wss:")
        expected = "it speaks without TLS: its address begins with ws://, not wss://"
        assert await new_node().why_not(wrong) == expected


async def test_what_speaks_neither_is_not_blamed_on_the_scheme(new_node: Nodes) -> None:
    connections = []

    def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer.get_extra_info("peername"))
        writer.transport.abort()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for scheme in ("ws", "wss"):
            reason = await new_node().why_not(f"{scheme}://127.0.0.1:{port}")
            assert reason.startswith("it hung up at once")
    assert len(connections) == 4, "one look each"

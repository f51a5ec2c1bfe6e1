"""What others have named leads out into the Internet, or nowhere."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from p2pchat.core.values.inputs import RendezvousDown, RendezvousUp, ServersHinted, SignalReceived
from p2pchat.net import rendezvous_ws
from p2pchat.net.rendezvous_ws import RendezvousConnections
from rendezvous.server import running
from tests.support.socks import socks_proxy

pytestmark = pytest.mark.asyncio

NAME = "rendezvous.example"

Input = RendezvousUp | RendezvousDown | ServersHinted | SignalReceived


@asynccontextmanager
async def asked_for(url: str, typed: bool, proxy: str | None = None) -> AsyncIterator[Input]:
    """What comes of a wish for a connection."""
    received: asyncio.Queue[Input] = asyncio.Queue()
    connections = RendezvousConnections(received.put_nowait, proxy)
    connections.open_connection(url, typed)
    try:
        async with asyncio.timeout(15):
            yield await received.get()
    finally:
        await connections.aclose()


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """``NAME`` is looked up and has these."""
    really = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host != NAME:
            return really(host, port, *rest, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@asynccontextmanager
async def visited() -> AsyncIterator[tuple[int, list[str]]]:
    """A port of the loopback, and at which of its addresses somebody came to it."""
    came: list[str] = []

    def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("sockname")[0])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], came


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", NAME])
async def test_nothing_is_sent_into_a_private_network_that_was_not_typed(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to(monkeypatch, "127.0.0.1", "10.0.0.1")
    async with visited() as (port, came):
        async with asked_for(f"ws://{host}:{port}", typed=False) as input:
            assert isinstance(input, RendezvousDown)
            assert "private network" in input.reason and "rendezvous add" in input.reason
        assert came == []
        async with asked_for(f"ws://{host}:{port}", typed=True) as input:
            assert isinstance(input, RendezvousDown)
        assert set(came) == {"127.0.0.1"}, "once, and once more to see whether it speaks with TLS"


async def test_only_the_public_addresses_of_a_name_are_tried_and_no_other_is_looked_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One loopback address plays the public one."""
    public = ipaddress.ip_address("127.0.0.3")
    monkeypatch.setattr(rendezvous_ws, "is_global", lambda address: address == public)
    leads_to(monkeypatch, "127.0.0.1", str(public))
    async with running() as server, visited() as (_, came):
        url = f"ws://{NAME}:{server.port}"
        # The rendezvous listens at 127.0.0.1 alone, so the connection that would work is not made.
        async with asked_for(url, typed=False) as input:
            assert input == RendezvousDown(url, "nothing listens there")
        public = ipaddress.ip_address("127.0.0.1")
        leads_to(monkeypatch, str(public), "127.0.0.3")
        async with asked_for(url, typed=False) as input:
            assert input == RendezvousUp(url)
    assert came == []


async def test_an_address_that_does_not_answer_does_not_keep_the_next_from_being_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendezvous_ws, "is_global", lambda address: True)
    leads_to(monkeypatch, "127.0.0.3", "127.0.0.1")
    async with running() as server:
        url = f"ws://{NAME}:{server.port}"
        async with asked_for(url, typed=False) as input:
            assert input == RendezvousUp(url)


async def test_a_proxy_is_asked_for_no_private_name() -> None:
    async with socks_proxy({}) as proxy:
        async with asked_for("ws://vault.internal:1", typed=False, proxy=proxy.url) as input:
            assert isinstance(input, RendezvousDown) and "private network" in input.reason
        async with asked_for(f"ws://{NAME}:1", typed=False, proxy=proxy.url) as input:
            assert isinstance(input, RendezvousDown) and "could not reach" in input.reason
    assert proxy.names() == [NAME]


@pytest.mark.parametrize("proxied", [False, True])
@pytest.mark.parametrize("host", ["192.0.2.1", "8.8.8.8", NAME])
async def test_what_was_found_nearby_leads_to_this_network_or_nowhere(
    host: str, proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to(monkeypatch, "192.0.2.1")
    async with visited() as (port, came):
        received: asyncio.Queue[Input] = asyncio.Queue()
        connections = RendezvousConnections(
            received.put_nowait, f"socks5h://127.0.0.1:{port}" if proxied else None
        )
        connections.open_connection(f"ws://{host}:{port}", typed=False, nearby=True)
        try:
            async with asyncio.timeout(15):
                input = await received.get()
        finally:
            await connections.aclose()
        assert isinstance(input, RendezvousDown)
        assert ("proxy" if proxied else "own network") in input.reason
        assert came == []


async def test_what_was_found_nearby_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendezvous_ws, "is_nearby", lambda address: True)
    async with running() as server:
        received: asyncio.Queue[Input] = asyncio.Queue()
        connections = RendezvousConnections(received.put_nowait)
        connections.open_connection(server.url, typed=False, nearby=True)
        try:
            async with asyncio.timeout(15):
                assert await received.get() == RendezvousUp(server.url)
        finally:
            await connections.aclose()

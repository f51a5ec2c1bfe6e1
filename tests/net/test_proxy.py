"""Through a SOCKS proxy, or not at all: names are the proxy's to look up, and nothing goes round it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from p2pchat.core.values.inputs import RendezvousDown, RendezvousUp, ServersHinted, SignalReceived
from p2pchat.net.rendezvous_ws import RendezvousConnections
from p2pchat.types import Topic
from p2pchat.wire.signalling import Seated, SeatMode, Take
from rendezvous.server import running
from tests.support.socks import socks_proxy

pytestmark = pytest.mark.asyncio

ONION = "p2pchatrendezvousp2pchatrendezvousp2pchatrendezvous23456.onion"

Inputs = asyncio.Queue[RendezvousUp | RendezvousDown | ServersHinted | SignalReceived]
Connect = Callable[[str, str | None], tuple[RendezvousConnections, Inputs]]


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Connect]:
    made: list[RendezvousConnections] = []

    def begin(url: str, proxy: str | None) -> tuple[RendezvousConnections, Inputs]:
        received: Inputs = asyncio.Queue()
        made.append(RendezvousConnections(received.put_nowait, proxy))
        made[-1].open_connection(url)
        return made[-1], received

    yield begin
    for connections in made:
        await connections.aclose()


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Fail any program that looks a name up on this machine; return the names."""
    looked_up: list[object] = []
    really = socket.getaddrinfo

    def look_up(host: object, *rest: object, **more: object) -> object:
        if host != "127.0.0.1":
            looked_up.append(host)
            raise socket.gaierror(socket.EAI_NONAME, "a name was looked up here")
        return really(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return looked_up


async def next_of(received: Inputs) -> RendezvousUp | RendezvousDown | ServersHinted | SignalReceived:
    async with asyncio.timeout(15):
        return await received.get()


@pytest.mark.parametrize("name", ["rendezvous.example", ONION])
async def test_the_proxy_is_given_the_name_and_carries_what_is_said(
    name: str, connect: Connect, no_names: list[object]
) -> None:
    async with running() as server, socks_proxy({name: server.port}) as proxy:
        url = f"ws://{name}:8765"
        connections, received = connect(url, proxy.url)
        assert await next_of(received) == RendezvousUp(url)
        connections.send_message(url, Take(Topic(b"t" * 32), SeatMode.MESH))
        seated = await next_of(received)
        assert isinstance(seated, SignalReceived) and isinstance(seated.message, Seated)
    assert (proxy.names(), no_names) == ([name], [])


async def test_without_its_proxy_nothing_is_reached(connect: Connect) -> None:
    """No direct connection is tried, although the rendezvous could be reached directly."""
    came: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(lambda _, writer: came.append(writer), "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        down = await next_of(connect(url, f"socks5h://127.0.0.1:{port}")[1])
    assert down == RendezvousDown(url, "the proxy does not answer; nothing is sent round it")
    assert came == []


async def test_what_the_proxy_cannot_reach_is_said(connect: Connect, no_names: list[object]) -> None:
    async with socks_proxy({}) as proxy:
        down = await next_of(connect("ws://rendezvous.example:8765", proxy.url)[1])
    assert down == RendezvousDown(
        "ws://rendezvous.example:8765", "the proxy could not reach it: Host unreachable"
    )
    assert (proxy.names(), no_names) == (["rendezvous.example"], [])


async def test_what_is_no_proxy_is_said(connect: Connect) -> None:
    async def web_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(web_server, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        down = await next_of(connect("ws://rendezvous.example:1", f"socks5h://127.0.0.1:{port}")[1])
    assert isinstance(down, RendezvousDown)
    assert down.reason.startswith("the proxy could not reach it: ")


async def test_an_onion_is_never_looked_up(connect: Connect, no_names: list[object]) -> None:
    down = await next_of(connect(f"ws://{ONION}:80", None)[1])
    assert isinstance(down, RendezvousDown)
    assert "config set proxy" in down.reason
    assert no_names == []


async def test_each_topic_goes_to_the_proxy_under_a_name_of_its_own(no_names: list[object]) -> None:
    """By that Tor tells them apart, and gives each a circuit of its own."""
    received: Inputs = asyncio.Queue()
    name = "rendezvous.example"
    async with running() as server, socks_proxy({name: server.port}) as proxy:
        connections = RendezvousConnections(received.put_nowait, proxy.url)
        lines = [f"ws://{name}:8765#{bytes([number]).hex() * 32}" for number in (1, 2)]
        for line in lines:
            connections.open_connection(line)
        assert {(await next_of(received)).url for _ in lines} == set(lines)
        connections.send_message(lines[0], Take(Topic(b"\1" * 32), SeatMode.MESH))
        seated = await next_of(received)
        assert isinstance(seated, SignalReceived) and seated.url == lines[0]
        await connections.aclose()
    assert len(set(proxy.names_given)) == 2
    assert not any(b"\1".hex() * 8 in given for given in proxy.names_given), "no topic is told"


async def test_a_name_of_the_person_s_own_is_kept(no_names: list[object]) -> None:
    received: Inputs = asyncio.Queue()
    name = "rendezvous.example"
    async with running() as server, socks_proxy({name: server.port}) as proxy:
        connections = RendezvousConnections(received.put_nowait, proxy.url.replace("://", "://me:secret@"))
        connections.open_connection(f"ws://{name}:8765#{'01' * 32}")
        assert isinstance(await next_of(received), RendezvousUp)
        await connections.aclose()
    assert proxy.names_given == ["me:secret"]

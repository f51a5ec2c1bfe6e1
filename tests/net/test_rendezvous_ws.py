"""Connections to rendezvous servers, against the real server and against servers that are none."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from p2pchat.core.values.inputs import RendezvousDown, SignalReceived
from p2pchat.net import rendezvous_ws
from p2pchat.types import Seat
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    Blob,
    Gone,
    Leave,
    Pass,
    Refusal,
    SeatMode,
    SeatRefused,
    Take,
    Welcome,
    encode_server,
)
from p2pchat.wire.version import VERSION
from rendezvous.door import Door
from rendezvous.limits import Limits
from rendezvous.server import running
from tests.net.conftest import TOPIC, WELCOME, Nodes
from tests.support.certificates import certificate

pytestmark = pytest.mark.asyncio

BLOB = b"b" * BLOB_BYTES


@asynccontextmanager
async def impostor(*first: str | bytes) -> AsyncIterator[str]:
    """A WebSocket server that says ``first`` and then nothing."""

    async def converse(client: ServerConnection) -> None:
        for message in first:
            await client.send(message)
        await client.wait_closed()

    async with serve(converse, "127.0.0.1", 0, close_timeout=1) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


# --- against the real server


async def test_two_nodes_meet_and_pass_blobs(new_node: Nodes) -> None:
    async with running() as server:
        alice, bob = new_node(), new_node()
        await alice.up(server.url)
        await bob.up(server.url)
        a = (await alice.seated(server.url)).seat
        seated = await bob.seated(server.url)
        assert seated.others == (a,)
        bob.connections.send_message(server.url, Pass(TOPIC, a, BLOB))
        assert await alice.input() == SignalReceived(server.url, Blob(TOPIC, seated.seat, BLOB))


async def test_a_server_says_what_time_it_is(new_node: Nodes) -> None:
    async with running() as server:
        told = await new_node().clock(server.url)
    assert told is not None and abs(told - time.time()) < 3600.0


@pytest.mark.parametrize("said", [None, "never", "Fri, 31 Dec 9999 99:59:59 GMT", "-1"])
async def test_a_server_that_says_no_time_is_as_good(new_node: Nodes, said: str | None) -> None:
    def another(_: ServerConnection, __: Request, response: Response) -> None:
        del response.headers["Date"]
        if said is not None:
            response.headers["Date"] = said

    async def converse(client: ServerConnection) -> None:
        await client.send(WELCOME)
        await client.wait_closed()

    async with serve(converse, "127.0.0.1", 0, close_timeout=1, process_response=another) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        assert await new_node().clock(url) is None


async def test_a_refusal_is_an_input_like_any_other(new_node: Nodes) -> None:
    async with running() as server:
        node = new_node()
        await node.up(server.url)
        node.connections.send_message(server.url, Take(TOPIC, SeatMode.GUEST))
        assert await node.input() == SignalReceived(server.url, SeatRefused(TOPIC, Refusal.ABSENT))


async def test_what_was_sent_before_closing_still_arrives_and_no_input_follows(new_node: Nodes) -> None:
    async with running() as server:
        host, guest = new_node(), new_node()
        await host.up(server.url)
        await guest.up(server.url)
        h = await host.seated(server.url, SeatMode.HOST)
        g = await guest.seated(server.url, SeatMode.GUEST)
        guest.connections.send_message(server.url, Pass(TOPIC, h.seat, BLOB))
        guest.connections.send_message(server.url, Leave(TOPIC))
        guest.connections.close_connection(server.url)
        assert await host.input() == SignalReceived(server.url, Blob(TOPIC, g.seat, BLOB))
        assert await host.input() == SignalReceived(server.url, Gone(TOPIC, g.seat))
        await guest.connections.aclose()
        assert guest.received.empty()


async def test_closing_and_connecting_again_at_once_makes_a_new_connection(new_node: Nodes) -> None:
    async with running() as server:
        node = new_node()
        await node.up(server.url)
        first = await node.seated(server.url)
        node.connections.close_connection(server.url)
        await node.up(server.url)
        assert (await node.seated(server.url)).seat != first.seat


async def test_connecting_twice_is_connecting_once(new_node: Nodes) -> None:
    async with running() as server:
        node = new_node()
        node.connections.open_connection(server.url)
        await node.up(server.url)
        await node.seated(server.url)
        assert server.broker.take_census().connections == 1


async def test_a_private_server_says_so_and_its_token_is_a_part_of_its_address(new_node: Nodes) -> None:
    async with running(door=Door("/rv", ("a-token-of-the-family",))) as server:
        assert (await new_node().why_not(server.url + "/rv")).startswith("it is private: its address ends")
        assert "no rendezvous at this path" in await new_node().why_not(server.url + "/a-token-of-the-family")
        await new_node().up(server.url + "/rv/a-token-of-the-family")


async def test_a_server_that_stops_is_down_and_can_be_reached_when_it_is_back(new_node: Nodes) -> None:
    node = new_node()
    async with running() as server:
        await node.up(server.url)
    assert await node.down(server.url) == "it is shutting down"
    node.connections.send_message(server.url, Leave(TOPIC))  # dropped: the input said so
    assert await node.why_not(server.url) == "nothing listens there"
    async with running(port=server.port) as again:
        await node.up(again.url)


async def test_a_full_server_says_so(new_node: Nodes) -> None:
    async with running(limits=replace(Limits(), connections=1)) as server:
        await new_node().up(server.url)
        assert await new_node().why_not(server.url) == "the rendezvous is full; try again later"


async def test_a_server_that_hangs_up_without_a_word_may_be_full(new_node: Nodes) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert "full" in await new_node().why_not(f"ws://127.0.0.1:{port}")


async def test_an_attempt_can_be_called_off(new_node: Nodes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        node = new_node()
        node.connections.open_connection(url)
        node.connections.close_connection(url)
        node.connections.open_connection(url)
        await asyncio.sleep(0)
        await node.connections.aclose()
        assert node.received.empty()


# --- against servers that are none


async def test_silence_is_given_up(new_node: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendezvous_ws, "CONNECT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert (await new_node().why_not(f"ws://127.0.0.1:{silent.getsockname()[1]}")).startswith("no answer")


async def test_a_server_without_a_welcome_is_given_up(
    new_node: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendezvous_ws, "CONNECT_SECONDS", 0.2)
    async with impostor() as url:
        assert (await new_node().why_not(url)).startswith("no answer")


@pytest.mark.parametrize(
    "first",
    ["hello", b"", b"\x82nonsense", encode_server(Gone(TOPIC, Seat(b"s" * 8))), b"\x81\x01" + bytes(5000)],
    ids=["text", "empty", "nonsense", "no welcome", "too long"],
)
async def test_a_server_of_another_kind_is_recognised(new_node: Nodes, first: str | bytes) -> None:
    async with impostor(first) as url:
        assert await new_node().why_not(url) == "what answers there is not a rendezvous"


@pytest.mark.parametrize(("version", "older"), [(1, "the other"), (9, "this p2pchat")])
async def test_a_server_of_another_version_is_named_and_so_is_the_older_one(
    new_node: Nodes, version: int, older: str
) -> None:
    async with impostor(encode_server(Welcome(version))) as url:
        said = await new_node().why_not(url)
        ours = f"this p2pchat version {VERSION}"
        assert said == f"it speaks version {version} of the protocol, {ours}; {older} must be upgraded"


async def test_a_fault_of_our_own_is_reported_and_the_server_tried_again(
    new_node: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = new_node()
    async with running() as server:
        with monkeypatch.context() as patch:
            patch.setattr(rendezvous_ws, "decode_server", {}.__getitem__)
            node.connections.open_connection(server.url)
            input = await node.input()
        assert input == RendezvousDown(server.url, "a fault in p2pchat, KeyError; please report it")
        await node.up(server.url)


@pytest.mark.parametrize("then", [b"\x82", "text", WELCOME], ids=["nonsense", "text", "second welcome"])
async def test_bad_bytes_later_end_the_connection(new_node: Nodes, then: str | bytes) -> None:
    async with impostor(WELCOME, then) as url:
        node = new_node()
        await node.up(url)
        assert await node.down(url) == "what answers there is not a rendezvous"


@pytest.mark.parametrize(
    "broken", [b"\x83\x00", b"\x82\x7f" + (1 << 40).to_bytes(8, "big")], ids=["kind", "size"]
)
async def test_a_server_that_breaks_the_protocol_is_down_though_it_never_hangs_up(
    new_node: Nodes, broken: bytes
) -> None:
    async def converse(client: ServerConnection) -> None:
        await client.send(WELCOME)
        client.transport.pause_reading()
        client.transport.write(broken)
        await over.wait()

    over = asyncio.Event()
    async with serve(converse, "127.0.0.1", 0, close_timeout=0.1) as server:
        node, port = new_node(), next(iter(server.sockets)).getsockname()[1]
        await node.up(f"ws://127.0.0.1:{port}")
        assert await node.down(f"ws://127.0.0.1:{port}") == "what answers there is not a rendezvous"
        over.set()


async def test_a_line_that_swallows_everything_is_noticed_by_its_pings(
    new_node: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendezvous_ws, "PING_SECONDS", 0.2)

    async def converse(client: ServerConnection) -> None:
        await client.send(WELCOME)
        client.transport.pause_reading()
        await over.wait()

    over = asyncio.Event()
    async with serve(converse, "127.0.0.1", 0, close_timeout=0.1) as server:
        node, port = new_node(), next(iter(server.sockets)).getsockname()[1]
        await node.up(f"ws://127.0.0.1:{port}")
        assert await node.down(f"ws://127.0.0.1:{port}") == "it stopped answering"
        over.set()


async def test_a_web_server_is_not_a_rendezvous_and_redirects_are_not_followed(new_node: Nodes) -> None:
    async with running() as server:

        async def converse(_: ServerConnection) -> None: ...

        def redirect(client: ServerConnection, _: Request) -> Response:
            response = client.respond(HTTPStatus.FOUND, "")
            response.headers["Location"] = server.url
            return response

        async with serve(converse, "127.0.0.1", 0, process_request=redirect) as elsewhere:
            port = next(iter(elsewhere.sockets)).getsockname()[1]
            assert await new_node().why_not(f"ws://127.0.0.1:{port}") == "it answers with HTTP status 302"


@pytest.mark.parametrize("url", ["http://127.0.0.1", "ws://127.0.0.1:99999", "ws://" + "a" * 70, "nonsense"])
async def test_an_address_that_cannot_be_is_one_line(new_node: Nodes, url: str) -> None:
    reason = await new_node().why_not(url)
    assert reason and "\n" not in reason


# --- TLS


async def test_tls_is_checked_and_a_further_ca_can_be_trusted(new_node: Nodes, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with running(tls=context) as server:
        assert (await new_node().why_not(server.url)).startswith("its certificate is not trusted")
        await new_node(cert).up(server.url)
        assert "ca-file" in await new_node(tmp_path / "missing.pem").why_not(server.url)

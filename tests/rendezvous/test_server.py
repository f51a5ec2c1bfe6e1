"""The real server over the loopback: what a client on a socket sees, and what stays behind on the machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from p2pchat.types import Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    MESSAGE_MAX,
    Blob,
    FromClient,
    FromServer,
    Gone,
    Pass,
    Seated,
    SeatMode,
    Take,
    Welcome,
    decode_server,
    encode_client,
)
from p2pchat.wire.version import VERSION
from rendezvous.connection import PIECE_BYTES
from rendezvous.door import Door
from rendezvous.limits import Limits, Rate
from rendezvous.proxy import Proxies
from rendezvous.server import running
from rendezvous.shell import FULL, TURNED_AWAY_MAX

pytestmark = pytest.mark.asyncio

TOPIC = Topic(b"t" * 32)
BLOB = b"b" * BLOB_BYTES


async def hears(client: ClientConnection) -> FromServer:
    async with asyncio.timeout(10):
        data = await client.recv()
    assert isinstance(data, bytes)
    return decode_server(data)


async def says(client: ClientConnection, message: FromClient) -> None:
    await client.send(encode_client(message))


async def sits(client: ClientConnection, mode: SeatMode) -> Seated:
    await says(client, Take(TOPIC, mode))
    answer = await hears(client)
    assert isinstance(answer, Seated)
    return answer


Enters = Callable[[str], Awaitable[ClientConnection]]


@pytest_asyncio.fixture
async def enters() -> AsyncIterator[Enters]:
    """Connects, checks the welcome, and hangs up at the end of the test."""
    clients = []

    async def enter(url: str) -> ClientConnection:
        client = await connect(url, compression=None)
        clients.append(client)
        assert await hears(client) == Welcome(VERSION)
        return client

    yield enter
    for client in clients:
        await client.close()


async def close_code(client: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        await hears(client)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


async def test_host_and_guest_exchange_blobs(enters: Enters) -> None:
    async with running() as server:
        host, guest = await enters(server.url), await enters(server.url)
        h = (await sits(host, SeatMode.HOST)).seat
        seated = await sits(guest, SeatMode.GUEST)
        assert seated.others == (h,)
        await says(guest, Pass(TOPIC, h, BLOB))
        assert await hears(host) == Blob(TOPIC, seated.seat, BLOB)
        await says(host, Pass(TOPIC, seated.seat, BLOB))
        assert await hears(guest) == Blob(TOPIC, h, BLOB)
        await guest.close()
        assert await hears(host) == Gone(TOPIC, seated.seat)


async def test_a_client_that_vanishes_loses_its_seats(enters: Enters) -> None:
    async with running() as server:
        client = await enters(server.url)
        await sits(client, SeatMode.MESH)
        client.transport.abort()
        await until(lambda: server.broker.take_census().connections == 0)
        assert server.broker.take_census().seats == 0


@pytest.mark.parametrize(
    ("message", "code"),
    [("text", 1003), (b"", 1008), (b"\xff" * 34, 1008), (b"\x01" * (MESSAGE_MAX + 1), 1009)],
    ids=["text", "empty", "nonsense", "too long"],
)
async def test_a_broken_client_is_disconnected_and_told_why(
    enters: Enters, message: str | bytes, code: int
) -> None:
    async with running() as server:
        client = await enters(server.url)
        await client.send(message)
        assert await close_code(client) == code
        await until(lambda: server.broker.take_census().connections == 0)


async def test_a_reader_too_slow_is_cut_off_and_its_seat_is_free(enters: Enters) -> None:
    chatty = replace(Limits(), messages_per_connection=Rate(10**6, 1.0))
    async with running(limits=chatty) as server:
        slow, quick = await enters(server.url), await enters(server.url)
        seat = (await sits(slow, SeatMode.MESH)).seat
        await sits(quick, SeatMode.MESH)

        async def flood() -> None:
            while True:  # past the kernel's buffers and then past our own
                await says(quick, Pass(TOPIC, seat, BLOB))

        flooding = asyncio.create_task(flood())
        assert await hears(quick) == Gone(TOPIC, seat)
        flooding.cancel()
        for client in (slow, quick):
            client.transport.abort()  # neither would read as far as a closing handshake
        assert server.broker.take_census().connections == 1


UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)

PING = b"\x89\x80" + bytes(4)
PONG = b"\x8a\x80" + bytes(4)
PART = b"\x02\x80" + bytes(4)
"""Empty frames as a client sends them: a ping, a pong, the beginning of a message in parts."""


@pytest.mark.parametrize(
    ("first", "then"),
    [(PING, PING), (PONG, PONG), (PART, b"\0\x80" + bytes(4))],
    ids=["ping", "pong", "parts"],
)
async def test_frames_of_every_kind_count_against_what_a_connection_may_say(
    enters: Enters, first: bytes, then: bytes
) -> None:
    async with running() as server:
        client = await enters(server.url)
        await sits(client, SeatMode.MESH)
        client.transport.pause_reading()
        client.transport.write(first + then * 50_000)
        await until(lambda: server.broker.take_census().connections == 0)
        client.transport.resume_reading()
        assert await close_code(client) == 1008


def framed(message: FromClient) -> bytes:
    """As a client sends it: masked, in one frame."""
    return Frame(Opcode.BINARY, encode_client(message)).serialize(mask=True)


async def seats(*sent: bytes) -> int:
    """How many seats a client has been given that sends these, each when the one before it is read."""
    async with running() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for each in sent:
            writer.write(each)
            await writer.drain()
            await asyncio.sleep(0.001)  # so that it is read by itself; nothing depends on that it is
        await until(lambda: server.broker.take_census().seats == 3)
        writer.write(b"\x88\x80" + bytes(4))
        answers = await everything(reader)
        await hang_up(writer)
    return answers.count(SEATED)


SEATED = b"\x82\x5a\x82"
"""How a Seated begins, in its frame."""
TAKES = b"".join(framed(Take(Topic(bytes([n]) * 32), SeatMode.MESH)) for n in range(3))
PARTS = b"\x02\x80" + bytes(4) + b"\x80" + TAKES[1:40]
"""The first of them, in two parts."""


@pytest.mark.parametrize(
    "sent",
    [
        [UPGRADE + b"\r\n", TAKES],
        [UPGRADE + b"\r\n", *(TAKES[at : at + 7] for at in range(0, len(TAKES), 7))],
        [UPGRADE + b"\r\n" + TAKES],
        [UPGRADE + b"\r\n" + TAKES[:3], TAKES[3:50], TAKES[50:]],
        [UPGRADE, b"\r\n", TAKES],
        [UPGRADE + b"\r\n", PING + TAKES[:40] + PONG + TAKES[40:50], TAKES[50:]],
        [UPGRADE + b"\r\n", PARTS + TAKES[40:]],
        [UPGRADE + b"\r\n", TAKES[40:] + PARTS[:20], PARTS[20:40], PARTS[40:]],
    ],
    ids=[
        "at once",
        "in bits",
        "too early",
        "half too early",
        "split request",
        "pings",
        "parts",
        "then parts",
    ],
)
async def test_messages_are_read_however_they_come_in(sent: list[bytes]) -> None:
    assert await seats(*sent) == 3


async def test_a_client_that_breaks_the_protocol_and_does_not_read_is_dropped(enters: Enters) -> None:
    async with running() as server:
        client = await enters(server.url)
        client.transport.pause_reading()
        client.transport.write(b"\x8f\x80" + bytes(4))
        await until(lambda: server.broker.take_census().connections == 0)
        client.transport.abort()


async def test_pings_are_answered_only_as_far_as_they_may_be_sent() -> None:
    few = replace(Limits(), messages_per_connection=Rate(16, 1.0))
    async with running(limits=few) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(UPGRADE + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PING * 10_000)
        answers = await everything(reader)
        await hang_up(writer)
    assert 0 < answers.count(b"\x8a\x00") <= 16 + PIECE_BYTES / len(PING)


async def everything(reader: asyncio.StreamReader) -> bytes:
    data = bytearray()
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionResetError):
            while more := await reader.read(65536):
                data += more
    return bytes(data)


async def test_a_client_that_does_not_read_its_pongs_is_cut_off(enters: Enters) -> None:
    chatty = replace(Limits(), messages_per_connection=Rate(10**9, 1.0))
    async with running(limits=chatty) as server:
        client = await enters(server.url)
        client.transport.pause_reading()
        ping = b"\x89\xfd" + bytes(4) + bytes(125)

        async def flood() -> None:
            while True:  # past the kernel's buffers and then past the server's own
                client.transport.write(ping * 500)
                await client.drain()

        flooding = asyncio.create_task(flood())
        await until(lambda: server.broker.take_census().connections == 0)
        flooding.cancel()
        client.transport.abort()


async def test_a_long_request_is_cut_off_before_it_ends() -> None:
    for seats in (Limits().connections, 1):  # let in, and about to be turned away
        async with running(limits=replace(Limits(), connections=seats)) as server:
            first = await asyncio.open_connection("127.0.0.1", server.port)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(UPGRADE + (b"X: " + b"y" * 6000 + b"\r\n") * 2)
            assert await reader_ends(reader)
            for each in (writer, first[1]):
                await hang_up(each)


async def test_a_request_that_comes_byte_by_byte_has_to_be_whole_in_time() -> None:
    async with running(limits=replace(Limits(), open_seconds=0.3)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

        async def drip() -> None:
            for byte in UPGRADE * 100:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        assert await reader_ends(reader)
        dripping.cancel()
        await hang_up(writer)


async def test_a_client_of_a_full_server_is_told_so(enters: Enters) -> None:
    async with running(limits=replace(Limits(), connections=1)) as server:
        first = await enters(server.url)
        with pytest.raises(InvalidStatus) as refusal:
            await connect(server.url)
        assert refusal.value.response.status_code == 503
        assert refusal.value.response.body == FULL.encode()
        await first.close()
        await until(lambda: server.broker.take_census().connections == 0)
        await enters(server.url)


async def status(url: str, path: str = "/", **headers: str) -> int:
    """What it answers to a request for that path; 101: a client is let in."""
    try:
        async with connect(url + path, additional_headers=headers, compression=None):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def test_the_health_check_tells_whether_clients_are_accepted(enters: Enters) -> None:
    async with running(limits=replace(Limits(), connections=1)) as server:
        assert await status(server.url, "/healthz") == 200
        await until(lambda: server.broker.take_census().connections == 0)
        await enters(server.url)
        assert await status(server.url, "/healthz") == 503


async def test_clients_of_a_trusted_proxy_are_counted_where_they_are() -> None:
    limits = replace(Limits(), connects_per_address=Rate(1, 0.0))
    async with running(limits=limits, proxies=Proxies((ip_network("127.0.0.0/8"),))) as server:
        for forged in ("", "203.0.113.9, ", "nonsense, "):
            said = {"X-Forwarded-For": f"{forged}198.51.100.{len(forged)}, 127.0.0.5"}
            assert await status(server.url, **said) == 101
            assert await status(server.url, **said) == 503
        assert await status(server.url, **{"X-Forwarded-For": "not an address"}) == 101
    async with running(limits=limits) as server:
        said = {"X-Forwarded-For": "198.51.100.1"}
        assert [await status(server.url, **said) for _ in range(3)] == [101, 101, 101], "no proxy is believed"


async def test_a_private_rendezvous_lets_in_whose_address_ends_with_a_token(enters: Enters) -> None:
    door = Door("/chat", ("a-token-of-the-family",))
    async with running(door=door) as server:
        await enters(server.url + "/chat/a-token-of-the-family")
        assert await status(server.url, "/chat/another-token-entirely") == 403
        assert await status(server.url, "/a-token-of-the-family") == 404
        assert await status(server.url, "/chat/healthz") == 200
        door.replace_tokens(("another-token-entirely",))
        await enters(server.url + "/chat/another-token-entirely")


async def test_a_unix_socket_is_listened_on_and_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "rv.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    proxies = Proxies(unix=True)
    limits = replace(Limits(), connections_per_address=1)
    async with running(unix=path, proxies=proxies, limits=limits) as server:
        assert (server.url, server.port) == (f"ws+unix:{path}", 0)
        said = {"X-Forwarded-For": "198.51.100.1"}
        async with unix_connect(str(path), additional_headers=said) as client:
            assert await hears(client) == Welcome(VERSION)
            with pytest.raises(InvalidStatus, match="503"):
                await unix_connect(str(path), additional_headers=said)
        with pytest.raises(OSError, match="in use"):
            async with running(unix=path):
                pass
    assert not path.exists()
    path.write_text("not ours")
    with pytest.raises(OSError, match="no socket"):
        async with running(unix=path):
            pass
    assert path.read_text() == "not ours"


async def test_connections_over_the_cap_do_not_pile_up() -> None:
    async with running(limits=replace(Limits(), connections=1)) as server:
        silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(TURNED_AWAY_MAX + 2)]
        reader, _ = silent[-1]
        answer = await everything(reader)
        assert answer.startswith(b"HTTP/1.1 503 ") and FULL.encode() in answer, "the last one is told at once"
        for _, writer in silent:
            await hang_up(writer)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionResetError):
        await writer.wait_closed()


async def reader_ends(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(5):
        try:
            return await reader.read() == b""
        except ConnectionResetError:
            return True


async def test_stopping_closes_every_connection_with_going_away(enters: Enters) -> None:
    async with running() as server:
        clients = [await enters(server.url) for _ in range(3)]
        codes = [asyncio.create_task(close_code(client)) for client in clients]
    assert await asyncio.gather(*codes) == [1001, 1001, 1001]


async def test_it_logs_nothing_even_at_the_lowest_level(
    enters: Enters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running() as server:
        broken, vanishing = await enters(server.url), await enters(server.url)
        await broken.send("text")
        await close_code(broken)
        vanishing.transport.abort()
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"nonsense\r\n\r\n")
        await hang_up(writer)
        await until(lambda: server.broker.take_census().connections == 0)
    own = [record for record in caplog.records if record.name not in ("websockets.client", "asyncio")]
    assert own == []


async def test_it_answers_no_plain_http_and_says_nothing_of_itself() -> None:
    async with running() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.read()
        await hang_up(writer)
    assert answer.startswith(b"HTTP/1.1 426 ")
    assert b"python" not in answer.lower()

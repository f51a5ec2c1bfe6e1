"""What proxies say of their clients, and what of it is believed."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendezvous.connection import ClientSocket
from rendezvous.limits import Limits
from rendezvous.proxy import UNIX, NoHeader, Proxies, read_header
from rendezvous.server import running
from tests.support.certificates import certificate

TRUSTED = Proxies((ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")))


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        (["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        (["198.51.100.7, 10.2.3.4, 10.2.3.5"], "198.51.100.7"),
        (["198.51.100.7:4711"], "198.51.100.7"),
        (["[2001:db9::7]:4711"], "2001:db9::7"),
        (["2001:db9::7"], "2001:db9::7"),
        (["::ffff:10.1.1.1"], None),
        (["198.51.100.7, unknown"], None),
        (["10.2.3.4"], None),
        ([""], None),
        ([], None),
    ],
)
def test_the_last_address_that_is_no_trusted_proxy_is_the_clients(
    headers: list[str], client: str | None
) -> None:
    assert TRUSTED.forwarded_for("10.0.0.1", headers) == client
    assert TRUSTED.forwarded_for("192.0.2.1", headers) is None, "a stranger is not believed"
    assert TRUSTED.forwarded_for(UNIX, headers) is None, "nor is the socket, unless it is named"
    assert replace(TRUSTED, unix=True).forwarded_for(UNIX, headers) == client


# --- headers of the PROXY protocol


def version_1(client: str) -> bytes:
    kind = f"TCP{ipaddress.ip_address(client).version}"
    return f"PROXY {kind} {client} {client} 5000 443\r\n".encode()


def version_2(client: str, more: bytes = b"") -> bytes:
    address = ipaddress.ip_address(client).packed
    body = address * 2 + struct.pack(">HH", 5000, 443) + more
    family = 0x11 if len(address) == 4 else 0x21
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack(">BBH", 0x21, family, len(body)) + body


def taken(data: bytes) -> tuple[str | None, bytes]:
    """The contents of the header, and the bytes after it."""
    rest = bytearray(data)

    async def read(size: int) -> bytes:
        if len(rest) < size:
            raise NoHeader("it hung up")
        part = bytes(rest[:size])
        del rest[:size]
        return part

    return asyncio.run(read_header(read)), bytes(rest)


@given(address=st.ip_addresses(), rest=st.binary(max_size=40), more=st.binary(max_size=200))
def test_a_header_is_read_to_its_end_and_not_a_byte_further(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, rest: bytes, more: bytes
) -> None:
    assert taken(version_1(str(address)) + rest) == (str(address), rest)
    assert taken(version_2(str(address), more) + rest) == (str(address), rest)


def test_a_proxy_may_connect_for_itself() -> None:
    assert taken(b"PROXY UNKNOWN\r\nrest") == (None, b"rest")
    assert taken(b"PROXY UNKNOWN ffff::1 ffff::1 1 2\r\n") == (None, b"")
    assert taken(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0rest") == (None, b"rest")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PROXY TCP4 1.2.3.4\r\n",
        b"PROXY TCP4 nowhere 1.2.3.4 5 6\r\n",
        b"PROXY TCP4 2001:db8::1 1.2.3.4 5 6\r\n",
        b"PROXY TCP4 " + b"1" * 200,
        b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c" + bytes(12),
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04" + bytes(4),
        b"\r\n\r\n\0\r\nQUIT\n\x21\x31\0\x0c" + bytes(12),
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + bytes(70000),
        b"",
    ],
)
def test_what_is_no_header_is_refused(data: bytes) -> None:
    with pytest.raises(NoHeader):
        taken(data)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_in_another_way(data: bytes) -> None:
    with contextlib.suppress(NoHeader):
        taken(data)


# --- a server behind them

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
ONE_EACH = replace(Limits(), connections_per_address=1)
LOOPBACK = (ip_network("127.0.0.0/8"),)


@contextlib.asynccontextmanager
async def asked(port: int, header: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[bytes]:
    """A connection that begins with a header, and the first line of the answer to its request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(header)
        if tls is not None:
            await writer.start_tls(tls, server_hostname="127.0.0.1")
        writer.write(REQUEST)
        async with asyncio.timeout(10):
            try:
                first = await reader.readline()
            except ConnectionResetError:
                first = b""
            yield first
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@pytest.mark.parametrize("make", [version_1, version_2])
@pytest.mark.parametrize("with_tls", [False, True], ids=["plain", "tls"])
async def test_caps_count_the_clients_that_the_proxy_protocol_names(
    make: Callable[[str], bytes], with_tls: bool, tmp_path: Path
) -> None:
    served = trusting = None
    if with_tls:
        chain, key = certificate(tmp_path)
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(chain, key)
        trusting = ssl.create_default_context(cafile=str(chain))
    proxies = Proxies(LOOPBACK, header=True)
    async with running(limits=ONE_EACH, proxies=proxies, tls=served) as server:
        one, other = make("198.51.100.1"), make("2001:db8::1")
        async with (
            asked(server.port, one, trusting) as first,
            asked(server.port, other, trusting) as second,
            asked(server.port, one, trusting) as third,
        ):
            assert [line.split()[1] for line in (first, second, third)] == [b"101", b"101", b"503"]


async def test_a_proxy_that_keeps_its_word_to_itself_is_hung_up_on() -> None:
    async with (
        running(proxies=Proxies(LOOPBACK, header=True)) as server,
        asked(server.port, b"") as first,
    ):
        assert first == b""


async def test_a_header_from_a_stranger_is_not_believed() -> None:
    elsewhere = Proxies((ip_network("192.0.2.1"),), header=True)
    async with (
        running(proxies=elsewhere) as server,
        asked(server.port, version_1("198.51.100.1")) as first,
        asked(server.port, b"") as second,
    ):
        assert first.split()[1:2] != [b"101"]
        assert second.split()[1] == b"101", "it is a client like others"


async def test_a_proxy_that_does_not_say_for_whom_it_connects_counts_as_one_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An unnamed client would be under no cap at all."""
    monkeypatch.setattr(ClientSocket, "peer", "192.0.2.7")  # from the loopback there are no caps
    proxies = Proxies((ip_network("192.0.2.0/24"),))
    async with (
        running(limits=ONE_EACH, proxies=proxies) as server,
        asked(server.port, b"") as first,
        asked(server.port, b"") as second,
    ):
        assert [line.split()[1] for line in (first, second)] == [b"101", b"503"]

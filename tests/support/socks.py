"""A SOCKS5 proxy (RFC 1928) on the loopback that writes down what it is asked for.

Knows: CONNECT, with the names a test makes up and where they lead. Does not know: who asks, or why.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

VERSION: Final = 5
CONNECT: Final = 1
PASSWORD: Final = 2
IPV4, NAME, IPV6 = 1, 3, 4
SUCCEEDED, HOST_UNREACHABLE = 0, 4


@dataclass(slots=True)
class Proxy:
    """What a test may look at."""

    port: int = 0
    asked: list[tuple[int, str, int]] = field(default_factory=list)
    """Kind of address, the address as it was asked for, port."""

    names_given: list[str] = field(default_factory=list)
    """Names and passwords, one for each connection that came with them."""

    @property
    def url(self) -> str:
        return f"socks5h://127.0.0.1:{self.port}"

    def names(self) -> list[str]:
        """Return the names that programs asked for. An address in place of a name is an error of the
        program."""
        assert all(kind == NAME for kind, _, _ in self.asked), self.asked
        return [address for _, address, _ in self.asked]


@asynccontextmanager
async def socks_proxy(known: Mapping[str, int]) -> AsyncIterator[Proxy]:
    """``known``: names, and the port of this machine each leads to. Everything else is unreachable."""
    proxy = Proxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await _serve(proxy, known, reader, writer)
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy


async def _serve(
    proxy: Proxy, known: Mapping[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    version, methods = await reader.readexactly(2)
    named = PASSWORD in await reader.readexactly(methods)
    writer.write(bytes((VERSION, PASSWORD if named else 0)))
    if named:
        proxy.names_given.append(await _name(reader))
        writer.write(bytes((1, SUCCEEDED)))
    _, command, _, kind = await reader.readexactly(4)
    if kind == NAME:
        address = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii")
    else:
        address = (await reader.readexactly(4 if kind == IPV4 else 16)).hex()
    port = int.from_bytes(await reader.readexactly(2), "big")
    assert (version, command) == (VERSION, CONNECT)
    proxy.asked.append((kind, address, port))
    if kind != NAME or address not in known:
        writer.write(_reply(HOST_UNREACHABLE))
        return
    there, onward = await asyncio.open_connection("127.0.0.1", known[address])
    writer.write(_reply(SUCCEEDED))
    try:
        await asyncio.gather(_pass_on(reader, onward), _pass_on(there, writer))
    finally:
        onward.close()


async def _name(reader: asyncio.StreamReader) -> str:
    """Name and password (RFC 1929)."""
    await reader.readexactly(1)
    name = await reader.readexactly((await reader.readexactly(1))[0])
    password = await reader.readexactly((await reader.readexactly(1))[0])
    return f"{name.decode()}:{password.decode()}"


def _reply(code: int) -> bytes:
    return bytes((VERSION, code, 0, IPV4)) + bytes(6)


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(1 << 16):
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()

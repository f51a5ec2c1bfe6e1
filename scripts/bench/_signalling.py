"""Clients of a rendezvous that cost little, and a relay of bare ``websockets`` to compare with.

Knows: just enough of RFC 6455 for frames that are not too long. Does not know: what is measured.

    python _signalling.py PORT [CERT KEY]     the relay; prints a line when it listens

The relay joins the clients that take the same topic, answers each Take with 90 bytes, and hands every blob to
the other: the bytes of a rendezvous, and none of its rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections import deque
from typing import Any

from scripts.bench._facts import run

TAKE, PASS = 1, 3
SEATED, BLOB = 130, 132
TOPIC = slice(1, 33)


class Client(asyncio.Protocol):
    """A WebSocket client. Messages go to the waiting callers, in order."""

    def __init__(self, headers: str = "") -> None:
        self._headers = headers
        self._data = bytearray()
        self._open = False
        self._heard: deque[bytes] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self.status = b""
        self.transport: Any = None
        self.closed = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            + self._headers.encode()
            + b"\r\n"
        )

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._open:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            self.status = bytes(head.split(b" ", 2)[1])
            self._open, self._data = True, bytearray(rest)
            self._wake()
        while (frame := self._frame()) is not None:
            kind, payload = frame
            if kind == 9:
                self._write(0x8A, payload)
            elif kind in (1, 2):
                self._heard.append(payload)
                self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        self.closed = True
        self._wake()

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._data
        if len(data) < 2:
            return None
        size, at = data[1] & 127, 2
        if size == 126:
            if len(data) < 4:
                return None
            size, at = int.from_bytes(data[2:4], "big"), 4
        if len(data) < at + size:
            return None
        payload = bytes(data[at : at + size])
        kind = data[0] & 15
        del data[: at + size]
        return kind, payload

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _write(self, first: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        self.transport.write(bytes([first]) + length + bytes(4) + payload)  # masked with zeros

    def say(self, message: bytes) -> None:
        self._write(0x82, message)

    async def opened(self) -> bool:
        while not self._open and not self.closed:
            await self._wait()
        return self.status == b"101"

    async def hear(self, kind: int) -> bytes:
        """The next message of a kind; others are dropped. Raises ConnectionError when it ends."""
        while True:
            while self._heard:
                message = self._heard.popleft()
                if message[0] == kind:
                    return message
            if self.closed:
                raise ConnectionError("the server hung up")
            await self._wait()

    async def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting


async def connected(
    host: str, port: int, source: str | None = None, headers: str = "", tls: ssl.SSLContext | None = None
) -> Client | None:
    """A client that is let in; None: it is turned away. ``source``: from which address it connects."""
    loop = asyncio.get_running_loop()
    local = (source, 0) if source else None
    try:
        _, client = await loop.create_connection(
            lambda: Client(headers), host, port, local_addr=local, ssl=tls
        )
    except OSError:
        return None
    if await client.opened():
        return client
    client.transport.abort()
    return None


def take(topic: bytes) -> bytes:
    return bytes([TAKE]) + topic + b"\0"


def passing(topic: bytes, seat: bytes, blob: bytes) -> bytes:
    return bytes([PASS]) + topic + seat + blob


async def relay(port: int, tls: ssl.SSLContext | None) -> None:
    """Measure ``websockets`` alone."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve
    from websockets.exceptions import ConnectionClosed

    rooms: dict[bytes, list[ServerConnection]] = {}

    async def converse(socket: ServerConnection) -> None:
        topic = b""
        try:
            async for message in socket:
                assert isinstance(message, bytes)
                topic = message[TOPIC]
                if message[0] == TAKE:
                    room = rooms.setdefault(topic, [])
                    if socket not in room:
                        room.append(socket)
                    seats = b"".join(bytes([n + 1]) * 8 for n in range(len(room)))
                    broadcast([socket], bytes([SEATED]) + topic + seats.ljust(57, b"\0")[:57])
                else:
                    others = [each for each in rooms[topic] if each is not socket]
                    broadcast(others, bytes([BLOB]) + message[1:])
        except ConnectionClosed:
            pass
        finally:
            if topic in rooms and socket in rooms[topic]:
                rooms[topic].remove(socket)

    async with serve(
        converse, "127.0.0.1", port, compression=None, max_queue=8, max_size=2089, ssl=tls
    ) as server:
        print(f"listening on ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    with contextlib.suppress(KeyboardInterrupt):
        run(relay(int(sys.argv[1]), context))

"""The WebSocket server around a broker.

Knows: sockets, the clock, and when a reader is too slow. Does not know: who may meet, and it never writes
down anything: no file, no log, not an address.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, assert_never

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request, Response
from websockets.protocol import Event, State

from p2pchat.wire.signalling import MESSAGE_MAX, Welcome, encode_server
from p2pchat.wire.version import VERSION
from rendezvous.addresses import addresses
from rendezvous.broker import Broker, Close, Output, Send
from rendezvous.limits import Group, Limits, Network, forwarded_for, groups, is_in
from rendezvous.topics import Connection

TICK_SECONDS = 5.0
"""Between two looks for idle clients; small beside the minute they are given."""

CLOSE_SECONDS = 2.0
"""For the closing handshake, so that the server stops in about two seconds whatever its clients do."""

TURNED_AWAY_MAX = 64
"""Connections over a cap that are waited for, to be told so when they have asked; beyond these they are told
at once and cut."""

FULL = "This rendezvous is full, or too many come from where you are. Try again later.\n"

HEALTH_PATH = "/healthz"
"""Answered by 200 while clients are let in, for whoever watches the server."""

FRAMES_QUEUED = 8
"""Received messages waiting for the broker, 2 kB each; it answers at once, so more would only be memory."""

PIECE_BYTES = 1024
"""Bytes parsed between two looks at what a connection may still say: 170 frames at most, of 6 bytes or more.
The event loop hands over up to 256 kB, which would be 43 000 frames and a fifth of a second."""

_SILENT = logging.getLogger("rendezvous.silent")
_SILENT.disabled = True


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    url: str
    port: int
    broker: Broker


class _Socket(ServerConnection):
    """One client's connection, counted from the moment it is accepted, before it has said anything."""

    shell: _Shell
    limits: Limits

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection: Connection | None = None
        self._request_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.connection = self.shell.accepted(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.shell.lost(self)

    def data_received(self, data: bytes) -> None:
        """Parse no more than what may be said, and answer no more pings than are read."""
        for at in range(0, len(data), PIECE_BYTES):
            if self.protocol.state is State.CONNECTING and self._too_long(len(data[at : at + PIECE_BYTES])):
                self.transport.abort()
            if self.transport.is_closing():
                return
            super().data_received(data[at : at + PIECE_BYTES])
            self.check_reader()
        if self.protocol.state is State.CLOSING:
            self.shell.see_off(self)

    def process_event(self, event: Event) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and self.connection is not None:
            self.shell.framed(self.connection)

    def check_reader(self) -> None:
        """Who lets too much pile up is cut off, which frees its seats."""
        if self.transport.get_write_buffer_size() > self.limits.write_buffer_bytes:
            self.transport.abort()

    def hang_up(self, reason: str) -> None:
        """Say why and hear no more."""
        if self.protocol.state is State.OPEN:
            self.protocol.fail(CloseCode.POLICY_VIOLATION, reason)
            self.send_data()
        self.shell.see_off(self)

    def _too_long(self, more: int) -> bool:
        self._request_bytes += more
        return self._request_bytes > self.limits.request_bytes


class _Shell:
    """Carries facts from the sockets to the broker, and its outputs back. All of it within one event loop."""

    def __init__(self, broker: Broker, limits: Limits, proxies: tuple[Network, ...]) -> None:
        self._broker = broker
        self._limits = limits
        self._proxies = proxies
        self._sockets: dict[Connection, _Socket] = {}
        self._numbers = itertools.count(1)
        self._turned_away = 0
        self._closing: dict[_Socket, asyncio.Task[None]] = {}

    # --- a connection's life

    def accepted(self, socket: _Socket) -> Connection | None:
        peer = socket.remote_address
        connection = Connection(next(self._numbers))
        if peer and self._broker.connected(connection, self._groups(peer[0]), time.monotonic()):
            self._sockets[connection] = socket
            return connection
        self._turned_away += 1
        if self._turned_away > TURNED_AWAY_MAX:
            socket.transport.write(_FULL_AT_ONCE)
            socket.transport.close()
        return None

    def _groups(self, host: str) -> tuple[Group, ...]:
        """None of a proxy's: it says later where its clients are."""
        return () if is_in(host, self._proxies) else groups(host, self._limits)

    def _forwarded(self, socket: _Socket, request: Request) -> bool:
        """Whether the client that a proxy passes on, if one does, is let in."""
        client = forwarded_for(
            socket.remote_address[0], request.headers.get_all("X-Forwarded-For"), self._proxies
        )
        if client is None or socket.connection is None:
            return True
        if self._broker.came_from(socket.connection, groups(client, self._limits), time.monotonic()):
            return True
        del self._sockets[socket.connection]
        socket.connection = None
        self._turned_away += 1
        return False

    def lost(self, socket: _Socket) -> None:
        if socket.connection is None:
            self._turned_away -= 1
        elif self._sockets.pop(socket.connection, None) is not None:
            self._carry_out(self._broker.disconnected(socket.connection, time.monotonic()))

    def answer_request(self, socket: ServerConnection, request: Request) -> Response | None:
        assert isinstance(socket, _Socket), "serve() makes no others"
        if socket.connection is None or not self._forwarded(socket, request):
            return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, FULL)
        if request.path == HEALTH_PATH:
            return socket.respond(HTTPStatus.OK, "ok\n")
        return None

    async def converse(self, socket: ServerConnection) -> None:
        assert isinstance(socket, _Socket), "serve() makes no others"
        assert socket.connection is not None, "others are turned away"
        self._write(socket, encode_server(Welcome(VERSION)))
        with contextlib.suppress(ConnectionClosed):
            while True:
                data = await socket.recv()
                if isinstance(data, str):
                    await socket.close(CloseCode.UNSUPPORTED_DATA, "binary messages only")
                    return
                self._carry_out(self._broker.received(socket.connection, data, time.monotonic()))

    async def tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._carry_out(self._broker.tick(time.monotonic()))

    def framed(self, connection: Connection) -> None:
        self._carry_out(self._broker.framed(connection, time.monotonic()))

    # --- what the broker wants

    def _carry_out(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Send(to, message):
                    if to in self._sockets:
                        self._write(self._sockets[to], encode_server(message))
                case Close(connection, reason):
                    if connection in self._sockets:
                        self._sockets.pop(connection).hang_up(reason)
                case _:
                    assert_never(output)

    def _write(self, socket: _Socket, data: bytes) -> None:
        """Never waits."""
        broadcast([socket], data)
        socket.check_reader()

    def see_off(self, socket: _Socket) -> None:
        """Give a connection that is closing ``CLOSE_SECONDS`` to end."""
        if socket not in self._closing:
            task = self._closing[socket] = asyncio.create_task(socket.close())
            task.add_done_callback(lambda _: self._closing.pop(socket))


@contextlib.asynccontextmanager
async def running(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
    proxies: tuple[Network, ...] = (),
) -> AsyncIterator[Running]:
    """Serve while the context lasts; on leaving it, close every connection with 1001 (going away).

    ``host`` "*" means every address of this machine, a name those of its addresses that can be had; ``port``
    0 lets the system choose. ``proxies`` are believed when they say for whom they connect. Raises OSError
    when no address can be had.
    """
    limits = limits or Limits()
    broker = Broker(limits, random.SystemRandom())
    shell = _Shell(broker, limits, proxies)
    own_socket = type("_OwnSocket", (_Socket,), {"shell": shell, "limits": limits})
    for_tls: dict[str, Any] = {}
    if tls is not None:
        for_tls = {"ssl_handshake_timeout": limits.open_seconds, "ssl_shutdown_timeout": CLOSE_SECONDS}
    listening: Any = None if host == "*" else addresses(host, port)
    async with serve(
        shell.converse,
        listening,
        port,
        create_connection=own_socket,
        process_request=shell.answer_request,
        compression=None,  # blobs are random bytes, and each deflate window costs 64 kB or more
        max_size=MESSAGE_MAX,
        max_queue=FRAMES_QUEUED,
        open_timeout=limits.open_seconds,
        ping_interval=limits.ping_seconds,
        ping_timeout=limits.ping_seconds,
        close_timeout=CLOSE_SECONDS,
        server_header=None,
        logger=_SILENT,
        ssl=tls,
        **for_tls,
    ) as server:
        ticking = asyncio.create_task(shell.tick_forever())
        try:
            bound = _bound_port(server)
            yield Running(_url(host, bound, tls is not None), bound, broker)
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking


_FULL_AT_ONCE = (
    f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: {len(FULL)}\r\n"
    f"Connection: close\r\n\r\n{FULL}"
).encode()


def _bound_port(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


def _url(host: str, port: int, tls: bool) -> str:
    shown = {"*": "0.0.0.0"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{'wss' if tls else 'ws'}://{shown}:{port}"

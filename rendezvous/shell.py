"""Between the sockets and the broker.

Knows: which socket is whose, the clock, and what is answered to a request. Does not know: who may meet, and
it never writes down anything: no file, no log, not an address.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import random
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import assert_never

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from p2pchat.wire.signalling import Draining, Welcome, encode_server
from p2pchat.wire.version import VERSION
from rendezvous.broker import Broker
from rendezvous.cluster import ClusterOutput, Publish
from rendezvous.connection import ClientSocket
from rendezvous.door import Door, Entrance
from rendezvous.hints import RENEW_SECONDS, HintedPorts
from rendezvous.limits import ClientGroup, Limits, groups
from rendezvous.outputs import CarryBlob, Close, Deliver, DeliverBytes, Forward, Inquire, Output, TellSeat
from rendezvous.proxy import UNIX, Proxies
from rendezvous.topics import Connection

TICK_SECONDS = 5.0
"""Between two looks for idle clients; small beside the minute they are given."""

DRAIN_STEP_SECONDS = 0.05
DRAIN_AT_ONCE = 50
"""Between two handfuls of clients that are sent elsewhere, and how many a handful has at least: so many can
come anew to another server at once."""

TURNED_AWAY_MAX = 64
"""Connections over a cap that are waited for, to be told so when they have asked; beyond these they are told
at once and cut."""

FULL = "This rendezvous is full, or too many come from where you are. Try again later.\n"
PRIVATE = "This rendezvous is private: its address ends with a token that its operator gives out.\n"
ELSEWHERE = "There is no rendezvous at this path.\n"

_FULL_AT_ONCE = (
    f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: {len(FULL)}\r\n"
    f"Connection: close\r\n\r\n{FULL}"
).encode()


class Shell:
    """Carries facts from the sockets to the broker, and its outputs back. All of it within one event loop."""

    def __init__(self, broker: Broker, limits: Limits, proxies: Proxies, door: Door) -> None:
        self._broker = broker
        self._tally = broker.tally
        self._limits = limits
        self._proxies = proxies
        self._door = door
        self._sockets: dict[Connection, ClientSocket] = {}
        self._numbers = itertools.count(1)
        self._turned_away: set[ClientSocket] = set()
        self._closing: dict[ClientSocket, asyncio.Task[None]] = {}
        self._unsent: list[ClientSocket] = []
        self._draining = False
        self.publish: Callable[[bytes | None, bytes], None] = lambda to, data: None
        """To other servers of a cluster, where there are any."""
        self.resolve: Callable[[list[Output], float], list[ClusterOutput]] | None = None
        """Carry out what the broker wants of them."""
        self._reach = HintedPorts()
        self._random = random.SystemRandom()

    # --- a connection's life

    def admit_connect(self, client: str) -> bool:
        """Whether a client may connect once more, before that has cost anything."""
        admitted = self._broker.clients.draw_connect(self._first(client), time.monotonic())
        self._tally.turned_away["full"] += not admitted
        return admitted

    def on_accepted(self, socket: ClientSocket) -> Connection | None:
        peer, drawn = socket.peer, socket.client is not None
        connection = Connection(next(self._numbers))
        if peer is not None and self._broker.on_connect(
            connection, self._first(peer), time.monotonic(), drawn
        ):
            self._sockets[connection] = socket
            return connection
        self._turn_away(socket, "full")
        if len(self._turned_away) > TURNED_AWAY_MAX:
            socket.transport.write(_FULL_AT_ONCE)
            socket.transport.close()
            # With TLS it would wait for the client's farewell.
            asyncio.get_running_loop().call_soon(socket.transport.abort)
        return None

    def _first(self, peer: str) -> tuple[ClientGroup, ...]:
        """The groups in which a connection counts until its request: only then a proxy names the client."""
        says_later = self._proxies.is_trusted(peer) and not self._proxies.header
        return () if says_later else self._groups(peer)

    def _groups(self, client: str) -> tuple[ClientGroup, ...]:
        return () if client == UNIX else groups(client, self._limits)

    def _forwarded(self, socket: ClientSocket, request: Request) -> bool:
        """Whether the client that a proxy passes on, if one does, is let in. A proxy that does not say for
        whom it connects counts as a client."""
        peer, proxies = socket.peer, self._proxies
        if peer is None or socket.connection is None or proxies.header or not proxies.is_trusted(peer):
            return socket.connection is not None
        client = proxies.forwarded_for(peer, request.headers.get_all("X-Forwarded-For")) or peer
        if self._broker.on_proxied(socket.connection, self._groups(client), time.monotonic()):
            return True
        del self._sockets[socket.connection]
        socket.connection = None
        self._turn_away(socket, "full")
        return False

    def _turn_away(self, socket: ClientSocket, why: str) -> None:
        self._turned_away.add(socket)
        self._tally.turned_away[why] += 1

    def on_lost(self, socket: ClientSocket) -> None:
        if socket.connection is None:
            self._turned_away.discard(socket)
        elif self._sockets.pop(socket.connection, None) is not None:
            now = time.monotonic()
            self._settle(self._broker.on_disconnect(socket.connection, now), now)

    def answer_request(self, socket: ServerConnection, request: Request) -> Response | None:
        assert isinstance(socket, ClientSocket), "serve() makes no others"
        if not self._forwarded(socket, request):
            return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, FULL)
        match self._door.decide_entrance(request.path):
            case Entrance.CLIENT:
                return None
            case Entrance.HEALTH if self._draining:
                return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "draining\n")
            case Entrance.HEALTH:
                return socket.respond(HTTPStatus.OK, "ok\n")
            case Entrance.PRIVATE:
                self._tally.turned_away["private"] += 1
                return socket.respond(HTTPStatus.FORBIDDEN, PRIVATE)
            case Entrance.ELSEWHERE:
                self._tally.turned_away["path"] += 1
                return socket.respond(HTTPStatus.NOT_FOUND, ELSEWHERE)

    async def serve_connection(self, socket: ServerConnection) -> None:
        assert isinstance(socket, ClientSocket), "serve() makes no others"
        assert socket.connection is not None, "others are turned away"
        socket.write_message(encode_server(Welcome(VERSION)))
        self._hint(socket)
        socket.greeted = True
        if self._draining:
            self._tally.turned_away["draining"] += 1
            self._send_elsewhere(socket)
        with contextlib.suppress(ConnectionClosed):
            while True:
                data = await socket.recv()
                if isinstance(data, str):
                    await socket.close(CloseCode.UNSUPPORTED_DATA, "binary messages only")
                    return
                now = time.monotonic()
                self._settle(self._broker.on_message(socket.connection, data, now), now)

    def on_message(self, connection: Connection, data: bytes) -> None:
        now = time.monotonic()
        self._settle(self._broker.on_whole_message(connection, data, now), now)

    async def tick_forever(self, after: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            self._settle(self._broker.tick(now), now)
            due = now - RENEW_SECONDS
            for socket in [client for client in self._sockets.values() if (client.hinted_at or due) < due]:
                self._hint(socket)
            after()

    # --- the end

    async def drain_clients(self, seconds: float) -> None:
        """Send all clients elsewhere: those in no invite over the first half of the time, the others when
        their invite has ended, or the time. Returns as soon as all clients have left."""
        self._draining = True
        started = time.monotonic()
        steps = max(1.0, seconds / 2 / DRAIN_STEP_SECONDS)
        at_once = max(DRAIN_AT_ONCE, math.ceil(len(self._sockets) / steps))
        while self._sockets and time.monotonic() < started + seconds:
            for connection in self._broker.seating.list_movable()[:at_once]:
                if connection in self._sockets and self._sockets[connection].greeted:
                    self._send_elsewhere(self._sockets[connection])
            await asyncio.sleep(DRAIN_STEP_SECONDS)

    def cut_off_strangers(self) -> None:
        """End the connections that have not said what they want: there is nothing to wait for."""
        for socket in [
            *self._turned_away,
            *(client for client in self._sockets.values() if not client.greeted),
        ]:
            socket.transport.abort()

    def _send_elsewhere(self, socket: ClientSocket) -> None:
        if socket not in self._closing:
            socket.write_message(encode_server(Draining()))
            self.see_off(socket, CloseCode.GOING_AWAY)

    def set_hints(self, reach: HintedPorts) -> None:
        """What clients are told of STUN and TURN from now on."""
        self._reach = reach

    def _hint(self, socket: ClientSocket) -> None:
        socket.hinted_at = time.monotonic()
        hints = self._reach.make_hints(time.time(), self._random)
        if hints is not None:
            socket.write_message(encode_server(hints))

    def on_frame(self, connection: Connection) -> None:
        now = time.monotonic()
        self._settle(self._broker.on_frame(connection, now), now)

    # --- what the broker wants

    def _settle(self, outputs: list[Output], now: float) -> None:
        if outputs:
            self.execute_outputs(outputs if self.resolve is None else self.resolve(outputs, now))

    def execute_outputs(self, outputs: Sequence[ClusterOutput | Output]) -> None:
        for output in outputs:
            if isinstance(output, Deliver):  # by far the most
                socket = self._sockets.get(output.to)
                if socket is not None:
                    socket.write_message(encode_server(output.message))
                continue
            if isinstance(output, DeliverBytes):
                if output.to in self._sockets:
                    self._sockets[output.to].write_message(output.data)
                continue
            if isinstance(output, Publish):
                self.publish(output.to, output.data)
                continue
            match output:
                case Close(connection, reason):
                    if connection in self._sockets:
                        self._sockets.pop(connection).hang_up(reason)
                case Inquire() | Forward() | CarryBlob() | TellSeat():
                    raise AssertionError("a broker that stands alone asks no other server")
                case _:
                    assert_never(output)

    def send_soon(self, socket: ClientSocket) -> None:
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._send)
        self._unsent.append(socket)

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        for socket in unsent:
            socket.send_unsent()

    def see_off(self, socket: ClientSocket, code: CloseCode = CloseCode.NORMAL_CLOSURE) -> None:
        """Give a connection that is closing the time of a closing handshake to end."""
        if socket not in self._closing:
            task = self._closing[socket] = asyncio.create_task(socket.close(code))
            task.add_done_callback(lambda _: self._closing.pop(socket))

"""The node's WebSocket connections to rendezvous servers.

Knows: sockets, TLS, timeouts, and what a failed connection means in plain words. Does not know: why we
connect, or when to try again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Collection
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import broadcast

from p2pchat.core.rendezvous.rendezvous import Line, topic_of, url_of
from p2pchat.core.values.inputs import RendezvousDown, RendezvousUp, ServersHinted, SignalReceived
from p2pchat.errors import Malformed, NetworkError
from p2pchat.net.other_scheme import find_scheme_fault
from p2pchat.net.racing import connected
from p2pchat.net.rendezvous_failures import FAILURES, explain, is_scheme_doubtful
from p2pchat.net.rendezvous_socket import ConnectOnce, RendezvousSocket
from p2pchat.net.tls import tls_context
from p2pchat.wire.content import TIME_MAX
from p2pchat.wire.ice import hinted
from p2pchat.wire.places import is_global, is_nearby, is_public
from p2pchat.wire.signalling import (
    MESSAGE_MAX,
    Draining,
    FromClient,
    FromServer,
    Hints,
    Welcome,
    decode_server,
    encode_client,
)
from p2pchat.wire.version import VERSION, other_version

CONNECT_SECONDS: Final = 10.0
"""For name, TCP, TLS, handshake and welcome together."""

PROXIED_SECONDS: Final = 30.0
"""The same through a proxy: Tor has to find an onion service first, and build a way to it."""

PING_SECONDS: Final = 5.0
"""Between pings, and again for the answer. A line that swallows everything is known within ten seconds, so
that people hear the right reason. The strictest NATs forget a connection after 30 s without one."""

PROXIED_PING_SECONDS: Final = 20.0
"""The same through a proxy: answers over Tor take seconds."""

CLOSE_SECONDS: Final = 2.0
"""For the closing handshake. Only the end of the program waits for it."""

FRAMES_QUEUED: Final = 16
"""Messages read ahead of the node, 2 kB each."""

BURST: Final = 256
GAP_SECONDS: Final = 1 / 64
"""A server may send 256 messages at once and 64 a second after that. Beyond it we read slower, and TCP makes
the server wait. A node that greets newcomers of a large mesh gets a handful a second."""

_PRIVATE: Final = (
    "it leads into a private network, and you did not type it; "
    "if it is right, 'p2pchat rendezvous add' makes it yours"
)

_FAR: Final = "it is not on this machine's own network"

ConnectionInput = RendezvousUp | RendezvousDown | ServersHinted | SignalReceived
Report = Callable[[ConnectionInput], None]

_SILENT = logging.getLogger("p2pchat.net.silent")
_SILENT.disabled = True


class RendezvousConnections:
    """At most one connection for each line (``core.rendezvous.rendezvous``). ``report`` is called in the
    event loop and must not block.

    ``proxy`` is a URL like ``socks5h://127.0.0.1:9050``: the proxy looks names up and makes every connection;
    there is no way round it. Lines of one topic each go to it under names of their own, by which Tor gives
    each a circuit of its own (IsolateSOCKSAuth), unless the URL names a user. Without one, connections are
    direct, with any environment. ``ca_file`` names a PEM file of certificates to trust beside the system's.
    """

    def __init__(self, report: Report, proxy: str | None = None, ca_file: str | None = None) -> None:
        self._report = report
        self._proxy = proxy
        self._ca_file = ca_file
        self._key = os.urandom(32)
        self._connections: dict[Line, _Connection] = {}
        self._tasks: dict[_Connection, asyncio.Task[None]] = {}

    def open_connection(self, line: Line, typed: bool = True, nearby: bool = False) -> None:
        """Begin to connect; RendezvousUp or RendezvousDown answers. Nothing happens if we are at it
        already. One that the person has not ``typed`` is connected to at a public address alone; one that was
        found ``nearby``, at an address of this machine's own network alone."""
        if line in self._connections:
            return
        whose = _Whose.PERSONS if typed else _Whose.NEARBY if nearby else _Whose.OTHERS
        connection = self._connections[line] = _Connection(line, whose, self._proxy_for(line), self._ca_file)
        task = self._tasks[connection] = asyncio.get_running_loop().create_task(self._run(connection))
        task.add_done_callback(lambda _: self._tasks.pop(connection))

    def _proxy_for(self, line: Line) -> str | None:
        if self._proxy is None or topic_of(line) is None or "@" in self._proxy:
            return self._proxy
        name = blake2b(line.encode(), key=self._key, digest_size=16).hexdigest()
        return self._proxy.replace("://", f"://{name}:{name}@", 1)

    def close_connection(self, line: Line) -> None:
        """Close the connection once what was sent has left. No input follows."""
        connection = self._connections.pop(line, None)
        if connection is not None:
            self._tasks[connection].cancel()

    def send_message(self, line: Line, message: FromClient) -> None:
        """Send a message. It is dropped when the connection is down: the input that says so is on its way."""
        connection = self._connections.get(line)
        if connection is not None:
            connection.send_message(message)

    def on_addresses_changed(self, addresses: Collection[str]) -> None:
        """Drop connections from addresses that this machine no longer has."""
        for connection in self._connections.values():
            connection.on_addresses_changed(addresses)

    async def aclose(self) -> None:
        """Close everything and wait until it is closed, ``CLOSE_SECONDS`` at most."""
        for url in list(self._connections):
            self.close_connection(url)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, connection: _Connection) -> None:
        line = connection.line
        try:
            async with connection:
                self._tell(connection, RendezvousUp(line, connection.clock))
                while True:
                    message = await connection.receive_message()
                    if isinstance(message, Hints):
                        self._tell(connection, connection.parse_hints(message))
                    else:
                        self._tell(connection, SignalReceived(line, message))
        except FAILURES as error:
            fault = await connection.find_scheme_fault() if is_scheme_doubtful(error) else ""
            self._lost(connection, fault or connection.complaint or explain(error))
        except Exception as error:  # noqa: BLE001 (else the node would wait for this server for ever)
            self._lost(connection, f"a fault in p2pchat, {type(error).__name__}; please report it")

    def _lost(self, connection: _Connection, reason: str) -> None:
        self._tell(connection, RendezvousDown(connection.line, reason, connection.flooded))
        if self._connections.get(connection.line) is connection:
            del self._connections[connection.line]

    def _tell(self, connection: _Connection, input: ConnectionInput) -> None:
        """Report, unless the connection was closed from here meanwhile."""
        if self._connections.get(connection.line) is connection:
            self._report(input)


class _Whose(Enum):
    """The source of an address, which decides which addresses are allowed."""

    PERSONS = auto()
    NEARBY = auto()
    OTHERS = auto()


class _Connection:
    """One connection. Entering it connects, and ends when the server has welcomed us."""

    def __init__(self, line: Line, whose: _Whose, proxy: str | None, ca_file: str | None) -> None:
        self.line, self.url = line, url_of(line)
        self._whose = whose
        self._proxy = proxy
        self._ca_file = ca_file
        self._socket: RendezvousSocket | None = None
        self._welcome = False
        self._read_at = 0.0
        self.complaint = ""
        """Why we hung up on the server, if we did."""
        self.flooded = False
        self.clock: float | None = None
        """The server's time when it answered, Unix seconds."""

    async def __aenter__(self) -> _Connection:
        patience = CONNECT_SECONDS if self._proxy is None else PROXIED_SECONDS
        try:
            async with asyncio.timeout(patience):
                self._socket = await self._connect()
                self.clock = _date(self._socket)
                _check_welcome(_decode(await self._socket.recv()))
        except TimeoutError:
            await self._hang_up()
            raise NetworkError(f"no answer within {patience:.0f} seconds") from None
        except BaseException:
            await self._hang_up()
            raise
        self._welcome = True
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._hang_up()

    async def find_scheme_fault(self) -> str:
        """Return what is wrong with the scheme of the address, if a person typed it; else "". Not through a
        proxy, which has a circuit to build for each connection."""
        if self._whose is not _Whose.PERSONS or self._proxy is not None:
            return ""
        parts = urlsplit(self.url)
        try:
            made = await self._connect_directly()
        except OSError:
            return ""
        return await find_scheme_fault(parts.scheme, parts.hostname or "", made) if made is not None else ""

    async def receive_message(self) -> FromServer:
        """Return the next message. Raises ConnectionClosed or Malformed."""
        assert self._socket is not None, "entered"
        await self._pace()
        message = _decode(await self._socket.recv())
        if isinstance(message, Welcome):
            raise Malformed("welcomed twice")
        if isinstance(message, Draining):
            raise NetworkError("it is shutting down")
        return message

    def on_addresses_changed(self, addresses: Collection[str]) -> None:
        """Hang up at once if our address has gone, or after a sleep (then no address is ours). TCP would not
        tell us for a minute."""
        if self._socket is not None and self._welcome and self._socket.local_address[0] not in addresses:
            self.complaint = "this machine's address has changed"
            self._socket.transport.abort()

    def parse_hints(self, hints: Hints) -> ServersHinted:
        """Return the servers that it has named, at the address where we reach it. A proxy looks names up
        itself, so behind one they keep its name."""
        assert self._socket is not None, "entered"
        address = urlsplit(self.url).hostname or ""
        if self._proxy is None:
            address = str(self._socket.remote_address[0])
        return ServersHinted(self.line, hinted(self.url, address, hints))

    def send_message(self, message: FromClient) -> None:
        """Send a message without waiting. If too much piles up, the connection ends."""
        if self._socket is None or not self._welcome:
            return
        broadcast([self._socket], encode_client(message))
        self._socket.check_reader()

    async def _connect(self) -> RendezvousSocket:
        if self._proxy is None and _is_onion(self.url):
            # Looking the name up would reveal it to the name server (RFC 7686).
            raise NetworkError("an .onion address is reached through Tor alone: 'p2pchat config set proxy'")
        if self._whose is _Whose.OTHERS and not is_public(self.url):
            raise NetworkError(_PRIVATE)
        if self._whose is _Whose.NEARBY and self._proxy is not None:
            raise NetworkError("a place on this machine's own network cannot be reached through a proxy")
        if self._proxy is not None:
            return await self._open()  # the proxy looks the name up, and connects from where it is
        made = await self._connect_directly()
        if made is None:
            raise NetworkError(_PRIVATE if self._whose is _Whose.OTHERS else _FAR)
        try:
            return await self._open(sock=made)
        except BaseException:
            made.close()
            raise

    async def _connect_directly(self) -> socket.socket | None:
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        return await connected(parts.hostname or "", port, self._allowed)

    def _allowed(self, address: str) -> bool:
        """Whether we may connect to this address. The name is not asked again: it may lead elsewhere the next
        time."""
        found = ipaddress.ip_address(address.partition("%")[0])
        match self._whose:
            case _Whose.PERSONS:
                return True
            case _Whose.NEARBY:
                return is_nearby(found) or found.is_loopback  # our own
            case _Whose.OTHERS:
                return is_global(found)

    async def _open(self, **where: Any) -> RendezvousSocket:
        ping_every = PING_SECONDS if self._proxy is None else PROXIED_PING_SECONDS
        made = await ConnectOnce(
            self.url,
            create_connection=type(
                "_OwnSocket", (RendezvousSocket,), {"on_complaint": staticmethod(self._complain)}
            ),
            proxy=self._proxy,
            ssl=tls_context(self._ca_file) if self.url.startswith("wss:") else None,
            compression=None,  # blobs are random bytes
            user_agent_header=None,
            max_size=MESSAGE_MAX,
            max_queue=FRAMES_QUEUED,
            open_timeout=None,
            ping_interval=ping_every,
            ping_timeout=ping_every,
            close_timeout=CLOSE_SECONDS,
            logger=_SILENT,
            **where,
        )
        assert isinstance(made, RendezvousSocket), "no others are made"
        return made

    def _complain(self, complaint: str, flooded: bool) -> None:
        self.complaint, self.flooded = complaint, flooded

    async def _hang_up(self) -> None:
        self._welcome = False
        if self._socket is not None:
            await self._socket.close()
            if self._socket.keepalive_task is not None:  # begun after we had hung up
                self._socket.keepalive_task.cancel()

    async def _pace(self) -> None:
        now = asyncio.get_running_loop().time()
        self._read_at = max(self._read_at, now - BURST * GAP_SECONDS) + GAP_SECONDS
        if self._read_at > now:
            await asyncio.sleep(self._read_at - now)


def _is_onion(url: str) -> bool:
    return (urlsplit(url).hostname or "").removesuffix(".").endswith(".onion")


def _date(connection: ClientConnection) -> float | None:
    """Return the time that the server tells (RFC 9110, section 6.6.1), if it tells one."""
    try:
        header = connection.response.headers["Date"] if connection.response is not None else ""
        return max(0.0, min(parsedate_to_datetime(header).timestamp(), TIME_MAX))
    except (LookupError, TypeError, ValueError, OverflowError):
        return None


def _decode(data: str | bytes) -> FromServer:
    if isinstance(data, str):
        raise Malformed("a text message")
    return decode_server(data)


def _check_welcome(message: FromServer) -> None:
    if not isinstance(message, Welcome):
        raise Malformed("no welcome")
    if message.version != VERSION:
        raise NetworkError(f"it {other_version(message.version)}")

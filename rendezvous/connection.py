"""One client's WebSocket connection.

Knows: how much may be parsed at once, and when a reader is too slow. Does not know: what is said.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, Protocol

from websockets.asyncio.server import ServerConnection
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.protocol import Event, State

from rendezvous.limits import Limits
from rendezvous.proxy import UNIX
from rendezvous.topics import Connection

PIECE_BYTES = 4096
"""Bytes parsed between two looks at what a connection may still say: one message whole, or 680 frames of 6
bytes, which take 3 ms. The event loop hands over up to 256 kB, which would be 43 000 frames and a fifth of a
second."""

SILENT: Final = logging.getLogger("rendezvous.silent")
SILENT.disabled = True


class ConnectionListener(Protocol):
    """What a connection tells of itself."""

    def accepted(self, socket: ClientSocket) -> Connection | None:
        """It is there. None: it is turned away."""

    def framed(self, connection: Connection) -> None:
        """A frame came."""

    def heard(self, connection: Connection, data: bytes) -> None:
        """A message came, whole and at once."""

    def lost(self, socket: ClientSocket) -> None:
        """It is gone."""

    def see_off(self, socket: ClientSocket) -> None:
        """It is closing."""


class ClientSocket(ServerConnection):
    """Counted from the moment it is accepted, before it has said anything."""

    __slots__ = ("_in_parts", "_request_bytes", "client", "connection", "greeted")
    """Beside what the library keeps: a few more in its dictionary would double that."""

    shell: ConnectionListener
    limits: Limits

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection: Connection | None = None
        self.hinted_at: float | None = None
        """When it was last told of STUN and TURN, monotonic seconds; None: it is not welcome yet."""
        self.client: str | None = None
        """Where the client is, if a proxy said so before it said anything itself."""
        self.greeted = False
        self._in_parts = False
        """It has said something that has to be put together: from then on ``recv`` has all that it says."""
        self._request_bytes = 0

    @property
    def peer(self) -> str | None:
        """Where it comes from; None: it is gone already."""
        address = self.remote_address if self.client is None else (self.client,)
        return None if address is None else address[0] if address else UNIX

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.connection = self.shell.accepted(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.shell.lost(self)

    def data_received(self, data: bytes) -> None:
        """Parse no more than what may be said, and answer no more pings than are read."""
        if self.protocol.state is State.OPEN and len(data) <= PIECE_BYTES:
            super().data_received(data)
            self.check_reader()
        else:
            self._receive_in_pieces(data)
        if self.protocol.state is State.CLOSING:
            self.shell.see_off(self)

    def _receive_in_pieces(self, data: bytes) -> None:
        for at in range(0, len(data), PIECE_BYTES):
            if self.protocol.state is State.CONNECTING and self._too_long(len(data[at : at + PIECE_BYTES])):
                self.transport.abort()
            if self.transport.is_closing():
                return
            super().data_received(data[at : at + PIECE_BYTES])
            self.check_reader()

    def process_event(self, event: Event) -> None:
        if not isinstance(event, Frame) or self.connection is None:
            super().process_event(event)
            return
        self.shell.framed(self.connection)
        if event.opcode is Opcode.BINARY and event.fin and self.greeted and not self._in_parts:
            self.shell.heard(self.connection, bytes(event.data))  # a task that waits would cost as much again
            return
        self._in_parts = self._in_parts or event.opcode in DATA_OPCODES
        super().process_event(event)

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

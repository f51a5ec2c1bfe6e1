"""One client's WebSocket connection.

Knows: how much may be parsed at once, and when a reader is too slow. Does not know: what is said.

A message that comes in one frame, as all of a client's do, is cut off, unmasked and handed on here, and what
is answered is framed here: the way through the library costs more than all that a rendezvous has to do
besides. Whatever else a client sends is the library's: the request, pings, messages in parts, and what breaks
the rules.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, Protocol

from websockets.asyncio.server import ServerConnection
from websockets.frames import DATA_OPCODES, CloseCode, Frame
from websockets.protocol import Event, State

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

from p2pchat.wire.signalling import MESSAGE_MAX
from rendezvous.frames import MASK_BYTES, WHOLE_BINARY, Cut, frame_at, unmasked_head
from rendezvous.limits import Limits
from rendezvous.proxy import UNIX
from rendezvous.topics import Connection

PIECE_BYTES = 4096
"""Bytes parsed between two checks of what a connection may still send: one message whole, or 680 frames of 6
bytes, which take 3 ms. The event loop hands over up to 256 kB, which would be 43 000 frames and a fifth of a
second."""

REQUEST_END = b"\r\n\r\n"

SILENT: Final = logging.getLogger("rendezvous.silent")
SILENT.disabled = True


class ConnectionListener(Protocol):
    """What a connection tells of itself."""

    def on_accepted(self, socket: ClientSocket) -> Connection | None:
        """A connection was made. Return None to refuse it."""

    def on_frame(self, connection: Connection) -> None:
        """A frame came that is no message by itself."""

    def on_message(self, connection: Connection, data: bytes) -> None:
        """A frame came that is a message."""

    def send_soon(self, socket: ClientSocket) -> None:
        """Something is to be sent to it before the turn ends."""

    def on_lost(self, socket: ClientSocket) -> None:
        """A connection has ended."""

    def see_off(self, socket: ClientSocket) -> None:
        """The closing of a connection has begun."""


class ClientSocket(ServerConnection):
    """Counted from the moment it is accepted, before it has said anything."""

    __slots__ = ("_held", "_library_reads", "_request_bytes", "_unsent", "client", "connection", "greeted")
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
        self._held = b""
        """The beginning of a frame."""
        self._library_reads = False
        """It has said something that has to be put together, or spoke before it was let in: from then on
        ``recv`` has all that it says."""
        self._request_bytes = 0
        self._unsent: list[bytes] | None = None

    @property
    def peer(self) -> str | None:
        """Return the address of the other end, or None if the connection has ended."""
        address = self.remote_address if self.client is None else (self.client,)
        return None if address is None else address[0] if address else UNIX

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.connection = self.shell.on_accepted(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.shell.on_lost(self)

    def data_received(self, data: bytes) -> None:
        """Parse only what the connection may send, and answer only as many pings as are read."""
        if self._held:
            data, self._held = self._held + data, b""
        if self.protocol.state is State.OPEN and not self._library_reads:
            self._receive_frames(data)
        else:
            self._receive_in_pieces(data)
        if self.protocol.state is State.CLOSING:
            self.shell.see_off(self)

    def _receive_frames(self, data: bytes) -> None:
        """Each is counted before the next is looked at."""
        at = 0
        while at < len(data) and self._hears:
            found = frame_at(data, at, MESSAGE_MAX)
            if self._library_reads or found is Cut.UNFIT:
                self._receive_in_pieces(data[at:])
                return
            if found is Cut.INCOMPLETE:
                self._held = data[at:]
                return
            start, end = found
            if data[at] == WHOLE_BINARY and self.greeted and self.connection is not None:
                message = apply_mask(data[start:end], data[start - MASK_BYTES : start])
                self.shell.on_message(self.connection, message)
            else:
                self._receive_in_pieces(data[at:end])
            at = end

    @property
    def _hears(self) -> bool:
        return self.protocol.state is State.OPEN and not self.transport.is_closing()

    def _receive_in_pieces(self, data: bytes) -> None:
        for at in range(0, len(data), PIECE_BYTES):
            piece = data[at : at + PIECE_BYTES]
            connecting = self.protocol.state is State.CONNECTING
            if connecting and self._too_long(len(piece)):
                self.transport.abort()
            if self.transport.is_closing():
                return
            super().data_received(piece)
            self.check_reader()
            if (
                connecting
                and self.request is not None
                and piece.partition(REQUEST_END)[1:] != (REQUEST_END, b"")
            ):
                self._library_reads = True

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and self.connection is not None:
            self.shell.on_frame(self.connection)
            self._library_reads = self._library_reads or event.opcode in DATA_OPCODES
        super().process_event(event)

    def write_message(self, message: bytes) -> None:
        """Never waits, and sends nothing to a client that is leaving. What is said while the loop reads is
        sent when it has read all that there is: half as many turns for the same work."""
        if self.protocol.state is not State.OPEN:
            return
        if self._unsent is None:
            self._unsent = []
            self.shell.send_soon(self)
        self._unsent += (unmasked_head(len(message)), message)

    def send_unsent(self) -> None:
        """All that was said in this turn."""
        unsent, self._unsent = self._unsent, None
        if unsent and self._hears:
            self.transport.write(b"".join(unsent))
            self.check_reader()

    def check_reader(self) -> None:
        """A client that lets too much pile up is disconnected, which frees its seats."""
        if self.transport.get_write_buffer_size() > self.limits.write_buffer_bytes:
            self.transport.abort()

    def hang_up(self, reason: str) -> None:
        """Send the reason and stop reading."""
        self.send_unsent()
        if self.protocol.state is State.OPEN:
            self.protocol.fail(CloseCode.POLICY_VIOLATION, reason)
            self.send_data()
        self.shell.see_off(self)

    def _too_long(self, more: int) -> bool:
        self._request_bytes += more
        return self._request_bytes > self.limits.request_bytes

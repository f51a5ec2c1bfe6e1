"""A WebSocket to a rendezvous that may be hostile: it reads only as much as a server may send.

Knows: sizes and rates. Does not know: what messages mean, or when to connect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame
from websockets.protocol import Event, State

from p2pchat.core.kit.budget import Budget

UNSENT_MAX: Final = 128 * 1024
"""Bytes that wait for a server to read them before it counts as lost: 60 blobs, more than a node passes in
a minute. Answers to its pings count, too."""

RESPONSE_MAX: Final = 8 * 1024
"""Bytes of the HTTP response, with headers and body: a rendezvous says 200, what stands before it some
more."""

FRAMES_BURST: Final = 1024
FRAMES_PER_S: Final = 64.0
"""WebSocket frames of any kind, pings and pongs and parts of messages among them, before a server counts as
one that floods. What it may say in the long run we read (``GAP_SECONDS``); a chunk from the kernel holds some
hundred messages more."""

PIECE_BYTES: Final = 1024
"""Bytes parsed between two looks at what a server may still say: 512 frames at most, of 2 bytes or more."""

NO_RENDEZVOUS: Final = "what answers there is not a rendezvous"
"""The complaint about a server that does not keep to the protocol."""

Complain = Callable[[str, bool], None]


class RendezvousSocket(ClientConnection):
    """Parses only as much as a server may say, and answers only as many pings as the server reads."""

    on_complaint: Complain
    """Told why we hung up, and whether the server has flooded us."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._response_bytes = 0
        self._frames = Budget(self.loop.time(), FRAMES_PER_S, FRAMES_BURST)

    def data_received(self, data: bytes) -> None:
        for at in range(0, len(data), PIECE_BYTES):
            if self.transport.is_closing():
                return
            piece = data[at : at + PIECE_BYTES]
            if self.protocol.state is State.CONNECTING and self._too_long(len(piece)):
                self._complain(NO_RENDEZVOUS)
                return
            super().data_received(piece)
            if self.protocol.parser_exc is not None:
                # websockets says goodbye and waits for the other end, which may never hang up.
                self._complain(NO_RENDEZVOUS)
                return
            self.check_reader()

    def process_event(self, event: Event) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and not self._frames.take_token(self.loop.time()):
            self._complain("it sends without measure", flooded=True)

    def check_reader(self) -> None:
        """Hang up on a server that lets too much pile up."""
        if self.transport.get_write_buffer_size() > UNSENT_MAX:
            self._complain("it does not read what is sent to it", flooded=True)

    def _too_long(self, more: int) -> bool:
        self._response_bytes += more
        return self._response_bytes > RESPONSE_MAX

    def _complain(self, complaint: str, flooded: bool = False) -> None:
        self.on_complaint(complaint, flooded)
        self.transport.abort()


class ConnectOnce(connect):
    """A rendezvous that sends us elsewhere is not the one the user named."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc

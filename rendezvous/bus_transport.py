"""The connection to NATS: the library's, with a shortcut for messages.

Knows: what of the library is gone round. Does not know: what is said.

The library copies each message four times and wakes three tasks for it, one after the other: more than all
else that two servers do to hand a blob on. So messages are cut off here as they come in, and go out as they
are written. Connecting, names and passwords, TLS, pings and coming back are the library's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from nats.aio.client import Client
from nats.aio.transport import TcpTransport

from rendezvous.nats_messages import Cutter

UNSENT_BYTES: Final = 8 * 1024 * 1024
"""Waiting in the connection for a bus that is slow; beyond that what is said is lost."""


class BusClient(Client):
    """``deliver`` is called with each message of every subscription."""

    def __init__(self, deliver: Callable[[bytes], None]) -> None:
        super().__init__()
        self._deliver = deliver
        self._direct: asyncio.WriteTransport | None = None

    def send_messages(self, messages: Iterable[tuple[bytes, bytes]]) -> None:
        """Each with its subject. Never waits. What is said to a bus that is not there is lost."""
        direct = self._direct
        if direct and not direct.is_closing() and direct.get_write_buffer_size() < UNSENT_BYTES:
            direct.write(
                b"".join(b"PUB %b %d\r\n%b\r\n" % (to, len(payload), payload) for to, payload in messages)
            )

    async def _process_connect_init(self) -> None:
        """The bus has let us in, for the first time or again. The library has not subscribed to anything
        yet."""
        await super()._process_connect_init()
        assert isinstance(self._transport, TcpTransport), "the URLs say so"
        assert self._transport._io_writer is not None, "it is connected"  # noqa: SLF001 - in no public place
        self._direct = direct = self._transport._io_writer.transport  # noqa: SLF001
        direct.set_protocol(_Listener(direct.get_protocol(), self._deliver))


class _Listener(asyncio.Protocol):
    """Stands in front of the library's own protocol, and gets everything that is no message."""

    def __init__(self, library: asyncio.BaseProtocol, deliver: Callable[[bytes], None]) -> None:
        assert isinstance(library, asyncio.StreamReaderProtocol), "the library reads from a stream"
        self._library = library
        self.data_received = Cutter(deliver, library.data_received).feed_bytes  # type: ignore[method-assign]
        self.eof_received = library.eof_received  # type: ignore[method-assign]
        self.connection_lost = library.connection_lost  # type: ignore[method-assign]
        self.pause_writing = library.pause_writing  # type: ignore[method-assign]
        self.resume_writing = library.resume_writing  # type: ignore[method-assign]

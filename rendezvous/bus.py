"""The bus between the servers of a cluster: NATS.

Knows: subjects, and what happens when the bus is gone. Does not know: what is said there.

Each server hears two subjects: one for all, one of its own. A message that cannot be sent is dropped: no
server has acted on it, and clients ask again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rendezvous.bus_transport import BusClient

SUBJECT: Final = b"p2pchat.rendezvous.2"
"""With the version of what is said."""

QUEUED_BYTES: Final = 8 * 1024 * 1024
"""Of messages waiting to be written: 4096 of the longest, or all the seats of ten full servers."""

TOGETHER_BYTES: Final = 64 * 1024
"""What is said to one server within one turn of the loop goes as one message of NATS, each part after its
length in two bytes: such a message costs ten times what is in it. (NATS takes 1 MB.)"""

JOIN_SECONDS: Final = 2.0
"""The start waits for the bus so long, and then goes on alone."""

RECONNECT_SECONDS: Final = 1


class NoBus(Exception):
    """The library is not installed."""


class Bus:
    """``heard`` is called with what comes together, ``changed`` with whether the bus is there."""

    def __init__(
        self,
        urls: str,
        own: bytes,
        on_messages: Callable[[Iterable[bytes]], None],
        changed: Callable[[bool], None],
    ) -> None:
        self._urls = [url.strip() for url in urls.split(",")]
        self._own = own
        self._on_messages = on_messages
        self._changed = changed
        self._waiting: dict[bytes | None, list[bytes]] = {}
        self._queued = 0
        self._up = asyncio.Event()
        self._client: BusClient | None = None

    def publish(self, to: bytes | None, data: bytes) -> None:
        """Never waits. ``to``: a server; None: all."""
        if self._up.is_set() and self._queued < QUEUED_BYTES:
            if not self._queued:
                asyncio.get_running_loop().call_soon(self._send)
            self._queued += len(data)
            self._waiting.setdefault(to, []).append(data)

    @contextlib.asynccontextmanager
    async def taking_part(self) -> AsyncIterator[None]:
        """Take part while the context lasts. Raises NoBus."""
        try:
            from rendezvous.bus_transport import BusClient
        except ImportError:
            raise NoBus("--bus needs nats-py: pip install nats-py") from None
        client = self._client = BusClient(self._receive)
        connecting = asyncio.create_task(self._connect(client))
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(JOIN_SECONDS):
                    await self._up.wait()
            yield
        finally:
            await self._flush(client)
            connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await connecting
            with contextlib.suppress(Exception):
                await client.close()

    async def _connect(self, client: BusClient) -> None:
        """Try until the bus answers. From then on the library reconnects by itself."""

        async def lost() -> None:
            self._up.clear()
            self._changed(False)

        async def back() -> None:
            self._up.set()
            self._changed(True)

        async def unwell(_error: Exception) -> None:
            """Nothing to say: ``lost`` follows if it matters."""

        async def nothing(_message: object) -> None:
            """All messages take the shortcut."""

        while True:
            try:
                await client.connect(
                    self._urls,
                    name="p2pchat-rendezvous",
                    error_cb=unwell,
                    disconnected_cb=lost,
                    reconnected_cb=back,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RECONNECT_SECONDS,
                )
                for who in (None, self._own):
                    await client.subscribe(_subject(who).decode(), cb=nothing)
                await client.flush()
            except Exception:  # noqa: BLE001 - the library's own, the system's, and TLS'
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            await back()
            return

    def _receive(self, together: bytes) -> None:
        self._on_messages(split(together))

    def _send(self) -> None:
        waiting, self._waiting, self._queued = self._waiting, {}, 0
        if self._client is None or not self._up.is_set():
            return
        self._client.send_messages(
            (_subject(to), together) for to, parts in waiting.items() for together in joined(parts)
        )

    async def _flush(self, client: BusClient) -> None:
        """What was said last, as that we go, still leaves."""
        if self._up.is_set():
            self._send()
            with contextlib.suppress(Exception):
                async with asyncio.timeout(1.0):
                    await client.flush(1)


@lru_cache(64)
def _subject(server: bytes | None) -> bytes:
    return b"%b.%b" % (SUBJECT, b"all" if server is None else server.hex().encode())


def joined(parts: list[bytes]) -> Iterator[bytes]:
    """Put messages together, as many as fit."""
    together: list[bytes] = []
    size = 0
    for part in parts:
        if together and size + 2 + len(part) > TOGETHER_BYTES:
            yield b"".join(together)
            together, size = [], 0
        together += (len(part).to_bytes(2, "big"), part)
        size += 2 + len(part)
    yield b"".join(together)


def split(together: bytes) -> Iterator[bytes]:
    """Take them apart. What is cut off at the end is left out."""
    at = 0
    while at + 2 <= len(together):
        end = at + 2 + int.from_bytes(together[at : at + 2], "big")
        if end > len(together):
            return
        yield together[at + 2 : end]
        at = end

"""The control socket's server: a node answers the programs of its owner.

Knows: connections, pending requests, which users may connect. Does not know: what any method does.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from p2pchat.control.events import Event
from p2pchat.control.failures import INVALID_REQUEST, UNEXPECTED, code_of
from p2pchat.control.framing import (
    ANSWER_MAX,
    CANCEL,
    REQUEST_MAX,
    Request,
    RequestId,
    Unfit,
    answer_line,
    event_line,
    failure_line,
    read_request,
)
from p2pchat.daemon.home import listening_socket, remove_socket, socket_place
from p2pchat.errors import LimitError, P2PChatError, StoreError
from p2pchat.text import one_line

UNSENT_MAX: Final = 16 << 20
"""Unread bytes at which a client is disconnected, so that it does not block the node."""

REQUESTS_MAX: Final = 256
"""Pending requests of one client. At this number the node stops reading until some are answered, so the
socket slows a client that asks too fast."""

LOOK_EVERY_S: Final = 2.0
"""Seconds between checks that our socket is still in its place."""

CALLERS_MAX: Final = 1024
"""Programs that may wait to connect while the node is busy: a script may start hundreds at once."""

GONE_EVERY_S: Final = 0.25
"""Seconds between checks that a client with pending requests still reads after it stopped writing."""

Handler = Callable[[str, Mapping[str, object], "Caller"], Awaitable[object]]


class Caller:
    """One pending request: its handler sends events and waits through it."""

    def __init__(self, client: _ClientConnection, request: RequestId | None) -> None:
        self._client = client
        self._request = request
        self.then: list[Callable[[], None]] = []
        """Runs after the answer was written: it may end this node."""

    async def read(self) -> None:
        """Wait until the client has read most of what was sent; handlers of long lists call this between
        events."""
        await self._client.read()

    def send_event(self, event: Event) -> None:
        """Send an event before the answer. Never waits; a client that does not read is disconnected."""
        self._client.send(event_line(self._request, event))


class ControlServer:
    """Serves ``HOME/control.sock`` while it runs."""

    def __init__(self, handler: Handler, endless: Collection[str] = ()) -> None:
        """``endless``: the methods that end with their connection; all others are completed."""
        self._handler = handler
        self._endless = endless
        self._server: asyncio.Server | None = None
        self._place: tuple[int, int] | None = None
        self._staying: asyncio.Task[None] | None = None
        self._clients: set[_ClientConnection] = set()
        self._stopping = False
        self._home: Path | None = None

    async def start(self, home: Path) -> None:
        """Start to listen. The caller holds the home's lock."""
        self._home = home
        await self._bind(home)
        self._staying = asyncio.get_running_loop().create_task(self._stay(home))

    async def _bind(self, home: Path) -> None:
        bound = listening_socket(home)
        before, self._server = (
            self._server,
            await asyncio.start_unix_server(self._serve, sock=bound, limit=REQUEST_MAX, backlog=CALLERS_MAX),
        )
        self._place = socket_place(home)
        if before is not None:
            before.close()

    async def _stay(self, home: Path) -> None:
        """Bind the socket again if a cleaner or a mirroring program removed or replaced it."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if socket_place(home) != self._place:
                with suppress(StoreError):  # no room, or no home: try again later
                    await self._bind(home)

    async def serve_in_process(self) -> socket.socket:
        """Serve only this process, where no socket can be made; return the client's end."""
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=REQUEST_MAX)
        self._paired = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        return theirs

    async def stop(self) -> None:
        """Remove the socket, then close all connections."""
        self._stopping = True
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.wait((self._staying,))
        if self._server is not None and self._home is not None:
            remove_socket(self._home)
            self._server.close()
        for client in list(self._clients):
            client.hang_up()
        while self._clients:
            await asyncio.gather(*(client.gone.wait() for client in list(self._clients)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _ClientConnection(reader, writer, self._handler, self._endless)
        self._clients.add(client)
        try:
            if not self._stopping and _same_user(writer.get_extra_info("socket")):
                await client.run()
        finally:
            self._clients.discard(client)
            await client.close()


class _PendingCall(NamedTuple):
    """A pending request."""

    id: RequestId | None
    method: str


class _ClientConnection:
    """One connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handler: Handler,
        endless: Collection[str],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._endless = endless
        self._tasks: dict[asyncio.Task[None], _PendingCall] = {}
        self._hung_up = False
        self._awaited = 0
        """Bytes of answers being read, which do not count as unread."""
        self.gone = asyncio.Event()

    async def run(self) -> None:
        """Read requests until the client stops writing, and carry them out.

        A client that still reads gets every answer. Endless requests end when the client has gone.
        """
        with suppress(ConnectionError):
            while line := await self._line():
                self._accept(line)
                await self._wait_for_room()
        while self._tasks and not self._hung_up:
            if self._has_gone():
                self._end_the_endless()
            await asyncio.wait(self._tasks, timeout=GONE_EVERY_S)

    async def _wait_for_room(self) -> None:
        """Stop reading while too many requests are pending. Endless requests never make room."""
        while len(self._tasks) > REQUESTS_MAX and not self._hung_up and not self._has_gone():
            if all(request.method in self._endless for request in self._tasks.values()):
                self._fail(None, -LimitError.exit_code, f"more than {REQUESTS_MAX} requests at once")
                self.hang_up()
                return
            await asyncio.wait(self._tasks, timeout=GONE_EVERY_S, return_when=asyncio.FIRST_COMPLETED)

    def _has_gone(self) -> bool:
        """Whether the client can no longer read our answers. A reader cannot tell this from a client that
        only stopped writing, so this writes zero bytes."""
        if self._writer.is_closing():
            return True
        try:
            with socket.socket(fileno=os.dup(self._writer.get_extra_info("socket").fileno())) as asking:
                asking.send(b"")
        except BlockingIOError:
            return False
        except OSError:
            return True
        return False

    def _end_the_endless(self) -> None:
        for task, pending in self._tasks.items():
            if pending.method in self._endless:
                task.cancel()

    def send(self, line: bytes) -> None:
        """Write one line, or disconnect a client that does not read."""
        self._write(line)
        if self._writer.transport.get_write_buffer_size() > UNSENT_MAX + self._awaited:
            self._writer.transport.abort()

    async def send_answer(self, line: bytes) -> None:
        """Write the line that a client waits for, without a limit of time. Raises LimitError."""
        if len(line) > ANSWER_MAX:
            raise LimitError(
                f"the answer has more than {ANSWER_MAX >> 20} MB; ask for less, with --limit or --since"
            )
        self._awaited += len(line)
        try:
            self._write(line)
            await self.read()
        finally:
            self._awaited -= len(line)

    async def read(self) -> None:
        """Wait until the client has read most of the written bytes."""
        with suppress(ConnectionError):
            await self._writer.drain()

    def _write(self, line: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(line)

    def hang_up(self) -> None:
        """End the connection; ``run`` then returns, even with pending requests."""
        self._hung_up = True
        self._writer.close()
        self._reader.feed_eof()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.close()
        self.gone.set()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ValueError:  # longer than the limit: the next request cannot be told from the rest of this one
            self._fail(None, INVALID_REQUEST, f"a request of more than {REQUEST_MAX} bytes")
            return b""

    def _accept(self, line: bytes) -> None:
        try:
            request = read_request(line)
        except Unfit as fault:
            self._fail(fault.request, fault.code, str(fault))
        else:
            if request is not None:
                self._begin(request)

    def _begin(self, request: Request) -> None:
        if request.method == CANCEL and request.id is None:
            self._withdraw(request.params.get("request"))
            return
        task = asyncio.get_running_loop().create_task(self._answer(request))
        self._tasks[task] = _PendingCall(request.id, request.method)
        task.add_done_callback(self._tasks.pop)

    def _withdraw(self, request: object) -> None:
        for task, pending in list(self._tasks.items()):
            if request is not None and pending.id == request:
                task.cancel()

    async def _answer(self, request: Request) -> None:
        caller = Caller(self, request.id)
        try:
            result = await self._handler(request.method, request.params, caller)
            if request.id is not None:
                await self.send_answer(answer_line(request.id, result))
        except Exception as error:  # noqa: BLE001 -- a bug in one method must not end the node
            if request.id is not None:
                self._fail(request.id, *_verdict(error))
        finally:
            for step in caller.then:
                step()

    def _fail(self, request: RequestId | None, code: int, message: str) -> None:
        self.send(failure_line(request, code, message))


def _verdict(error: Exception) -> tuple[int, str]:
    if isinstance(error, P2PChatError):
        return code_of(error), str(error)
    return UNEXPECTED, one_line(f"the node failed: {type(error).__name__}: {error}")


def _same_user(peer: socket.socket) -> bool:
    """A second check: the socket's mode already keeps other users out."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", credentials)[1] in (os.getuid(), 0)

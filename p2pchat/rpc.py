"""One connection to a node's control socket: JSON-RPC 2.0, a line each.

Knows: requests, answers and the events between them. Does not know: any method, or what to do when the node
is gone.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from p2pchat.control.address import socket_address
from p2pchat.control.events import Event, read_event
from p2pchat.control.failures import as_exception
from p2pchat.control.framing import (
    ANSWER_MAX,
    Failure,
    Notification,
    ResultReply,
    cancel_line,
    read_reply,
    request_line,
)
from p2pchat.control.methods import Method
from p2pchat.control.parameters import Params, write
from p2pchat.control.values import Misfit, read_value
from p2pchat.errors import ControlError, P2PChatError

P = TypeVar("P", bound=Params)
A = TypeVar("A")


class ConnectionLost(ControlError):
    """The node went away before it answered."""


class NotAnswering(ControlError):
    """The node is there but silent: it was suspended, or its machine is too busy."""

    def __init__(self, pid: int | None, then: str) -> None:
        name = f"the node (pid {pid})" if pid else "the node"
        super().__init__(f"{name} does not answer; {then}")


class Busy(ControlError):
    """The node answers, but has not done in time what it was asked for."""

    def __init__(self, within: float, then: str) -> None:
        super().__init__(f"the node is busy, and did not get to this within {within:g} s; {then}")


async def open_connection(home: Path) -> Connection | None:
    """Connect to the node of ``home``; None when none listens there."""
    try:
        with socket_address(home) as address:
            reader, writer = await asyncio.open_unix_connection(address, limit=ANSWER_MAX)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        return None
    except OSError as error:
        raise ControlError(f"the node in {home} cannot be reached: {error.strerror or error}") from error
    return Connection(reader, writer)


async def connection_over(line: socket.socket) -> Connection:
    """Speak with a node of this very process."""
    return Connection(*await asyncio.open_unix_connection(sock=line, limit=ANSWER_MAX))


class Connection:
    """Requests on one socket; any number may be under way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._pending: dict[int, PendingCall[Any]] = {}
        self._numbers = 0
        self.lost = False
        self.pid = _process_of(writer.get_extra_info("socket"))
        """Of the node; None where the system does not tell, or it is in another namespace of processes."""
        self._reading = asyncio.get_running_loop().create_task(self._read())

    @asynccontextmanager
    async def open_call(self, method: Method[P, A], params: P) -> AsyncIterator[PendingCall[A]]:
        """Send a request. Read its events and its answer inside the block; leaving the block early withdraws
        the request. Raises UsageError on a text that cannot be encoded."""
        if self.lost:
            raise ConnectionLost("the node has stopped")
        self._numbers += 1
        number = self._numbers
        line = request_line(number, method.name, write(params))
        call = PendingCall(method.answer)
        self._pending[number] = call
        self._send(line)
        try:
            yield call  # a wait for room in the buffer would outlast the caller's deadline
        finally:
            del self._pending[number]
            if not (call.over or self.lost):
                self._send(cancel_line(number))

    async def close(self) -> None:
        """Hang up; the node then drops the requests of this connection that have no end."""
        self._reading.cancel()
        await asyncio.wait((self._reading,))
        if self._writer.transport.get_write_buffer_size():  # it does not read, and would hold us up
            self._writer.transport.abort()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def _send(self, line: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(line)

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(line)
        except (OSError, ValueError):
            pass  # lost in the middle of a line
        finally:
            self.lost = True
            for call in self._pending.values():
                call.set_failure(ConnectionLost("the node has stopped"))

    def _take(self, line: bytes) -> None:
        reply = read_reply(line)
        call = self._pending.get(reply.id) if reply is not None else None
        if call is None:
            return
        match reply:
            case Notification(_, event):
                call.add_event(event)
            case Failure(_, code, said):
                call.set_failure(as_exception(code, said))
            case ResultReply(_, result):
                call.set_result(result)


def _process_of(peer: socket.socket) -> int | None:
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0]) or None


_OTHER_VERSION: Final = (
    "the node here is of another version: stop it with 'p2pchat node stop', or end its program, and try again"
)


class PendingCall(Generic[A]):
    """One request under way: iterate over its events, then take its result. Both are what the contract
    declares: an answer that is something else is a ControlError, an event one that is ``UnknownEvent``."""

    def __init__(self, answer: type[A]) -> None:
        self._answer = answer
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._outcome: list[A] = []
        self._error: P2PChatError | None = None
        self.over = False
        """Whether the request was answered, or never will be."""

    def add_event(self, event: Mapping[str, object]) -> None:
        with suppress(Misfit):  # an invalid event is ignored
            self._events.put_nowait(read_event(event))

    def set_result(self, outcome: object) -> None:
        try:
            self._outcome.append(read_value(self._answer, outcome))
        except Misfit as misfit:
            self._error = ControlError(f"{_OTHER_VERSION} ({misfit})")
        self.over = True
        self._events.put_nowait(None)

    def set_failure(self, error: P2PChatError) -> None:
        self._error = error
        self.over = True
        self._events.put_nowait(None)

    async def next_event(self) -> Event | None:
        """Return the next event; None after the last."""
        return await anext(self, None)

    def __aiter__(self) -> PendingCall[A]:
        return self

    async def __anext__(self) -> Event:
        event = await self._events.get()
        if event is None:
            self._events.put_nowait(None)
            raise StopAsyncIteration
        return event

    async def wait_result(self) -> A:
        """The answer, once all events have gone by. Raises what the node said, or ConnectionLost."""
        async for _ in self:
            pass
        if self._error is not None:
            raise self._error
        return self._outcome[0]

"""One connection to a node's control socket: JSON-RPC 2.0, a line each.

Knows: requests, answers and the events between them. Does not know: any method, or what to do when the node
is gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from p2pchat import errors
from p2pchat.errors import ControlError, P2PChatError

SOCKET: Final = "control.sock"

LINE_MAX: Final = 64 << 20
"""Bytes of one answer: a history of a hundred thousand lines is one."""

_ADDRESS_MAX: Final = 100


class ConnectionLost(ControlError):
    """The node went away before it answered."""


class NotAnswering(ControlError):
    """The node is there and says nothing: it was stopped, or its machine has no time for it."""

    def __init__(self, pid: int | None, then: str) -> None:
        name = f"the node (pid {pid})" if pid else "the node"
        super().__init__(f"{name} does not answer; {then}")


async def open_connection(home: Path) -> Connection | None:
    """Connect to the node of ``home``; None when none listens there."""
    path = os.fsencode(home / SOCKET)
    directory = None
    try:
        if len(path) > _ADDRESS_MAX and os.path.isdir("/proc/self/fd"):
            # Longer than a socket address may be: reach the home through an open directory instead.
            directory = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
            path = os.fsencode(f"/proc/self/fd/{directory}/{SOCKET}")
        reader, writer = await asyncio.open_unix_connection(os.fsdecode(path), limit=LINE_MAX)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        return None
    except OSError as error:
        raise ControlError(f"the node in {home} cannot be reached: {error.strerror or error}") from error
    finally:
        if directory is not None:
            os.close(directory)
    return Connection(reader, writer)


async def connection_over(line: socket.socket) -> Connection:
    """Speak with a node of this very process."""
    return Connection(*await asyncio.open_unix_connection(sock=line, limit=LINE_MAX))


class Connection:
    """Requests on one socket; any number may be under way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._asked: dict[int, Asked] = {}
        self._numbers = 0
        self.lost = False
        self.pid = _process_of(writer.get_extra_info("socket"))
        """Of the node; None where the system does not tell, or it is in another namespace of processes."""
        self._reading = asyncio.get_running_loop().create_task(self._read())

    @asynccontextmanager
    async def asking(self, method: str, params: Mapping[str, Any]) -> AsyncIterator[Asked]:
        """Send a request; its events and its answer are to be had inside the block, and left early, it is
        withdrawn."""
        if self.lost:
            raise ConnectionLost("the node has stopped")
        self._numbers += 1
        number = self._numbers
        asked = self._asked[number] = Asked()
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": dict(params)})
        try:
            with suppress(OSError):  # it is lost; then the reader says so
                await self._writer.drain()
            yield asked
        finally:
            del self._asked[number]
            if not (asked.over or self.lost):
                self._send({"jsonrpc": "2.0", "method": "cancel", "params": {"request": number}})

    async def close(self) -> None:
        """Hang up; the node then drops what was asked for here and has no end."""
        self._reading.cancel()
        await asyncio.wait((self._reading,))
        if self._writer.transport.get_write_buffer_size():  # it does not read, and would hold us up
            self._writer.transport.abort()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def _send(self, message: dict[str, Any]) -> None:
        if not self._writer.is_closing():
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(json.loads(line))
        except (OSError, ValueError):
            pass  # lost in the middle of a line
        finally:
            self.lost = True
            for asked in self._asked.values():
                asked.fail(ConnectionLost("the node has stopped"))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "event":
            asked = self._asked.get(message["params"]["request"])
            if asked is not None:
                asked.put(message["params"]["event"])
            return
        asked = self._asked.get(message.get("id") or 0)
        if asked is None:
            return
        if "error" in message:
            asked.fail(_as_exception(message["error"]))
        else:
            asked.finish(message.get("result"))


def _process_of(peer: socket.socket) -> int | None:
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0]) or None


class Asked:
    """One request under way: iterate over its events, then take its result."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._outcome: Any = None
        self._error: P2PChatError | None = None
        self.over = False
        """Whether it was answered, or never will be."""

    def put(self, event: dict[str, Any]) -> None:
        self._events.put_nowait(event)

    def finish(self, outcome: Any) -> None:
        self._outcome = outcome
        self.over = True
        self._events.put_nowait(None)

    def fail(self, error: P2PChatError) -> None:
        self._error = error
        self.over = True
        self._events.put_nowait(None)

    def __aiter__(self) -> Asked:
        return self

    async def __anext__(self) -> dict[str, Any]:
        event = await self._events.get()
        if event is None:
            self._events.put_nowait(None)
            raise StopAsyncIteration
        return event

    async def result(self) -> Any:
        """The answer, once all events have gone by. Raises what the node said, or ConnectionLost."""
        async for _ in self:
            pass
        if self._error is not None:
            raise self._error
        return self._outcome


_BY_CODE: Final[dict[int, type[P2PChatError]]] = {
    -kind.exit_code: kind
    for kind in (
        errors.UsageError,
        errors.NetworkError,
        errors.TrustError,
        errors.LimitError,
        errors.NotInTime,
        errors.Ended,
    )
}


def _as_exception(error: dict[str, Any]) -> P2PChatError:
    code, line = error.get("code"), str(error.get("message"))
    return _BY_CODE.get(code, ControlError)(line) if isinstance(code, int) else ControlError(line)

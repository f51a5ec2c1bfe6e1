"""Standard input in an event loop: files, pipes and terminals alike.

Knows: how to read without blocking the loop or the exit. Does not know: the use of the lines.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from typing import Final

from p2pchat.errors import LimitError, UsageError
from p2pchat.wire.content import TEXT_LIMIT

_STDIN: Final = 0
_CHUNK: Final = 65536
_CHUNKS_AHEAD: Final = 4
"""Pieces that are read ahead."""


async def lines_of_stdin() -> AsyncIterator[str]:
    """Yield the lines of stdin without their line breaks.

    Raises UsageError on what is not UTF-8, LimitError on a line longer than a message.
    """
    rest = b""
    async for chunk in _chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield _text(line)
        if len(rest) > TEXT_LIMIT + 1:
            _text(rest)
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    line = line.removesuffix(b"\r")
    if len(line) > TEXT_LIMIT:
        raise LimitError(f"a line has more than the {TEXT_LIMIT} bytes of a message; break it")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise UsageError("stdin is not valid UTF-8; p2pchat sends text only") from None


async def _chunks() -> AsyncIterator[bytes]:
    """Read in a thread, because regular files cannot be polled; a daemon thread, because a pending read must
    not delay the exit."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    ahead = threading.Semaphore(_CHUNKS_AHEAD)
    ended = threading.Event()

    def put(chunk: bytes) -> None:
        ahead.acquire()
        if ended.is_set():
            raise RuntimeError("the reader has ended")
        loop.call_soon_threadsafe(queue.put_nowait, chunk)

    threading.Thread(target=_read, args=(put,), daemon=True, name="stdin").start()
    try:
        while chunk := await queue.get():
            ahead.release()
            yield chunk
    finally:
        ended.set()
        ahead.release()


def _read(put: Callable[[bytes], None]) -> None:
    chunk = b"."
    while chunk:
        try:
            # Not sys.stdin: its lock, held by a thread in a read, would abort the interpreter's exit.
            chunk = os.read(_STDIN, _CHUNK)
        except OSError:
            chunk = b""
        try:
            put(chunk)
        except RuntimeError:
            return  # the loop has ended

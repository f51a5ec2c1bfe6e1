"""The demo's meeting places: real rendezvous servers, several in one process.

Knows: the number of places, which one closes early, what to delete at the end. Does not know: which nodes
meet there.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from rendezvous.server import running

SWEEP_S: Final = 5.0
"""After the end others may still be writing to the directory for a moment."""


async def serve_places(directory: Path, count: int) -> None:
    """Print the URLs as a JSON list. At the first line of stdin the first place closes for good; at the end
    of stdin all do, and ``directory`` goes."""
    plan = await _stdin()
    try:
        async with AsyncExitStack() as stack:
            async with running() as first:
                others = [await stack.enter_async_context(running()) for _ in range(count - 1)]
                _print(json.dumps([first.url, *(place.url for place in others)]))
                ended = not await plan.readline()
            if not ended:
                stack.enter_context(_kept_shut(first.port))
                _print("closed")
                await plan.read()
    finally:
        await _sweep(directory)


def _kept_shut(port: int) -> socket.socket:
    """Hold a closed place's port, so that no other program's server appears there."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", port))
    return holder


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def _sweep(directory: Path) -> None:
    """Take the directory away, even when the demo itself was killed and could not."""
    loop = asyncio.get_running_loop()
    end = loop.time() + SWEEP_S
    while directory.exists() and loop.time() < end:
        shutil.rmtree(directory, ignore_errors=True)
        await asyncio.sleep(0.2)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

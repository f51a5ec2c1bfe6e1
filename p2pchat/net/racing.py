"""TCP to a name that has several addresses, of which some lead nowhere: happy eyeballs (RFC 8305).

Knows: which address is tried when. Does not know: what is spoken there. asyncio can do it, uvloop cannot.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

T = TypeVar("T")

NEXT_SECONDS: Final = 0.25
"""For one address, before the next is tried beside it."""

Address = tuple[int, tuple[Any, ...]]
"""Its family, and what ``socket.connect`` takes."""


async def connected(
    host: str, port: int, allowed: Callable[[str], bool] = lambda address: True
) -> socket.socket | None:
    """Return a connected socket, the first of several that are tried; None if no address is ``allowed``.

    Raises OSError: what the first address failed of, or that the name is none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses: list[Address] = [
        (family, address) for family, _, _, _, address in found if allowed(str(address[0]))
    ]
    return await _first(list(_interleaved(addresses))) if addresses else None


async def _first(addresses: list[Address]) -> socket.socket:
    trying: list[asyncio.Task[socket.socket]] = []
    won: socket.socket | None = None
    try:
        for address in addresses:
            trying.append(asyncio.get_running_loop().create_task(_connect(address)))
            last = address is addresses[-1]
            won = await first_through(trying, _connected, None if last else NEXT_SECONDS)
            if won is not None:
                return won
        failure = trying[0].exception()
        assert failure is not None, "none has won"
        raise failure
    finally:
        # Nothing is waited for here: called off meanwhile, what has won would be lost, and stay open.
        for task in trying:
            task.cancel()
            task.add_done_callback(partial(_close, won))


def _close(won: socket.socket | None, task: asyncio.Task[socket.socket]) -> None:
    """Close what came too late."""
    if not task.cancelled() and task.exception() is None and task.result() is not won:
        task.result().close()


async def first_through(
    trying: Iterable[asyncio.Task[T]], through: Callable[[asyncio.Task[T]], bool], patience: float | None
) -> T | None:
    """What the first attempt that came ``through`` has brought; None if all have failed, or it takes longer
    than ``patience`` seconds."""
    loop = asyncio.get_running_loop()
    until = None if patience is None else loop.time() + patience
    waiting = {task for task in trying if not task.done()}
    while waiting:
        left = None if until is None else until - loop.time()
        if left is not None and left <= 0:
            return None
        finished, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for task in finished:
            if through(task):
                return task.result()
    return None


def _connected(task: asyncio.Task[socket.socket]) -> bool:
    return task.exception() is None


async def _connect(where: Address) -> socket.socket:
    family, address = where
    endpoint = socket.socket(family, socket.SOCK_STREAM)
    try:
        endpoint.setblocking(False)
        with suppress(OSError):
            endpoint.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(endpoint, address)
    except BaseException:
        endpoint.close()
        raise
    return endpoint


def _interleaved(addresses: list[Address]) -> Iterator[Address]:
    """The families take turns, the first that was found first."""
    families: dict[int, list[Address]] = {}
    for address in dict.fromkeys(addresses):
        families.setdefault(address[0], []).append(address)
    for row in itertools.zip_longest(*families.values()):
        yield from (address for address in row if address is not None)

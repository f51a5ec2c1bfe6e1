"""When this machine's addresses and routes change, as far as the system tells.

Knows: Linux's rtnetlink(7). Does not know: what changed, or what follows from it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress
from typing import Final

GROUPS: Final = 0x10 | 0x40 | 0x100 | 0x400
"""IPv4 addresses and routes, IPv6 addresses and routes (``RTMGRP_*`` in linux/rtnetlink.h)."""

TOGETHER_S: Final = 0.1
"""An interface that comes up changes several things; they are told once."""

MESSAGE_BYTES: Final = 65_536


class Changes:
    """Use it as a context. Where the system tells nothing, waiting only lets time pass."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def __enter__(self) -> Changes:
        if sys.platform == "linux":
            with suppress(OSError):  # some sandboxes have no netlink
                self._socket = _subscribed()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._socket is not None:
            self._socket.close()

    async def wait_for_change(self, seconds: float) -> None:
        """Wait until something has changed, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if self._socket is None:
                    await asyncio.sleep(seconds)
                else:
                    await _something(self._socket)
                    await asyncio.sleep(TOGETHER_S)
                    _discard(self._socket)


def _subscribed() -> socket.socket:
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    try:
        made.setblocking(False)
        made.bind((0, GROUPS))
    except OSError:
        made.close()
        raise
    return made


async def _something(source: socket.socket) -> None:
    with suppress(OSError):  # more came at once than its buffer holds: that is news as well
        await asyncio.get_running_loop().sock_recv(source, MESSAGE_BYTES)


def _discard(source: socket.socket) -> None:
    with suppress(OSError):
        while source.recv(MESSAGE_BYTES):
            pass

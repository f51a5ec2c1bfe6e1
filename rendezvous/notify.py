"""What systemd is told of a service of ``Type=notify`` (sd_notify(3)): a datagram to the socket it names.

Knows: that protocol. Does not know: what is served. Without systemd nothing happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator


def notify(*states: str) -> None:
    """Tell systemd, as in ``READY=1``. It is no error if systemd does not listen."""
    where = os.environ.get("NOTIFY_SOCKET")
    if not where:
        return
    address = "\0" + where[1:] if where.startswith("@") else where
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stream:
        stream.sendto("\n".join(states).encode(), address)


def reloading() -> None:
    """What follows until READY=1 is a reload."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


@contextlib.asynccontextmanager
async def alive() -> AsyncIterator[None]:
    """READY on entering, STOPPING on leaving; between them a sign of life from the event loop, twice in each
    span after which systemd takes us for dead (``WatchdogSec``)."""
    span = _watchdog_seconds()
    beating = asyncio.create_task(_beat(span / 2)) if span else None
    notify("READY=1")
    try:
        yield
    finally:
        notify("STOPPING=1")
        if beating is not None:
            beating.cancel()


async def _beat(seconds: float) -> None:
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(seconds)


def _watchdog_seconds() -> float:
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    usec = os.environ.get("WATCHDOG_USEC", "")
    return int(usec) / 1e6 if usec.isdecimal() else 0.0

"""Watches the machine's clock: a node restarts when the clock was set.

Knows: when a new time is trusted. Does not know: how a node restarts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from p2pchat.core.values.status import Status
from p2pchat.daemon import views
from p2pchat.daemon.clock import SystemClock
from p2pchat.errors import ClockSet

CLOCK_LOOK_S = 5.0
"""Seconds between checks of the machine's clock."""

CLOCK_SET_S = 120.0
"""A smaller correction is ignored: two minutes do no harm here."""

CLOCK_STEADY_S = CLOCK_LOOK_S / 2
"""A clock that goes differs from ours by the same at two checks, up to this many seconds."""


class ClockMonitor:
    """Calls ``on_set`` and ends when the clock was set."""

    def __init__(
        self, clock: SystemClock, status: Callable[[], Status], on_set: Callable[[ClockSet], None]
    ) -> None:
        self._clock = clock
        self._status = status
        self._on_set = on_set

    async def run_until_set(self) -> None:
        """Check the clock until it was set to a time that is trusted.

        A clock that has stopped falls behind at every check. A restart would not help, and the next would be
        due two minutes later.
        """
        before = 0.0
        while True:
            by = self._clock.set_by()
            if abs(by) >= CLOCK_SET_S and abs(by - before) < CLOCK_STEADY_S and self.is_believable(by):
                break
            before = by
            await asyncio.sleep(CLOCK_LOOK_S)
        direction = "forward" if by > 0 else "back"
        self._on_set(ClockSet(f"the clock was set {direction} by {views.how_long(by)}"))

    def is_believable(self, by: float) -> bool:
        """Whether a clock set by so many seconds is right. While there are links, our time agrees with the
        neighbours', so a rendezvous must confirm the new time."""
        status = self._status()
        if not any(mesh.links for mesh in status.meshes):
            return True
        return status.clock is not None and abs(status.clock.ahead_s + by) < CLOCK_SET_S

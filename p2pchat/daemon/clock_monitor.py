"""Watches the machine's clock: a node begins anew when it was set.

Knows: when a new time is believed. Does not know: how a node begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from p2pchat.core.status import Status
from p2pchat.daemon import views
from p2pchat.daemon.clock import SystemClock
from p2pchat.errors import ClockSet

CLOCK_LOOK_S = 5.0
"""Between looks whether the machine's clock was set."""

CLOCK_SET_S = 120.0
"""A clock set by less is left to itself: nothing here minds two minutes."""


class ClockMonitor:
    """Ends with ``on_set`` when the clock was set."""

    def __init__(
        self, clock: SystemClock, status: Callable[[], Status], on_set: Callable[[ClockSet], None]
    ) -> None:
        self._clock = clock
        self._status = status
        self._on_set = on_set

    async def run_until_set(self) -> None:
        """Look again and again, until the clock was set to a time that is believed."""
        while abs(by := self._clock.set_by()) < CLOCK_SET_S or not self.is_believable(by):
            await asyncio.sleep(CLOCK_LOOK_S)
        way = "forward" if by > 0 else "back"
        self._on_set(ClockSet(f"the clock was set {way} by {views.how_long(by)}"))

    def is_believable(self, by: float) -> bool:
        """Whether a clock set by so many seconds is right. Links show that ours is as the neighbours'; while
        there are any, a rendezvous must say that the new time is right."""
        status = self._status()
        if not any(mesh.links for mesh in status.meshes):
            return True
        return status.clock is not None and abs(status.clock.ahead_s + by) < CLOCK_SET_S

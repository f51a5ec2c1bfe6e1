"""The sources of time and randomness.

Knows: the operating system's clock and random source. Does not know: their users.
"""

from __future__ import annotations

import os
import time

_ticking = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """Unix seconds that never jump: set once from the wall clock, then advanced by a clock that also counts
    during suspend.

    A wall clock that is corrected while we run would stall every timer or fire them all. So ``set_by``
    reports a correction, and the node restarts.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.clock_gettime(_ticking)

    def now(self) -> float:
        """The present time."""
        return time.clock_gettime(_ticking) + self._offset

    def set_by(self) -> float:
        """The seconds by which the wall clock was set since, forwards or (negative) back."""
        return time.time() - self.now()


class SystemEntropy:
    """``os.urandom``. Its children are the same source: fresh bytes are independent as they are."""

    def draw_bytes(self, size: int) -> bytes:
        """Fresh random bytes."""
        return os.urandom(size)

    def make_child(self, label: str) -> SystemEntropy:
        """A separate source; the label has no effect."""
        return self

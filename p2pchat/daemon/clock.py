"""Where time and randomness come in.

Knows: the operating system's clock and random source. Does not know: who uses them.
"""

from __future__ import annotations

import os
import time

_ticking = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """Unix seconds that never jump: set once from the wall clock, then carried by one that also counts
    through suspend.

    A wall clock that is corrected while we run would stall every timer or fire them all. So that is noticed
    (``set_by``), and the node begins anew.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.clock_gettime(_ticking)

    def now(self) -> float:
        """The present moment."""
        return time.clock_gettime(_ticking) + self._offset

    def set_by(self) -> float:
        """By how many seconds the wall clock was set since, forwards or (negative) back."""
        return time.time() - self.now()


class SystemEntropy:
    """``os.urandom``. Its children are the same source: fresh bytes are independent as they are."""

    def draw_bytes(self, size: int) -> bytes:
        """Fresh random bytes."""
        return os.urandom(size)

    def make_child(self, label: str) -> SystemEntropy:
        """A stream of its own, whatever the label."""
        return self

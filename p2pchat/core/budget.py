"""What one link may cost the mesh: a token bucket of cells for each.

Knows: rates. Does not know: what a cell is, or what happens to one too many.
"""

from __future__ import annotations

CELLS_PER_S = 64.0
"""New cells a link may bring in the long run. A thousand members with a message a minute each, and its
receipt, make 33 a second, and all may come over one link; a bad line carries 60 (measured)."""

BURST = 512.0
"""Cells a link may bring at once: six texts of 64 KiB."""


class Budget:
    """One link's allowance."""

    def __init__(self, now: float, rate: float = CELLS_PER_S, burst: float = BURST) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def draw(self, now: float) -> bool:
        """Take one token, if there is one."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    @property
    def left(self) -> float:
        """The share of the burst that was left at the last draw, 0 to 1."""
        return self._tokens / self._burst

"""Cells that were missed and go over one link, one way: so many a second, and so many a day.

Knows: the two rates. Does not know: cells. They have nothing to do with what a link may push
(``credit.cells_per_s``): what was missed comes by the thousand.
"""

from __future__ import annotations

from p2pchat.core.kit.budget import Budget
from p2pchat.wire.reconcile import KEYS_MAX

CELLS_PER_S = 500.0
"""In the long run, 4.6 Mbit/s: an hour of a thousand members in four minutes."""

CELLS_BURST = 2_000.0

DAY_S = 86_400.0

LEAST = 20_000
"""Cells that a link may always bring at once: five hours of 50 members."""


class Allowance:
    """What one link may bring, or be given."""

    def __init__(self, capacity: int, now: float) -> None:
        """``capacity``: cells that are held here at most. Half of them may go at once, and as many as all of
        them in a day."""
        most = max(LEAST, capacity)
        self._second = Budget(now, CELLS_PER_S, CELLS_BURST)
        self._day = Budget(now, most / DAY_S, max(LEAST, most / 2))

    def cells_left(self, now: float) -> int:
        """How many cells may go now."""
        return min(self._second.whole_tokens(now), self._day.whole_tokens(now))

    def spend_cells(self, count: int) -> None:
        """So many cells have gone, or were requested."""
        self._second.spend_tokens(count)
        self._day.spend_tokens(count)

    def is_spent(self, now: float) -> bool:
        """Whether less than a frame's keys is left of a day's: others may bring the rest."""
        return self._day.tokens_left(now) < KEYS_MAX

    def available_at(self, count: int) -> float | None:
        """When so many may go, if they may not just now."""
        due = [
            at for at in (self._second.available_at(count), self._day.available_at(count)) if at is not None
        ]
        return max(due, default=None)

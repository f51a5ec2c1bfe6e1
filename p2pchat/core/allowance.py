"""What a neighbour may bring of cells that we missed: so many a second, and so many a day.

Knows: the two rates. Does not know: cells. They have nothing to do with what a link may push
(``budget.CELLS_PER_S``): what was missed comes by the thousand.
"""

from __future__ import annotations

from p2pchat.core.budget import Budget
from p2pchat.core.serving import CELLS_BURST, CELLS_PER_S
from p2pchat.wire.reconcile import KEYS_MAX

DAY_S = 86_400.0

LEAST = 20_000
"""Cells a link may bring at once whatever is held here: five hours of 50 members."""


class Allowance:
    """One link's."""

    def __init__(self, capacity: int, now: float) -> None:
        """``capacity``: cells that are held here at most. A link brings half of them at once, and as many as
        all of them in a day."""
        most = max(LEAST, capacity)
        self._second = Budget(now, CELLS_PER_S, CELLS_BURST)
        self._day = Budget(now, most / DAY_S, max(LEAST, most / 2))

    def whole(self, now: float) -> int:
        """How many cells may be asked for now."""
        return min(self._second.whole(now), self._day.whole(now))

    def spend(self, count: int) -> None:
        """So many were asked for."""
        self._second.spend(count)
        self._day.spend(count)

    def spent(self, now: float) -> bool:
        """Whether less than a frame's keys is left of a day's: others may bring the rest."""
        return self._day.left(now) < KEYS_MAX

    def again(self, count: int) -> float | None:
        """When so many may be asked for, if they may not just now."""
        return self._second.again(count)

"""Which neighbours may be let go, and when to ask one to part.

Knows: who is idle, who is young, how often. Does not know: how many links are wanted (``view``), or how one
ends.
"""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.core.neighbour import Neighbour
from p2pchat.ports import Entropy, exponential, sample
from p2pchat.types import LinkId

PART_S = 5.0
"""Who has more links than it wants asks a random neighbour about this often (exponential) whether it has,
too. Else every newcomer would leave the others with one more, up to the most there may be."""

EVICT_GAP_S = 5.0
"""A full greeter lets one neighbour go for a newcomer this often: neighbours find others, newcomers
cannot."""


class Surplus:
    """``idle``: whether the mesh could do without a link just now."""

    def __init__(self, entropy: Entropy, idle: Callable[[LinkId], bool]) -> None:
        self._entropy = entropy
        self._idle = idle
        self._part_at: float | None = None
        self._evict_at = 0.0

    def spare(self, neighbour: Neighbour, now: float) -> bool:
        """Whether the mesh can do without this neighbour."""
        return neighbour.counts and self._idle(neighbour.id) and not neighbour.young(now)

    def one(self, neighbours: list[Neighbour], now: float) -> list[Neighbour]:
        """One of the spare ones, or none."""
        return sample(self._entropy, [each for each in neighbours if self.spare(each, now)], 1)

    def to_ask(self, neighbours: list[Neighbour], now: float) -> list[Neighbour]:
        """Whom to ask to part, if it is time to ask."""
        if self._part_at is not None and now < self._part_at:
            return []
        due, self._part_at = self._part_at, now + exponential(self._entropy, PART_S)
        return self.one(neighbours, now) if due is not None else []

    @property
    def ask_at(self) -> float:
        """When ``to_ask`` is next due."""
        return self._part_at or 0.0

    def to_evict(self, neighbours: list[Neighbour], now: float) -> list[Neighbour]:
        """Whom to let go for a newcomer, if that was not done just now."""
        if now < self._evict_at:
            return []
        self._evict_at = now + EVICT_GAP_S
        return self.one(neighbours, now)

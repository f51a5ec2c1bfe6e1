"""What one neighbour may cost: token buckets.

Knows: rates. Does not know: what is counted, or what happens to one too many.
"""

from __future__ import annotations

GRAIN_S = 0.001
"""The earliest time of a wake-up: what is missing may be so little that a clock of double precision,
which counts in 0.24 µs in this century, cannot say when it is there."""


class Budget:
    """A token bucket: ``rate`` tokens a second in the long run, and a burst at once."""

    def __init__(self, now: float, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = self._left = burst
        self._at = now

    def set_rate(self, rate: float) -> None:
        """Change the rate, in tokens a second."""
        self._rate = rate

    @property
    def at(self) -> float:
        """The time of the last ``tokens_left``."""
        return self._at

    def tokens_left(self, now: float) -> float:
        """What may be spent now; less than nothing after too much was."""
        self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        return self._left

    def spend_tokens(self, amount: float) -> None:
        """Spend tokens, even more than there are."""
        self._left -= amount

    def take_token(self, now: float) -> bool:
        """Spend one, if there is one."""
        if self.tokens_left(now) < 1.0:
            return False
        self._left -= 1.0
        return True

    def whole_tokens(self, now: float) -> int:
        """How many may be spent now, one by one."""
        return max(0, int(self.tokens_left(now)))

    def available_at(self, count: int = 1) -> float | None:
        """When there will be ``count`` to spend, if there were not."""
        return self._at + max(GRAIN_S, (count - self._left) / self._rate) if self._left < count else None

"""A token bucket.

Knows: how many tokens are left at a moment. Does not know: what they are spent on.
"""

from __future__ import annotations

from rendezvous.limits import Rate


class Bucket:
    """Full at first; ``now`` is in seconds and never runs backwards."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: Rate, now: float, worth: int = 1) -> None:
        """``worth``: so many times the rate."""
        self._rate = Rate(rate.burst * worth, rate.per_second * worth) if worth != 1 else rate
        self._left = float(self._rate.burst)
        self._at = now

    def take_token(self, now: float) -> bool:
        """Take one token; False, and nothing taken, when there is none."""
        rate = self._rate  # as _refill does, without the call: each frame comes by here
        left = self._left + (now - self._at) * rate.per_second
        if left > rate.burst:
            left = float(rate.burst)
        self._at = now
        self._left = left if left < 1.0 else left - 1.0
        return left >= 1.0

    def has_token(self, now: float) -> bool:
        """Whether there is a token to draw."""
        self._refill(now)
        return self._left >= 1.0

    def is_full(self, now: float) -> bool:
        """Whether it is as good as new, so that forgetting it changes nothing."""
        self._refill(now)
        return self._left >= self._rate.burst

    def _refill(self, now: float) -> None:
        self._left = min(float(self._rate.burst), self._left + (now - self._at) * self._rate.per_second)
        self._at = now

"""How often to try what may fail: soon at first, then ever more seldom, and never in step with others.

Knows: one deadline and one growing gap. Does not know: what is tried.
"""

from __future__ import annotations

from p2pchat.ports import Entropy, uniform


class Pace:
    """Gaps of ``first``, twice that, … ``last`` seconds, each times U(0.75, 1.25)."""

    def __init__(self, entropy: Entropy, first: float, last: float) -> None:
        self._entropy = entropy
        self._first = first
        self._last = last
        self._gap = first
        self.at = 0.0
        """When the next try is due; Unix seconds."""

    def on_attempt(self, now: float) -> None:
        """A try was made: the next one a little later."""
        self.at = now + self._gap * uniform(self._entropy, 0.75, 1.25)
        self._gap = min(self._last, self._gap * 2)

    def on_success(self) -> None:
        """If more is wanted, small gaps again."""
        self._gap = self._first

    def retry_within(self, now: float, within: float) -> None:
        """Try at a random moment of the next ``within`` seconds, if nothing sooner is due; small gaps
        again."""
        self._gap = self._first
        self.at = min(self.at, now + uniform(self._entropy, 0.0, within))

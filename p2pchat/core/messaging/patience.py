"""How long messages have waited, by a clock that a wrong one does not move.

Knows: how much of a leap of the machine's clock is believed. Does not know: messages.

After two weeks a message is given up, for good. A machine that starts by a clock that is weeks ahead must
not do that. So patience runs as the machine's clock does while the node runs; over a stop it goes on by an
epoch at most, until several others have shown by their clocks that the rest is true.
"""

from __future__ import annotations

from p2pchat.core.values.changes import PutPatience
from p2pchat.core.values.records import PatienceState as Kept
from p2pchat.crypto.envelope import EPOCH_SECONDS

SEVERAL = 3
"""Neighbours, which meet us by their clocks, and rendezvous that agree with ours, together."""

KEEP_S = 3600.0
"""How often it is written down: what a node that is killed forgets of it."""


class Patience:
    """All times but ``at`` are the machine's, Unix seconds."""

    def __init__(self, kept: Kept | None) -> None:
        self._kept = kept
        self._late = 0.0
        """By how much patience is behind the machine's clock."""
        self._doubted = 0.0
        self.keep_at = 0.0
        """When to write it down."""

    def start(self, now: float) -> None:
        """The node runs from now on."""
        if self._kept is not None:
            leap = max(0.0, now - self._kept.now)
            self._doubted = max(0.0, leap - EPOCH_SECONDS)
            self._late = now - (self._kept.at + leap - self._doubted)
        self.keep_at = now

    def believe(self, others: int) -> bool:
        """So many others showed that the machine's clock is right; True if that changes anything."""
        if others < SEVERAL or not self._doubted:
            return False
        self._late -= self._doubted
        self._doubted = 0.0
        return True

    def at(self, now: float) -> float:
        """What patience has come to."""
        return now - self._late

    def when(self, at: float) -> float:
        """When it comes to that."""
        return at + self._late

    def keep(self, now: float) -> PutPatience:
        """Write it down."""
        self.keep_at = now + KEEP_S
        return PutPatience(Kept(self.at(now), now))

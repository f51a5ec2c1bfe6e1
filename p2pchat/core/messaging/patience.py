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
    """The waiting clock. All times are the machine's Unix seconds, except what ``count_waited`` returns."""

    def __init__(self, kept: Kept | None) -> None:
        self._kept = kept
        self._behind = 0.0
        """By how much patience is behind the machine's clock."""
        self._unconfirmed = 0.0
        self.save_at = 0.0
        """When to write it down."""

    def start(self, now: float) -> None:
        """Start to count: the node runs from now on."""
        if self._kept is not None:
            leap = max(0.0, now - self._kept.now)
            self._unconfirmed = max(0.0, leap - EPOCH_SECONDS)
            self._behind = now - (self._kept.at + leap - self._unconfirmed)
        self.save_at = now

    def confirm_clock(self, others: int) -> bool:
        """Believe the machine's clock if enough ``others`` agree with it; True if that changes anything."""
        if others < SEVERAL or not self._unconfirmed:
            return False
        self._behind -= self._unconfirmed
        self._unconfirmed = 0.0
        return True

    def count_waited(self, now: float) -> float:
        """Return the time of the waiting clock at ``now``."""
        return now - self._behind

    def time_of(self, at: float) -> float:
        """Return when the waiting clock will show ``at``."""
        return at + self._behind

    def save_state(self, now: float) -> PutPatience:
        """Return the state to store."""
        self.save_at = now + KEEP_S
        return PutPatience(Kept(self.count_waited(now), now))

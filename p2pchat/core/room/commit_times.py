"""When a member commits.

Knows: the rule. Does not know: how a commit is made.

At random, together eight times a day in a room; each member at least once a week; and after 200 messages, of
which each member adds some at random, so that they do not all commit at once.
"""

from __future__ import annotations

from typing import Any, Final

from p2pchat.core.kit.moments import LATEST
from p2pchat.ports import Entropy, below, exponential
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import CHAIN_CELLS, MEMBERS_MAX
from p2pchat.wire.room_commits import COMMIT_CELLS_MAX

DAILY: Final = 8
"""Commits of a room in a day."""

WEEK_S: Final = 7 * 86_400.0
"""Each member commits once in so long at least; so long a tag key is used at most."""

MESSAGES: Final = 200
SPREAD: Final = MEMBERS_MAX

CELLS: Final = CHAIN_CELLS - COMMIT_CELLS_MAX
"""Of ours in one period: the rest of the chain is left to a commit."""


class CommitTimes:
    """Ours, in one room."""

    def __init__(self, entropy: Entropy, now: float, members: int) -> None:
        self._entropy = entropy
        self.at = 0.0
        self.since = now
        self._spread = 0
        self.draw_next(now, members)

    @classmethod
    def read_kept(cls, entropy: Entropy, reader: Reader) -> CommitTimes:
        """Undo ``as_values``. Raises Malformed."""
        times = cls(entropy, 0.0, 1)
        times.at, times.since = reader.get_float("at", 0.0, LATEST), reader.get_float("since", 0.0, LATEST)
        return times

    def as_values(self) -> dict[str, Any]:
        """Return all as plain values."""
        return {"at": min(self.at, LATEST), "since": self.since}

    def draw_next(self, now: float, members: int) -> None:
        """Draw when we commit next, after a commit of ours in a room of so many members."""
        self.since = now
        self.at = now + min(exponential(self._entropy, members * 86_400.0 / DAILY), WEEK_S)
        self._spread = below(self._entropy, SPREAD)

    def is_due(self, now: float, messages: int, cells: int) -> bool:
        """Whether to commit, after so many messages of all in the period, and so many cells of ours."""
        if self.since > now:  # a clock that was ahead puts nothing off
            self.at, self.since = self.at - (self.since - now), now
        return now >= self.at or messages >= MESSAGES + self._spread or cells > CELLS

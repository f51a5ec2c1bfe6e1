"""Which nodes may have lost what was entrusted to them.

Knows: how often a way over a node failed since one last worked, and which nodes took none of ours. Does not
know: what was sent, or why it was lost.

A way that works clears all its nodes; one that fails casts suspicion on all of them. A node that drops
everything is on every way that fails, and is soon the only one that no way clears; failures over such a
node cast no suspicion on others.
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.core.kit.table import Table
from p2pchat.types import HopId

FAILURES_CAP = 1024
"""Nodes under suspicion; beyond it the first suspected is let off."""

SUSPECTED = 2
"""So many failures may be others' doing; a node with more is suspected."""

FORGIVEN_S = 1800.0
"""Suspicion ends by itself: a node that was cut off for a while is useful again, and an epoch has twelve
such times."""


class FailureScores:
    """Counts failures by node id."""

    def __init__(self) -> None:
        self._failures = Table[HopId, tuple[int, float]](FAILURES_CAP)
        self._stalled = Table[HopId, float](FAILURES_CAP)

    def on_success(self, nodes: Iterable[HopId]) -> None:
        """Something came back that went over all of these."""
        for node in nodes:
            self._failures.pop(node, None)

    def on_failure(self, nodes: Iterable[HopId], now: float) -> None:
        """Something was lost on the way over these."""
        nodes = tuple(dict.fromkeys(nodes))
        for node in [node for node in nodes if self.is_suspected(node, now)] or nodes:
            count, _ = self._failures.get(node, (0, now))
            self._failures.put(node, (count + 1, now))

    def count_failures(self, node: HopId, now: float) -> int:
        """On how many ways that failed it was since one over it last worked."""
        count, at = self._failures.get(node, (0, now))
        return count if now < at + FORGIVEN_S else 0

    def is_suspected(self, node: HopId, now: float) -> bool:
        """Whether a way over it is rather not taken."""
        return self.count_failures(node, now) > SUSPECTED

    def mark_stalled(self, node: HopId, now: float) -> None:
        """As a first hop the node took none of our onions. A success on others' paths does not clear it."""
        self._stalled.put(node, now)

    def has_stalled(self, node: HopId, now: float) -> bool:
        """Whether no way should begin at it."""
        return now < self._stalled.get(node, float("-inf")) + FORGIVEN_S

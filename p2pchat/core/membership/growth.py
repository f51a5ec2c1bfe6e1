"""When a link was drawn among too few, and must be drawn again.

Knows: how many nodes the map leads to, and since when there are so many more. Does not know: links, or how
one is drawn (``search``).

The first nodes of a new mesh are drawn by all that come, because there are no others to draw. Were that
kept, a share of the nodes would have twice that share of what is sought. So links that were drawn among few
are drawn again once there are more; in a mesh that no longer grows, never.
"""

from __future__ import annotations

from p2pchat.core.kit.pace import Pace
from p2pchat.ports import Entropy

GROWN = 1.2
"""So many times the nodes among which a link was drawn make it worth another draw: the first nodes are
drawn so much too often, at most."""

LOOK_S = 8.0
"""How often it is looked; one link at a time is drawn again."""

PAUSE_S = 15.0
"""A mesh that grows just now is left to grow: what is drawn meanwhile is drawn among too few again."""

FIRST_HOP_FIRST_S = 15.0
FIRST_HOP_LAST_S = 14_400.0
"""Gaps between draws of another first hop, each twice the last: a member that invents nodes again and again
must not lead a stem from one first hop to the next."""


class Growth:
    """``note_size``, and then ask whether the mesh ``has_outgrown`` a draw."""

    def __init__(self, entropy: Entropy) -> None:
        self._first_hop = Pace(entropy, FIRST_HOP_FIRST_S, FIRST_HOP_LAST_S)
        self._size = self._mark = 0
        self._grew_at = 0.0
        self.look_at = 0.0
        """When to look next."""

    def note_size(self, size: int, now: float) -> bool:
        """Note how many nodes are on the map, ourselves included. Return whether the map has stopped
        growing."""
        self.look_at = now + LOOK_S
        self._size = size
        if size >= GROWN * self._mark:
            self._mark, self._grew_at = size, now
        return now >= self._grew_at + PAUSE_S

    def has_outgrown(self, among: int) -> bool:
        """Whether a link that was drawn among so many must be drawn again."""
        return 0 < among * GROWN <= self._size

    def another_first_hop(self, now: float) -> bool:
        """Whether it may be the link at which our stem begins; if so, the next one later."""
        due = now >= self._first_hop.at
        if due:
            self._first_hop.on_attempt(now)
        return due

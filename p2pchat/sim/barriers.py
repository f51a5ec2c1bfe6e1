"""Barriers: which hosts cannot reach each other now.

Knows: the sides of a cut, and pairs that were separated. Does not know: links, or what waits for a barrier to
fall.
"""

from __future__ import annotations

from p2pchat.sim.conditions import ordered_pair
from p2pchat.sim.host import SimulatedHost


class Barriers:
    """The barriers of a run; there are none at first."""

    def __init__(self) -> None:
        self._cut = False
        self._walls: dict[tuple[int, int], None] = {}
        self.standing = False
        """Whether there is any: most runs have none, and ask once for each frame."""

    def set_cut(self, is_cut: bool) -> None:
        """Have hosts of different sides be apart, or not."""
        self._cut = is_cut
        self.standing = is_cut or bool(self._walls)

    def separate_hosts(self, a: SimulatedHost, b: SimulatedHost) -> None:
        """Have these two be apart."""
        self._walls[ordered_pair(a, b)] = None
        self.standing = True

    def unite_hosts(self) -> None:
        """Undo every ``separate_hosts``."""
        self._walls.clear()
        self.standing = self._cut

    def are_apart(self, a: SimulatedHost, b: SimulatedHost) -> bool:
        """Whether these two cannot reach each other now."""
        if self._walls and ordered_pair(a, b) in self._walls:
            return True
        return self._cut and a.side != b.side and 0 not in (a.side, b.side)

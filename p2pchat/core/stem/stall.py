"""Whether the first hop takes so few of our onions that it mutes us.

Knows: since when its link is full, and how many of ours it took since. Does not know: what they were, or what
follows.

Credit that it does not give shows nowhere else: no onion is made for which there is no room, so nothing is
awaited, and nothing is lost.
"""

from __future__ import annotations

from p2pchat.core.kit.credit import OWN_AHEAD
from p2pchat.core.kit.moments import NEVER
from p2pchat.types import LinkId

STALL_S = 20.0
"""A first hop that takes fewer than ``OWN_AHEAD`` in so long, while there are more, has stalled. An honest
one gives each link credit for sixteen a second, and where many links want it for six."""


class Stall:
    """``note_space`` before onions of ours leave, ``count_taken`` those that did."""

    def __init__(self) -> None:
        self.link: LinkId | None = None
        """The first link, last time."""
        self._full_since = NEVER
        self._took = 0

    def note_space(self, link: LinkId, space: int, now: float) -> None:
        """Onions wait for this link, which has space for so many."""
        if link != self.link or space >= OWN_AHEAD:
            self._begin(link)
        if space <= 0:
            self._full_since = min(self._full_since, now)

    def count_taken(self, onions: int) -> None:
        """So many onions have left."""
        self._took += onions

    def is_over(self, space: int, now: float) -> bool:
        """Whether that link, which has room for so many now, took too few for too long."""
        if now < self._full_since + STALL_S:
            return False
        if space >= OWN_AHEAD or self._took >= OWN_AHEAD:
            self._begin(self.link)
            return False
        return True

    def _begin(self, link: LinkId | None) -> None:
        self.link, self._full_since, self._took = link, NEVER, 0

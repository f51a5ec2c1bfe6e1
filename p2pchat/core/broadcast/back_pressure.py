"""How far the links are behind: what waits to leave on each, by whose doing.

Knows: which links cells are pushed over, and how many cells wait there. Does not know: what a cell is, or how
much credit a link has (``kit.credit``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from p2pchat.core.kit.credit import OWN_AHEAD
from p2pchat.types import LinkId


class BackPressure:
    """``pushing``: by link, whether cells are pushed over it; ``waiting``: how many cells wait to leave on a
    link that came from another, or are our own."""

    def __init__(
        self, pushing: Callable[[], Mapping[LinkId, bool]], waiting: Callable[[LinkId, LinkId | None], int]
    ) -> None:
        self._pushing = pushing
        self._waiting = waiting

    @property
    def own_space(self) -> bool:
        """Whether a cell of our own may enter the broadcast here: it leaves soon where it leaves fastest."""
        return self.count_least_waiting(None) < OWN_AHEAD

    def is_behind(self, link: LinkId, source: LinkId | None, most: int) -> bool:
        """Whether too much of what one link brought waits to leave on another."""
        return self._waiting(link, source) >= most

    def count_least_waiting(self, source: LinkId | None) -> int:
        """Cells that a link brought, or that are our own, and that wait, on the link where the fewest do."""
        pushing = self._pushing()
        waits = [self._waiting(link, source) for link, eager in pushing.items() if eager and link != source]
        return min(waits, default=0)

"""Plain flooding: every cell over every link but the one it came on.

Knows: which links are up. Does not know: anything else; it is the fastest a graph allows, and the dearest.
"""

from __future__ import annotations

from collections import Counter

from p2pchat.core.broadcast.strategy import CellLookup, Push, Sending
from p2pchat.ports import Entropy
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import Gossip


class Flooding:
    """One mesh's flood, as seen from this node."""

    def __init__(self, entropy: Entropy, cells: CellLookup, counters: Counter[str]) -> None:
        self._links: dict[LinkId, None] = {}

    def link_up(self, link: LinkId, now: float) -> list[Sending]:
        """Push over one link more."""
        self._links[link] = None
        return []

    def link_down(self, link: LinkId, broken: bool, now: float) -> list[Sending]:
        """Push over one link less."""
        self._links.pop(link, None)
        return []

    def on_new_cell(self, id: CellId, cell: bytes, source: LinkId | None, now: float) -> list[Sending]:
        """Push it everywhere."""
        return [Push(link, cell) for link in self._links if link != source]

    def postpone_push(self, id: CellId, link: LinkId, now: float) -> list[Sending]:
        """Do nothing: reconciling brings the cell."""
        return []

    def on_duplicate(self, id: CellId, source: LinkId, now: float) -> list[Sending]:
        """That is the price."""
        return []

    def on_recovered(self, id: CellId, source: LinkId, now: float) -> list[Sending]:
        """Old cells are not flooded: thousands may come at once. Other nodes that lack them reconcile,
        too."""
        return []

    def on_message(self, message: Gossip, source: LinkId, now: float) -> list[Sending]:
        """Flooding nodes send no control messages."""
        return []

    def tick(self, now: float) -> list[Sending]:
        """Nothing is ever due."""
        return []

    def next_wakeup(self) -> float | None:
        """Never."""
        return None

    def pushing_links(self) -> dict[LinkId, bool]:
        """Return no links: any link may go, so that the graph is like that of the tree's runs."""
        return dict.fromkeys(self._links, False)

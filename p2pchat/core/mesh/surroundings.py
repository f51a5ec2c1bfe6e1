"""What a mesh makes of its links, and its map, as its membership asks for them.

Knows: the broadcast tree and the stem. Does not know: how links are found.
"""

from __future__ import annotations

from p2pchat.core.broadcast.cells import Cells
from p2pchat.core.stem.epoch_map import EpochMap
from p2pchat.core.stem.stem import Stem
from p2pchat.types import HopId, LinkId


class MeshSurroundings:
    """``membership.refill.Surroundings`` over one mesh's cells and stem."""

    def __init__(self, cells: Cells, stem: Stem) -> None:
        self._cells = cells
        self._stem = stem

    def is_idle(self, link: LinkId) -> bool:
        """Whether the mesh would not miss this link just now: nothing is pushed over it."""
        return not self._cells.tree_links().get(link, False)

    def is_stem_start(self, link: LinkId) -> bool:
        """Whether our stem begins there."""
        return self._stem.begins_at(link)

    def is_needed(self, link: LinkId, now: float) -> bool:
        """Whether its other end has hardly another, as far as we know."""
        return self._stem.is_needed(link, now)

    def leads_to_contact(self, link: LinkId) -> bool:
        """Whether a recognised contact is there."""
        return self._stem.guards.leads_to_contact(link)

    def own_position(self, now: float) -> EpochMap | None:
        """Our place on the mesh's map; None as long as the map is not known."""
        return self._stem.own_position(now)

    def position_of(self, name: HopId) -> EpochMap | None:
        """Our place on the map on which we have that name."""
        return self._stem.position_of(name)

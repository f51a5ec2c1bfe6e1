"""Whether a copy of this home writes with our keys.

Knows: the tags of our own next cells. Does not know: what follows when a copy has used one.
"""

from __future__ import annotations

from p2pchat.crypto.envelope import SendChain, TagDelta
from p2pchat.types import Epoch, Tag
from p2pchat.wire.cell import Cell

AHEAD = 16
"""Tags of our own next cells that are listened for: a cell that bears one, and opens with our own key, was
written by a copy of this home. Any member can write under tags that we have used, and their keys are gone."""

Position = tuple[bytes, Epoch, int]
"""A place in what is sent: the name of a chain, an epoch and the index of the next cell."""


class OwnTags:
    """The tags of our own next cells in one session."""

    def __init__(self) -> None:
        self._indices: dict[Tag, int] = {}
        """Of our own next cells."""
        self._position: Position | None = None

    def list_tags(self) -> list[Tag]:
        """List the tags that are listened for."""
        return list(self._indices)

    def follow_chain(self, chain: SendChain, position: Position) -> TagDelta:
        """Listen for the tags of the next cells of ``chain``, which stands at ``position``."""
        if position == self._position:
            return TagDelta((), ())
        before, self._position = self._indices, position
        self._indices = {tag: chain.index + offset for offset, tag in enumerate(chain.peek_tags(AHEAD))}
        gained = tuple(tag for tag in self._indices if tag not in before)
        return TagDelta(gained, tuple(tag for tag in before if tag not in self._indices))

    def find_copy(self, cell: Cell, chain: SendChain, position: Position) -> bool:
        """Whether the cell was sealed with a key of ``chain`` that we have yet to use: only a copy of this
        home can do that. Then we go on behind it."""
        index = self._indices.get(cell.tag)
        if index is None or self._position is None:
            return False
        if self._position[:2] != position[:2] or index < position[2] or not chain.has_sealed(cell, index):
            return False
        chain.skip_to(index + 1)
        return True

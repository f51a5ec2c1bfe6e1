"""A line to one contact that needs no session: words in cells whose tags follow from recovery keys.

Knows: which tags to listen for, how words become cells and cells words. Does not know: what is said, or when.
"""

from __future__ import annotations

from typing import cast

from p2pchat.core.kit.table import Table
from p2pchat.crypto.envelope import FUTURE_EPOCHS, PAST_EPOCHS, TagDelta
from p2pchat.crypto.kdf import digest
from p2pchat.crypto.recovery import SLOTS, PublicKey, RecoveryKey
from p2pchat.errors import Malformed
from p2pchat.ports import Entropy, below
from p2pchat.types import Epoch, Tag
from p2pchat.wire.cell import Cell
from p2pchat.wire.fragment import NOTHING_SEEN, Fragment, Lane, decode_fragment, encode_fragment, split
from p2pchat.wire.recovery import CELLS_MAX, Word, decode_word, encode_word

REMEMBERED_MAX = 512
"""Cells that are remembered, so that one of them with another stamp does nothing."""

PARTS_MAX = 2 * SLOTS
"""Words of which some cells are here and others not yet; the oldest goes first. A node that was away for a
day finds all the knocks of that day at once, which are some fifteen, and their cells in any order."""


class RecoveryChannel:
    """Both ways. A cell is heard once in a run; an end that repeats a word makes other cells of it."""

    def __init__(self, own: RecoveryKey, theirs: PublicKey, entropy: Entropy) -> None:
        """Raises Unreadable on a public key that is none."""
        self._to, self._from = own.derive_paths(theirs)
        self._entropy = entropy
        self._places: dict[Tag, tuple[Epoch, int, int]] = {}
        self._epochs: set[Epoch] = set()
        self._parts: dict[int, dict[int, bytes]] = {}
        self._seen_cells = Table[bytes, None](REMEMBERED_MAX)
        self._slots: tuple[Epoch, list[int]] = (Epoch(0), [])

    def list_tags(self) -> list[Tag]:
        """Every tag that is listened for."""
        return list(self._places)

    def knows_tag(self, tag: Tag) -> bool:
        """Whether the tag is listened for."""
        return tag in self._places

    def follow_epochs(self, epoch: Epoch) -> TagDelta:
        """Follow the epochs, as a session does."""
        followed = cast("set[Epoch]", set(range(epoch - PAST_EPOCHS, epoch + FUTURE_EPOCHS + 1)))
        if followed == self._epochs:
            return TagDelta((), ())
        removed = [tag for tag, place in self._places.items() if place[0] not in followed]
        for tag in removed:
            del self._places[tag]
        added = {
            self._from.derive_tag(epoch, slot, index): (epoch, slot, index)
            for epoch in followed - self._epochs
            for slot in range(SLOTS)
            for index in range(CELLS_MAX)
        }
        self._places.update(added)
        self._epochs = followed
        return TagDelta(tuple(added), tuple(removed))

    def open_cell(self, cell: Cell) -> Word | None:
        """Take a cell under one of our tags; the word, if it is whole now. Raises RefusedInput."""
        epoch, slot, index = self._places[cell.tag]
        if epoch != cell.epoch:
            raise Malformed("a cell of another epoch than its tag")
        opened = self._from.open_cell(cell, slot, index)
        if not self._new(cell):
            return None
        fragment = decode_fragment(opened)
        if fragment.lane is not Lane.APART or fragment.count > CELLS_MAX:
            raise Malformed("a cell of a session on another line")
        parts = self._parts.setdefault(fragment.number, {})
        parts[fragment.index] = fragment.data
        if len(parts) == fragment.count and max(parts) == fragment.count - 1:
            del self._parts[fragment.number]
            return decode_word(b"".join(parts[place] for place in range(fragment.count)))
        if len(self._parts) > PARTS_MAX:
            del self._parts[next(iter(self._parts))]
        return None

    def _new(self, cell: Cell) -> bool:
        name = digest(cell.box, 16)
        if name in self._seen_cells:
            return False
        self._seen_cells.put(name, None)
        return True

    def seal_word(self, word: Word, epoch: Epoch) -> list[bytes]:
        """The cells of a word."""
        pieces, slot = split(encode_word(word)), self._slot(epoch)
        number = int.from_bytes(self._entropy.draw_bytes(4), "big")
        return [
            self._to.seal_cell(
                encode_fragment(
                    Fragment(Lane.APART, number, 0, index, len(pieces), epoch, NOTHING_SEEN, piece)
                ),
                epoch,
                slot,
                index,
            )
            for index, piece in enumerate(pieces)
        ]

    def _slot(self, epoch: Epoch) -> int:
        """Return a slot that this run did not use yet in this epoch, if there is one: cells with the same tag
        show that they have one writer."""
        known, free = self._slots
        if known != epoch or not free:
            free = list(range(SLOTS))
        slot = free.pop(below(self._entropy, len(free)))
        self._slots = epoch, free
        return slot

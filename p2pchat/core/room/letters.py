"""Letters: what one member writes to another alone, under the key of their pair.

Knows: how a letter is sealed and opened. Does not know: what is in one, or why it is written.

A letter travels in cells like all others of the room, and only its receiver can open them. Its place in the
sender's chain is beyond the chain's end, and drawn at random. It stands in a period that the receiver is
known to have: one who was away has none of the later ones.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from p2pchat.core.room.assembly import Assembly, cut_payload
from p2pchat.core.room.pairs import MemberPairs
from p2pchat.core.room.period import Period
from p2pchat.core.room.tag_keys import RoomTagKeys
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.room_chains import open_room_cell, seal_room_cell
from p2pchat.crypto.room_keys import PairKey
from p2pchat.data import dataclass
from p2pchat.errors import Malformed, Unreadable
from p2pchat.ports import Entropy, below
from p2pchat.types import Epoch, MemberId
from p2pchat.wire.cell import Cell
from p2pchat.wire.room_cells import (
    CHAIN_CELLS,
    INDEX_MAX,
    NONCE_BYTES,
    RoomKind,
    RoomPlace,
    decode_room_fragment,
)

PLACES: Final = INDEX_MAX + 1 - CHAIN_CELLS
"""Beyond the end of a chain."""


@dataclass(frozen=True, slots=True)
class LetterOpened:
    """A member has written to us alone."""

    sender: MemberId
    period: bytes
    data: bytes = field(repr=False)


class RoomLetters:
    """One room's."""

    def __init__(self, pairs: MemberPairs, tags: RoomTagKeys, entropy: Entropy) -> None:
        self._pairs = pairs
        self._tags = tags
        self._entropy = entropy
        self._assembly = Assembly()

    def seal_letter(self, period: Period, receiver: MemberId, data: bytes, now: float) -> list[bytes]:
        """Seal a letter in a period; its cells. None at all where the pair's key of then is forgotten.
        Raises ValueError on what is too long."""
        tags, base = self._tags.find_key(period.tags_of), period.bases.get(receiver)
        if tags is None or base is None:
            return []
        own = self._pairs.own
        key = _letter_key(self._pairs.sending_key(base, receiver), own, receiver)
        plains = cut_payload(RoomKind.LETTER, data)
        first = CHAIN_CELLS + below(self._entropy, PLACES - len(plains))
        epoch, sender = max(epoch_at(now), Epoch(tags.epoch)), period.places[own]
        return [
            seal_room_cell(
                key,
                self._entropy.draw_bytes(NONCE_BYTES),
                tags,
                epoch,
                RoomPlace(period.name, sender, first + at),
                plain,
            )
            for at, plain in enumerate(plains)
        ]

    def open_cell(
        self, period: Period, sender: MemberId, place: RoomPlace, cell: Cell, now: float
    ) -> list[LetterOpened]:
        """Open a cell of a letter, unless it is for somebody else. Raises Malformed."""
        base = period.bases.get(sender)
        if base is None:
            return []
        for pair in self._pairs.possible_keys(base, sender, now):
            try:
                plain = open_room_cell(_letter_key(pair, sender, self._pairs.own), cell)
            except Unreadable:
                continue
            self._pairs.on_key_used(sender, pair, now)
            return self._put_plain(period, sender, place, plain)
        return []

    def forget_period(self, period: bytes) -> None:
        """Nothing of a period can be opened any more."""
        self._assembly.forget_period(period)

    def _put_plain(
        self, period: Period, sender: MemberId, place: RoomPlace, plain: bytes
    ) -> list[LetterOpened]:
        fragment = decode_room_fragment(plain)
        if fragment.kind is not RoomKind.LETTER:
            raise Malformed("a letter that is something else")
        start = period.id, sender, place.index - fragment.at
        whole = self._assembly.put_fragment(start, fragment, plain, lambda _: True)
        return [LetterOpened(sender, period.id, letter.data) for letter in whole]


def _letter_key(pair: PairKey, sender: MemberId, receiver: MemberId) -> bytes:
    return pair.derive_for("letter", sender, receiver)

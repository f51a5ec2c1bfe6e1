"""A member's chain in a period of a room, and the cells that are sealed with its keys.

Knows: the hash ratchet, cells' seals. Does not know: whether what opens is by that member: all can make all
keys. So opening uses up nothing; the caller that has checked a MAC says so.

::

    chain(0)  = derive(secret, "chain", member)          chain(i+1) = derive(chain(i), "next")
    key(i)    = derive(chain(i), "message")
    box       = place, masked | AES-256-SIV(derive(key(i), "box", r, size 64), AD: tag | epoch | masked place)

A copy of a home may seal another cell with the same key of the chain: the two have different ``r``.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from p2pchat.crypto.kdf import KEY_BYTES, derive
from p2pchat.crypto.room_tags import RoomTagKey
from p2pchat.errors import Unreadable
from p2pchat.types import Epoch, MemberId
from p2pchat.wire.cell import Cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.room_cells import (
    CHAIN_CELLS,
    NONCE_BYTES,
    PLACE_BYTES,
    RoomPlace,
    decode_place,
    encode_place,
)

STEP: Final = 32
"""A key is made in that many steps at most, once the chain was followed so far; then a chain takes 1 kB."""


class MemberChain:
    """One member's keys in one period, each until it is used up."""

    def __init__(self, chain: bytes, at: int = 0, skipped: dict[int, bytes] | None = None) -> None:
        """``chain`` (32 bytes) is that of index ``at``; ``skipped``: keys of below it."""
        self.chain = chain
        self.at = at
        self.skipped = dict(skipped or {})
        self._marks: dict[int, bytes] = {}  # the chain at each ``STEP``-th index from ``at`` on, as far as it
        # was needed: any member can seal a cell at the end of every chain, and would have us keep all keys

    def __repr__(self) -> str:
        return f"MemberChain(at={self.at})"

    @classmethod
    def from_secret(cls, secret: bytes, member: MemberId) -> MemberChain:
        """Derive a member's chain in the period of ``secret``."""
        return cls(derive(secret, "chain", member))

    def find_key(self, index: int) -> bytes | None:
        """Find the key of a cell, or None if it was used up or is beyond the chain's end. Changes nothing
        that is kept."""
        if index < self.at:
            return self.skipped.get(index)
        if index >= CHAIN_CELLS:
            return None
        return derive(self._chain_at(index), "message")

    def use_up(self, index: int) -> None:
        """Forget the key of a cell."""
        if index < self.at:
            self.skipped.pop(index, None)
        elif index < CHAIN_CELLS:
            for skip in range(self.at, index):
                self.skipped[skip] = derive(self.chain, "message")
                self.chain = derive(self.chain, "next")
            self.chain, self.at = derive(self.chain, "next"), index + 1
            if self._marks and min(self._marks) < self.at:
                self._marks = {mark: chain for mark, chain in self._marks.items() if mark >= self.at}

    def forget_oldest(self, count: int) -> None:
        """Forget keys that were skipped, the lowest first."""
        for index in sorted(self.skipped)[:count]:
            del self.skipped[index]

    def to_fields(self) -> list[object]:
        """Return all that must outlive a crash."""
        return [self.at, self.chain, list(self.skipped), b"".join(self.skipped.values())]

    def _chain_at(self, index: int) -> bytes:
        """The chain at an index that is still to come."""
        block = index - index % STEP
        position = block if block in self._marks else max(self._marks, default=self.at)
        if position > index:
            position = self.at
        chain = self._marks.get(position, self.chain)
        while position < index:
            chain, position = derive(chain, "next"), position + 1
            if position % STEP == 0:
                self._marks[position] = chain
        return chain

    @classmethod
    def from_fields(cls, at: int, chain: bytes, indices: list[int], keys: bytes) -> MemberChain:
        """Undo ``to_fields``."""
        cut = [keys[start : start + KEY_BYTES] for start in range(0, len(keys), KEY_BYTES)]
        return cls(chain, at, dict(zip(indices, cut, strict=True)))


def seal_room_cell(
    key: bytes, nonce: bytes, tags: RoomTagKey, epoch: Epoch, place: RoomPlace, plain: bytes
) -> bytes:
    """Seal ``ROOM_PLAIN`` bytes into a cell of ``GEOMETRY.cell``; ``nonce``: ``NONCE_BYTES`` random ones."""
    tag = tags.make_tag(epoch, nonce)
    masked = tags.mask_place(epoch, nonce, encode_place(place))
    box = masked + _cipher(key, nonce).encrypt(plain, [_bound(tag, epoch, masked)])
    return encode_cell(Cell(tag, epoch, bytes(GEOMETRY.stamp), box))


def place_of(cell: Cell, tags: RoomTagKey) -> RoomPlace:
    """The claimed place of a cell, which any holder of the tag key may have invented. Raises
    Malformed."""
    return decode_place(tags.mask_place(cell.epoch, cell.tag[:NONCE_BYTES], cell.box[:PLACE_BYTES]))


def open_room_cell(key: bytes, cell: Cell) -> bytes:
    """Return ``ROOM_PLAIN`` bytes, by some member. Raises Unreadable."""
    masked = cell.box[:PLACE_BYTES]
    bound = _bound(cell.tag, cell.epoch, masked)
    try:
        return _cipher(key, cell.tag[:NONCE_BYTES]).decrypt(cell.box[PLACE_BYTES:], [bound])
    except InvalidTag as error:
        raise Unreadable("the cell does not open") from error


def _cipher(key: bytes, nonce: bytes) -> AESSIV:
    return AESSIV(derive(key, "box", nonce, size=64))


def _bound(tag: bytes, epoch: int, masked: bytes) -> bytes:
    return tag + epoch.to_bytes(GEOMETRY.epoch, "big") + masked

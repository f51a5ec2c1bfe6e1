"""A member's chain in a period of a room, and the cells that are sealed with its keys.

Knows: the hash ratchet, cells' seals. Does not know: whether what opens is by that member: all can make all
keys. So opening uses up nothing; whoever has checked a MAC says so.

::

    chain(0)  = derive(secret, "chain", member)          chain(i+1) = derive(chain(i), "next")
    key(i)    = derive(chain(i), "message")
    box       = place, masked | AES-256-SIV(derive(key(i), "box", r, size 64), AD: tag | epoch | masked place)

A copy of a home may seal another cell with the same key of the chain: the two have different ``r``.
"""

from __future__ import annotations

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


class MemberChain:
    """One member's keys in one period, each until it is used up."""

    def __init__(self, chain: bytes, at: int = 0, skipped: dict[int, bytes] | None = None) -> None:
        """``chain`` (32 bytes) is that of index ``at``; ``skipped``: keys of below it."""
        self.chain = chain
        self.at = at
        self.skipped = dict(skipped or {})
        self._ahead: list[
            bytes
        ] = []  # keys from ``at`` on, and the chain behind them; made again when needed
        self._end = chain

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
        while self.at + len(self._ahead) <= index:
            self._ahead.append(derive(self._end, "message"))
            self._end = derive(self._end, "next")
        return self._ahead[index - self.at]

    def use_up(self, index: int) -> None:
        """Forget the key of a cell."""
        if index < self.at:
            self.skipped.pop(index, None)
            return
        if self.find_key(index) is None:
            return
        for skip in range(self.at, index):
            self.skipped[skip] = self._ahead[skip - self.at]
        for _ in range(self.at, index + 1):
            self.chain = derive(self.chain, "next")
        self._ahead = self._ahead[index + 1 - self.at :]
        self.at = index + 1

    def forget_oldest(self, count: int) -> None:
        """Forget keys that were skipped, the lowest first."""
        for index in sorted(self.skipped)[:count]:
            del self.skipped[index]

    def to_fields(self) -> list[object]:
        """Return all that must outlive a crash."""
        return [self.at, self.chain, list(self.skipped), b"".join(self.skipped.values())]

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
    """Where a cell says that it stands, which anybody may have made up who knows the tag key. Raises
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

"""Fragments: the plaintext of a cell's box, a piece of a payload and what its sender has seen of ours.

Knows: the header and the cutting. Does not know: putting together again, or ratchets.

::

    lane 1 | number 4 | floor 4 | index 2 | count 2 | length 2 | seen epoch 4 | seen index 2        21 bytes
    data, zero-padded                                                                              860
"""

from __future__ import annotations

import struct
from dataclasses import field
from enum import IntEnum
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.wire.codec import unpad
from p2pchat.wire.geometry import GEOMETRY

COUNT_MAX: Final = 128
"""Pieces of one payload: 107 KiB, room for a text of 64 KiB and its wrapping. One look-ahead of tags."""

NOTHING_SEEN: Final = 0xFFFF
"""As ``seen_index``: no cell of ours has been seen in ``seen_epoch`` yet."""

_HEADER: Final = struct.Struct(">BIIHHHIH")
_U32: Final = 2**32 - 1
_U16: Final = 2**16 - 1


class Lane(IntEnum):
    """How a payload travels."""

    ORDERED = 0
    """Numbered Olm messages, repeated until acknowledged, delivered in order."""
    NOTICE = 1
    """Receipts and presence: in the envelope only, never repeated."""
    APART = 2
    """Outside the session, when it no longer works (``wire.recovery``)."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One piece. Raises Malformed on what cannot be one."""

    lane: Lane
    number: int
    """Of the payload this is a piece of; 32 bits."""
    floor: int
    """The lowest number the sender will still repeat; 32 bits."""
    index: int
    """Of this piece, below ``count``."""
    count: int
    """Pieces the payload has, 1 to ``COUNT_MAX``."""
    seen_epoch: int
    """The latest epoch in which the sender of this has seen cells of its receiver; 32 bits."""
    seen_index: int
    """Highest index seen in that epoch, or ``NOTHING_SEEN``; 16 bits."""
    data: bytes = field(repr=False)
    """At most ``GEOMETRY.data`` bytes."""

    def __post_init__(self) -> None:
        if not (1 <= self.count <= COUNT_MAX and 0 <= self.index < self.count):
            raise Malformed(f"fragment {self.index} of {self.count}")
        if not all(0 <= number <= _U32 for number in (self.number, self.floor, self.seen_epoch)):
            raise Malformed("a counter of a fragment is out of range")
        if not 0 <= self.seen_index <= _U16:
            raise Malformed("the seen index of a fragment is out of range")
        if self.lane is Lane.ORDERED and self.floor > self.number:
            raise Malformed("a fragment below its own floor")
        if len(self.data) > GEOMETRY.data:
            raise Malformed(f"a fragment with {len(self.data)} bytes of data")


def encode_fragment(fragment: Fragment) -> bytes:
    """Return ``GEOMETRY.plain`` bytes, ready to be sealed."""
    header = _HEADER.pack(
        fragment.lane,
        fragment.number,
        fragment.floor,
        fragment.index,
        fragment.count,
        len(fragment.data),
        fragment.seen_epoch,
        fragment.seen_index,
    )
    return header + fragment.data.ljust(GEOMETRY.data, b"\0")


def decode_fragment(plain: bytes) -> Fragment:
    """Undo ``encode_fragment``. Raises Malformed on another size, impossible counters or padding not zero."""
    if len(plain) != GEOMETRY.plain:
        raise Malformed(f"a fragment of {len(plain)} bytes")
    lane, number, floor, index, count, length, seen_epoch, seen_index = _HEADER.unpack_from(plain)
    if lane > Lane.APART:
        raise Malformed(f"fragment on unknown lane {lane}")
    data = unpad(plain[_HEADER.size :], length)
    return Fragment(Lane(lane), number, floor, index, count, seen_epoch, seen_index, data)


def split(data: bytes) -> list[bytes]:
    """Cut a payload into pieces of ``GEOMETRY.data`` bytes, the last one shorter; nothing is one empty piece.

    Raises ValueError when it takes more than ``COUNT_MAX`` pieces.
    """
    pieces = [data[start : start + GEOMETRY.data] for start in range(0, len(data), GEOMETRY.data)] or [b""]
    if len(pieces) > COUNT_MAX:
        raise ValueError(f"{len(data)} bytes take more than {COUNT_MAX} cells")
    return pieces

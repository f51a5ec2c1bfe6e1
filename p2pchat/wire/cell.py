"""Cells: what is broadcast, all of one size, addressed by a one-time tag.

Knows: where a cell's parts lie. Does not know: which contact a tag means, or how a box opens.

::

    tag 16 | epoch 4 | stamp 8 | box 897        925 bytes
"""

from __future__ import annotations

import struct
from dataclasses import field
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import Epoch, Tag
from p2pchat.wire.geometry import GEOMETRY

_LAYOUT: Final = struct.Struct(f">{GEOMETRY.cell_tag}sI{GEOMETRY.stamp}s{GEOMETRY.box}s")
_EPOCH_MAX: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Cell:
    """Sizes as in ``GEOMETRY``; ``epoch`` is unsigned, 32 bits. Raises Malformed on others."""

    tag: Tag
    epoch: Epoch
    stamp: bytes
    box: bytes = field(repr=False)

    def __post_init__(self) -> None:
        sizes = len(self.tag), len(self.stamp), len(self.box)
        if sizes != (GEOMETRY.cell_tag, GEOMETRY.stamp, GEOMETRY.box) or not 0 <= self.epoch <= _EPOCH_MAX:
            raise Malformed(f"a cell of tag, stamp and box of {sizes} bytes in epoch {self.epoch}")


def encode_cell(cell: Cell) -> bytes:
    """Return ``GEOMETRY.cell`` bytes."""
    return _LAYOUT.pack(cell.tag, cell.epoch, cell.stamp, cell.box)


def tag_of(data: bytes) -> Tag:
    """Read the tag of an encoded cell."""
    return Tag(data[: GEOMETRY.cell_tag])


def decode_cell(data: bytes) -> Cell:
    """Undo ``encode_cell``. Raises Malformed on another size; any other bytes are a cell."""
    if len(data) != _LAYOUT.size:
        raise Malformed(f"a cell of {len(data)} bytes")
    return Cell(*_LAYOUT.unpack(data))

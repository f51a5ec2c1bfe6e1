"""Frames: the only thing that ever travels on a link, all of one size.

Knows: kind, length and padding. Does not know: sealing, or what a body means.

::

    kind 1 | flags 1 (zero) | length 2 | reserved 12 (zero) | body, zero-padded to 1120        1136 bytes
"""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.wire.codec import unpad
from p2pchat.wire.geometry import GEOMETRY

_LENGTH: Final = slice(2, 4)
_USED: Final = 4
_RESERVED: Final = bytes(GEOMETRY.frame_header - _USED)


class FrameKind(IntEnum):
    """What a body is."""

    PADDING = 0
    CONFIRM = 1
    CELL = 2
    CONTROL = 3
    ONION = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """``body`` is at most ``GEOMETRY.body`` bytes. Raises Malformed when longer."""

    kind: FrameKind
    body: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.body) > GEOMETRY.body:
            raise Malformed(f"a body of {len(self.body)} bytes does not fit into a frame")


def encode(frame: Frame) -> bytes:
    """Return ``GEOMETRY.frame_plain`` bytes, ready to be sealed."""
    header = bytes([frame.kind, 0]) + len(frame.body).to_bytes(2, "big")
    return header.ljust(GEOMETRY.frame_header, b"\0") + frame.body.ljust(GEOMETRY.body, b"\0")


def decode(data: bytes) -> Frame:
    """Undo ``encode``. Raises Malformed on another size or kind, or reserved bytes or padding not zero."""
    if len(data) != GEOMETRY.frame_plain:
        raise Malformed(f"a frame of {len(data)} bytes")
    header, body = data[: GEOMETRY.frame_header], data[GEOMETRY.frame_header :]
    if header[1] or header[_USED:] != _RESERVED:
        raise Malformed("reserved bytes of a frame are not zero")
    try:
        kind = FrameKind(header[0])
    except ValueError:
        raise Malformed(f"frame of unknown kind {header[0]}") from None
    return Frame(kind, unpad(body, int.from_bytes(header[_LENGTH], "big")))

"""Where the frames of a WebSocket begin and end, in what a client has sent.

Knows: the heads of frames, RFC 6455 section 5.2. Does not know: what they hold, or whether they keep the
rules.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

WHOLE_BINARY: Final = 0x82
"""The first byte of a frame that is a binary message by itself."""

MASKED: Final = 0x80
MASK_BYTES: Final = 4
SHORT_MAX: Final = 125
TWO_BYTES: Final = 126
"""As a length: it stands in the next two bytes; one more: in the next eight."""


class Cut(Enum):
    """What cannot be cut off as a frame."""

    INCOMPLETE = 1
    """More has to come."""
    UNFIT = 2
    """Not masked, or too long: no rendezvous reads it to its end."""


def frame_at(data: bytes, at: int, longest: int) -> tuple[int, int] | Cut:
    """Return where the payload of the frame at ``at`` begins, after its mask, and where it ends."""
    have = len(data) - at
    if have < 2:
        return Cut.INCOMPLETE
    length = data[at + 1] - MASKED
    start = at + 2 + MASK_BYTES
    if length < 0:
        return Cut.UNFIT
    if length > SHORT_MAX:
        more = 2 if length == TWO_BYTES else 8
        if have < 2 + more:
            return Cut.INCOMPLETE
        start += more
        length = int.from_bytes(data[at + 2 : at + 2 + more], "big")
        if length > longest:
            return Cut.UNFIT
    return (start, start + length) if have >= start - at + length else Cut.INCOMPLETE


def unmasked_head(length: int) -> bytes:
    """Return what goes before a binary message of so many bytes that a server sends; 65535 at most."""
    if length <= SHORT_MAX:
        return bytes((WHOLE_BINARY, length))
    return bytes((WHOLE_BINARY, TWO_BYTES)) + length.to_bytes(2, "big")

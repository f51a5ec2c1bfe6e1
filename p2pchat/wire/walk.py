"""What neighbours pass on so that two nodes who are no neighbours can become some: WALK, TICKET, and pieces.

Knows: the messages. Does not know: where a walk goes, or what the pieces say when put together.

Types 24 to 26 of a control frame. A walk's id changes at every hop, so that two nodes on its way cannot tell
that it is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, assert_never

from p2pchat.wire.codec import Reader
from p2pchat.wire.geometry import GEOMETRY

TYPES: Final = range(24, 27)

WALK_BYTES: Final = 8
"""A walk's id on one link."""

KEY_BYTES: Final = 32
"""An ephemeral X25519 key."""

PIECES: Final = 2
PIECE_MAX: Final = (KEY_BYTES + GEOMETRY.blob) // PIECES
"""An offer is a key and a blob, 2080 bytes; a reply is a blob, 2048. Both go in two pieces."""

HOPS_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Walk:
    """Find somebody who has room for a link."""

    id: bytes
    hops: int
    """How often it may still be passed on, 0 to ``HOPS_MAX``."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Here is somebody; offers are to be sealed for this key."""

    id: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an offer, on its way to whoever sent the ticket, or of the reply, on its way back."""

    id: bytes
    part: int
    data: bytes = field(repr=False)


Walking = Walk | Ticket | Piece


def fields(message: Walking) -> dict[str, object]:
    """The message as a map, its type under ``t``."""
    match message:
        case Walk(id, hops):
            return {"t": 24, "id": id, "hops": hops}
        case Ticket(id, key):
            return {"t": 25, "id": id, "key": key}
        case Piece(id, part, data):
            return {"t": 26, "id": id, "part": part, "data": data}
    assert_never(message)


def read(kind: int, read: Reader) -> Walking:
    """Undo ``fields`` for a type in ``TYPES``. Raises Malformed."""
    id = read.bytes("id", WALK_BYTES)
    match kind:
        case 24:
            return Walk(id, read.integer("hops", 0, HOPS_MAX))
        case 25:
            return Ticket(id, read.bytes("key", KEY_BYTES))
        case _:
            return Piece(id, read.integer("part", 0, PIECES - 1), read.bytes("data", limit=PIECE_MAX))

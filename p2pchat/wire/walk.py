"""What neighbours pass on so that two nodes that are no neighbours can become some: WALK, TICKET, and pieces.

Knows: the messages. Does not know: which node drew a walk, or what the pieces say when put together.

Types 24 to 26 of a control frame. A walk names its way by the nodes' names of the epoch; its id is another
one on every link.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final, assert_never, cast

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import HopId
from p2pchat.wire.codec import Reader
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.topology import ID_BYTES, SIGNATURE_BYTES

TYPES: Final = range(24, 27)

WALK_BYTES: Final = 8
"""A walk's id on one link."""

KEY_BYTES: Final = 32
"""An ephemeral X25519 key."""

PIECES: Final = 2
PIECE_MAX: Final = GEOMETRY.blob // PIECES
"""An offer and a reply are a blob each, 2048 bytes, and go in two pieces."""

PATH_MAX: Final = 12
"""Nodes that a walk may still name: a shortest way in a mesh of a thousand has four or five."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Ask the last of these nodes for a link."""

    id: bytes
    key: bytes
    """Seals what the two ends send each other."""
    path: tuple[HopId, ...]
    """Names of the nodes that it has yet to come to, the receiver's first; 1 to ``PATH_MAX``."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The last node's answer."""

    id: bytes
    key: bytes
    vacant: bool
    """Whether it would take a link; offers are to be sealed for its key."""
    proof: bytes = field(repr=False)
    """That node's signature of both keys and of ``vacant``, 64 bytes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an offer, on its way to the sender of the ticket, or of the reply, on its way back."""

    id: bytes
    part: int
    data: bytes = field(repr=False)


Walking = Walk | Ticket | Piece


def fields(message: Walking) -> dict[str, object]:
    """The message as a map, its type under ``t``."""
    match message:
        case Walk(id, key, way):
            return {"t": 24, "id": id, "key": key, "way": b"".join(way)}
        case Ticket(id, key, vacant, proof):
            return {"t": 25, "id": id, "key": key, "vacant": vacant, "proof": proof}
        case Piece(id, part, data):
            return {"t": 26, "id": id, "part": part, "data": data}
    assert_never(message)


def read(kind: int, reader: Reader) -> Walking:
    """Undo ``fields`` for a type in ``TYPES``. Raises Malformed."""
    id = reader.get_bytes("id", WALK_BYTES)
    match kind:
        case 24:
            return Walk(
                id,
                reader.get_bytes("key", KEY_BYTES),
                _path(reader.get_bytes("way", limit=PATH_MAX * ID_BYTES)),
            )
        case 25:
            key, proof = reader.get_bytes("key", KEY_BYTES), reader.get_bytes("proof", SIGNATURE_BYTES)
            return Ticket(id, key, reader.get_flag("vacant"), proof)
        case _:
            return Piece(
                id, reader.get_integer("part", 0, PIECES - 1), reader.get_bytes("data", limit=PIECE_MAX)
            )


def _path(joined: bytes) -> tuple[HopId, ...]:
    if not joined or len(joined) % ID_BYTES:
        raise Malformed(f"a path of {len(joined)} bytes")
    path = tuple(joined[at : at + ID_BYTES] for at in range(0, len(joined), ID_BYTES))
    return cast("tuple[HopId, ...]", path)

"""WALK, TICKET and pieces fit their frame and come back; anything else is malformed."""

from __future__ import annotations

import pytest

from p2pchat.errors import Malformed
from p2pchat.types import HopId
from p2pchat.wire.codec import pack
from p2pchat.wire.control import decode, encode
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.walk import PATH_MAX, PIECE_MAX, PIECES, Piece, Ticket, Walk, Walking

ID, KEY, PROOF = b"i" * 8, b"k" * 32, b"p" * 64
WAY = tuple(HopId(bytes([number]) * 8) for number in range(PATH_MAX))


@pytest.mark.parametrize(
    "message",
    [
        Walk(ID, KEY, WAY),
        Walk(ID, KEY, WAY[:1]),
        Ticket(ID, KEY, True, PROOF),
        Ticket(ID, KEY, False, PROOF),
        Piece(ID, 0, bytes(PIECE_MAX)),
        Piece(ID, PIECES - 1, b""),
    ],
)
def test_messages_come_back_equal_and_fit_a_frame(message: Walking) -> None:
    body = encode(message)
    assert len(body) <= GEOMETRY.body
    assert decode(body) == message


def test_two_pieces_are_a_blob() -> None:
    assert GEOMETRY.blob == PIECES * PIECE_MAX


@pytest.mark.parametrize(
    "fields",
    [
        {"t": 24, "id": ID, "key": KEY, "way": b""},
        {"t": 24, "id": ID, "key": KEY, "way": bytes(8 * PATH_MAX + 8)},
        {"t": 24, "id": ID, "key": KEY, "way": bytes(9)},
        {"t": 24, "id": ID[:7], "key": KEY, "way": bytes(8)},
        {"t": 24, "id": ID, "key": KEY + b"k", "way": bytes(8)},
        {"t": 25, "id": ID, "key": KEY, "vacant": 1, "proof": PROOF},
        {"t": 25, "id": ID, "key": KEY, "vacant": True, "proof": PROOF[:63]},
        {"t": 26, "id": ID, "part": PIECES, "data": b""},
        {"t": 26, "id": ID, "part": 0, "data": bytes(PIECE_MAX + 1)},
        {"t": 26, "id": ID, "part": 0},
    ],
)
def test_what_is_no_walk_is_malformed(fields: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        decode(pack(fields))

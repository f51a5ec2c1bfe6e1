"""What was handed over is known until it has left, or was lost on its way out."""

from __future__ import annotations

from p2pchat.core.messaging.leaving import LEAVES_S, LeavingCells, LeavingPiece
from p2pchat.types import MessageId, Tag

ONE, OTHER = MessageId("1"), MessageId("2")


def leaving(*pieces: LeavingPiece) -> LeavingCells:
    cells = LeavingCells()
    for number, piece in enumerate(pieces):
        cells.put_piece(Tag(bytes([number])), piece)
    return cells


def test_a_piece_that_has_left_is_forgotten() -> None:
    first, second = LeavingPiece(ONE, 0, 1.0), LeavingPiece(ONE, 1, 1.0)
    cells = leaving(first, second)
    tag = Tag(b"\0")
    assert (cells.pop_piece(tag), cells.pop_piece(tag)) == (first, None)
    assert len(cells) == 1
    cells.drop_message(ONE)
    assert not cells


def test_what_does_not_leave_is_given_up_in_its_turn() -> None:
    old, young = LeavingPiece(ONE, 0, 1.0), LeavingPiece(OTHER, 0, 2.0)
    cells = leaving(old, young)
    assert cells.drop_lost(LEAVES_S) == []
    assert cells.drop_lost(1.0 + LEAVES_S) == [old]
    assert cells.pop_piece(Tag(b"\1")) == young

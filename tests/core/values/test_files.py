"""A file knows which of its pieces are here."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.values.files import FileState, mark_piece
from p2pchat.wire.files import PIECE_BYTES
from tests.support.file_records import make_file

FILE = replace(make_file(b""), size=20 * PIECE_BYTES - 5)


@given(st.sets(st.integers(0, 19)))
def test_pieces_that_were_marked_are_here(marked: set[int]) -> None:
    pieces = b""
    for index in marked:
        pieces = mark_piece(pieces, index)
    file = replace(FILE, pieces=pieces)
    assert set(file.list_missing()) == set(range(20)) - marked
    assert file.kept_bytes == len(marked) * PIECE_BYTES - 5 * (19 in marked)


def test_a_file_is_open_until_it_is_over() -> None:
    assert [state for state in FileState if state.open] == [FileState.OFFERED, FileState.ACCEPTED]
    assert [state for state in FileState if state.holds_content] == [FileState.ACCEPTED, FileState.WHOLE]


def test_keys_and_salts_are_not_shown() -> None:
    assert "ssss" not in repr(FILE) and "kkkk" not in repr(FILE)

"""Cells: any bytes of the right size are one, and only those."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import Epoch, Tag
from p2pchat.wire.cell import Cell, decode_cell, encode_cell, tag_of
from p2pchat.wire.geometry import GEOMETRY

TAG, STAMP, BOX = Tag(b"t" * 16), b"s" * 8, b"b" * 897


@given(st.binary(min_size=925, max_size=925))
def test_any_925_bytes_are_the_encoding_of_the_cell_they_parse_to(data: bytes) -> None:
    assert encode_cell(decode_cell(data)) == data


@given(st.integers(0, 2**32 - 1))
def test_cells_come_back_equal(epoch: int) -> None:
    cell = Cell(TAG, Epoch(epoch), STAMP, BOX)
    assert decode_cell(encode_cell(cell)) == cell


def test_the_bytes_are_as_documented() -> None:
    assert encode_cell(Cell(TAG, Epoch(258), STAMP, BOX)) == TAG + b"\0\0\1\2" + STAMP + BOX


@pytest.mark.parametrize("size", [0, 924, 926, GEOMETRY.body])
def test_another_size_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        decode_cell(bytes(size))


def test_the_tag_is_read_without_the_rest() -> None:
    assert tag_of(encode_cell(Cell(TAG, Epoch(258), STAMP, BOX))) == TAG


@pytest.mark.parametrize(
    "parts",
    [
        (Tag(TAG[1:]), 0, STAMP, BOX),
        (TAG, 0, b"", BOX),
        (TAG, 0, STAMP, BOX + b"b"),
        (TAG, -1, STAMP, BOX),
        (TAG, 2**32, STAMP, BOX),
    ],
)
def test_no_cell_has_other_parts(parts: tuple[Tag, int, bytes, bytes]) -> None:
    tag, epoch, stamp, box = parts
    with pytest.raises(Malformed):
        Cell(tag, Epoch(epoch), stamp, box)

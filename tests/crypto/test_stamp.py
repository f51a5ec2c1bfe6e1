"""A stamp costs its writer much, a checker little, and is worthless on another cell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.crypto.stamp import stamped, worth
from p2pchat.types import Epoch, Tag
from p2pchat.wire.cell import Cell
from p2pchat.wire.geometry import GEOMETRY

CELL = Cell(Tag(bytes(GEOMETRY.cell_tag)), Epoch(7), bytes(GEOMETRY.stamp), bytes(GEOMETRY.box))


@pytest.mark.parametrize("bits", [0, 1, 8, 12])
def test_a_stamp_is_worth_what_was_asked_and_changes_nothing_else(bits: int) -> None:
    paid = stamped(CELL, bits, b"\xff" * 8)
    assert worth(paid) >= bits
    assert replace(paid, stamp=CELL.stamp) == CELL


@pytest.mark.parametrize(
    "other",
    [
        replace(CELL, tag=Tag(b"x" * GEOMETRY.cell_tag)),
        replace(CELL, epoch=Epoch(8)),
        replace(CELL, box=b"x" * GEOMETRY.box),
    ],
)
def test_a_stamp_is_worth_nothing_on_another_cell(other: Cell) -> None:
    stamp = stamped(CELL, 14, bytes(8)).stamp
    assert worth(replace(other, stamp=stamp)) < 14


def test_without_work_a_stamp_is_worth_as_much_as_luck() -> None:
    values = [worth(replace(CELL, stamp=number.to_bytes(8, "big"))) for number in range(256)]
    assert max(values) < 24
    assert sum(values) / len(values) == pytest.approx(1.0, abs=0.4)

"""A cell bears the stamp that its mesh asks for, or goes no further."""

from __future__ import annotations

from collections import Counter

from p2pchat.core.broadcast.stamps import Stamps
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch, Tag
from p2pchat.wire.cell import Cell, decode_cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY

PLAIN = encode_cell(Cell(Tag(bytes(GEOMETRY.cell_tag)), Epoch(7), bytes(GEOMETRY.stamp), bytes(GEOMETRY.box)))


def asking_for(bits: int, counters: Counter[str] | None = None) -> Stamps:
    return Stamps(bits, SeededEntropy("stamps"), Counter() if counters is None else counters)


def test_where_no_stamp_is_asked_for_cells_stay_as_they_are() -> None:
    assert asking_for(0).add_stamp(PLAIN) == PLAIN
    assert asking_for(0).is_worth_it(decode_cell(PLAIN))


def test_a_stamped_cell_is_worth_what_is_asked_and_another_is_counted() -> None:
    counters: Counter[str] = Counter()
    stamps = asking_for(8, counters)
    assert stamps.is_worth_it(decode_cell(stamps.add_stamp(PLAIN)))
    assert not counters
    assert not asking_for(200, counters).is_worth_it(decode_cell(PLAIN))
    assert counters == {"cells refused: no stamp": 1}

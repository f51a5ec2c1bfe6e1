"""Without a stem a cell of ours enters the broadcast here, as far as there is room."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchat.core.stem import direct
from p2pchat.core.stem.direct import Direct
from p2pchat.core.stem.outputs import CellDispatched, CellReturned, Output, Spread
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId
from p2pchat.wire.cell import tag_of
from p2pchat.wire.geometry import GEOMETRY

NOW = 1_000_000.0
ONE, TWO = bytes(GEOMETRY.cell), b"t" * GEOMETRY.cell


def with_space(space: list[int]) -> Direct:
    return Direct(SeededEntropy("direct"), Counter(), lambda: space[0] > 0)


def entered(cell: bytes) -> list[Output]:
    return [Spread(cell, None, None), CellDispatched(tag_of(cell)), CellReturned(tag_of(cell))]


def test_a_cell_enters_at_once() -> None:
    assert list(with_space([1]).submit_cell(ONE, NOW)) == entered(ONE)


def test_cells_wait_for_room_and_each_takes_some() -> None:
    space = [0]
    stem = with_space(space)
    assert list(stem.submit_cell(ONE, NOW)) == [] == list(stem.submit_cell(TWO, NOW))
    space[0] = 1
    first = stem.go_on_sending(NOW)
    assert [next(first), next(first), next(first)] == entered(ONE)
    space[0] = 0
    assert list(first) == []
    space[0] = 1
    assert list(stem.go_on_sending(NOW)) == entered(TWO)


def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "ENTERING_CAP", 1)
    space, counters = [0], Counter[str]()
    stem = Direct(SeededEntropy("direct"), counters, lambda: space[0] > 0)
    assert list(stem.submit_cell(ONE, NOW)) == [] == list(stem.submit_cell(TWO, NOW))
    assert counters["cells shed before the broadcast"] == 1
    space[0] = 1
    assert list(stem.go_on_sending(NOW)) == entered(ONE)


def test_nothing_is_hidden_and_no_stem_begins_anywhere() -> None:
    stem = with_space([1])
    stem.link_up(LinkId(1), bytes(32), NOW)
    assert stem.get_status() is None and not stem.begins_at(LinkId(1))
    assert stem.flush_waiting(NOW) == []

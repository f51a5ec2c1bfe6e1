"""A cell is delivered to the hosts that were there when it began and saw it in time."""

from __future__ import annotations

from typing import cast

import pytest

from p2pchat.sim.host import SimulatedHost
from p2pchat.sim.store import NodeMemory
from p2pchat.sim.tally import IN_TIME_S, Tally, Window
from p2pchat.types import CellId

CELL = CellId(b"cell")


def tally_of(count: int) -> tuple[Tally, list[SimulatedHost]]:
    hosts = [SimulatedHost(index, cast("NodeMemory", None), 0.0) for index in range(count)]
    tally = Tally(hosts, count)
    for host in hosts:
        tally.mark_present(host, 0.0)
    return tally, hosts


def test_sights_are_counted_in_time_late_and_never() -> None:
    tally, (writer, quick, slow, away, never) = tally_of(5)
    window, _ = tally.begin_counting()
    tally.mark_absent(away)
    assert tally.open_cell(CELL, writer, 1.0) and not tally.open_cell(CELL, quick, 1.5)
    tally.record_sight(CELL, quick, 1.25)
    tally.record_sight(CELL, quick, 9.0)
    tally.record_sight(CELL, slow, 2.0 + IN_TIME_S)
    tally.close_cell(CELL)
    assert (window.cells, window.due, window.delivered) == (1, 3, 1)
    assert window.latency_quantile(0.5) == pytest.approx(0.25, abs=0.01)
    tally.mark_present(away, 50.0)
    tally.record_sight(CELL, away, 60.0)
    late = tally.count_late()
    assert (late.overdue, late.overdue_seen, late.waited, late.waited_seen) == (2, 1, 1, 1)
    assert never.index == 4


def test_nothing_is_counted_before_or_after() -> None:
    tally, (host, *_) = tally_of(2)
    assert not tally.open_cell(CELL, host, 0.0)
    tally.begin_counting()
    tally.end_counting()
    assert not tally.open_cell(CELL, host, 0.0)


def test_a_flooder_has_a_window_of_its_own() -> None:
    tally, (flooder, other) = tally_of(2)
    window, apart = tally.begin_counting(flooder)
    tally.open_cell(CellId(b"of flooder"), flooder, 0.0)
    tally.open_cell(CellId(b"of other"), other, 0.0)
    assert (window.cells, apart.cells) == (1, 1)


def test_windows_add_up() -> None:
    one, other = Window(), Window()
    other.due, other.cells = 2, 1
    other.count_latency(0.5)
    one.add_window(other)
    assert (one.cells, one.ratio) == (1, 0.5)
    assert Window().ratio is None and Window().latency_quantile(0.5) is None

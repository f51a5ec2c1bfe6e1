"""What waits to leave: receipts first, cells and ticks in one queue, what is patient beside it."""

from __future__ import annotations

import pytest

from p2pchat.core.stem import waiting
from p2pchat.core.stem.waiting import COVER_CAP, Tick, Waiting
from p2pchat.core.values.user_inputs import Haste


def names(queue: Waiting) -> list[bytes | Tick]:
    return [queue.pop_next() for _ in range(len(queue))]


def test_receipts_go_before_texts_and_each_kind_keeps_its_order() -> None:
    queue = Waiting()
    for cell, haste in ((b"1", Haste.SOON), (b"r1", Haste.FIRST), (b"2", Haste.SOON), (b"r2", Haste.FIRST)):
        queue.put_cell(cell, haste, has_cover=False)
    assert queue.pop_next() == b"r1"
    queue.put_cell(b"r3", Haste.FIRST, has_cover=False)
    assert names(queue) == [b"r2", b"r3", b"1", b"2"]


def test_ticks_stand_among_the_cells() -> None:
    queue = Waiting()
    queue.put_cell(b"1", Haste.SOON, has_cover=True)
    queue.put_tick(Tick(is_loop=True))
    queue.put_cell(b"2", Haste.SOON, has_cover=True)
    assert list(queue) == [b"1", b"2"]
    assert names(queue) == [b"1", Tick(is_loop=True), b"2"]


def test_what_is_patient_waits_for_cover_where_there_is_some() -> None:
    queue = Waiting()
    queue.put_cell(b"1", Haste.PATIENT, has_cover=True)
    queue.put_cell(b"2", Haste.PATIENT, has_cover=False)
    queue.put_cell(b"3", Haste.PATIENT, has_cover=True)
    assert (list(queue), queue.pop_patient()) == ([b"2"], b"1")
    queue.hurry_patient()
    assert (names(queue), queue.pop_patient()) == ([b"2", b"3"], None)


def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAITING_CAP", 2)
    queue = Waiting()
    queue.put_cell(b"1", Haste.SOON, has_cover=True)
    queue.put_cell(b"2", Haste.PATIENT, has_cover=True)
    queue.put_tick(Tick(is_loop=False))
    assert queue.is_full
    assert names(queue) == [b"1"]


def test_cover_that_waits_is_bounded_and_a_cell_takes_its_place() -> None:
    """What leaves after a stall is as much whether we wrote meanwhile or not."""
    queue = Waiting()
    for _ in range(2 * COVER_CAP):
        queue.put_tick(Tick(is_loop=False))
    assert len(queue) == COVER_CAP
    cells = [b"%d" % number for number in range(COVER_CAP + 2)]
    for number, cell in enumerate(cells):
        queue.put_cell(cell, Haste.SOON, has_cover=True)
        assert len(queue) == max(COVER_CAP, number + 1)
    assert names(queue) == cells
    queue.put_tick(Tick(is_loop=True))
    assert names(queue) == [Tick(is_loop=True)]

"""What waits on a link: control first, then the cells of each source in turn."""

from __future__ import annotations

import pytest

from p2pchat.core.link import fair_queue
from p2pchat.core.link.fair_queue import FairQueue
from p2pchat.types import LinkId
from p2pchat.wire.frame import Frame, FrameKind

FLOODER, CALM = LinkId(1), LinkId(2)


def cell(name: str) -> Frame:
    return Frame(FrameKind.CELL, name.encode())


def names(queue: FairQueue) -> list[str]:
    return [queue.pop_cell().body.decode() for _ in range(queue.cells)]


def test_control_leaves_in_order() -> None:
    queue = FairQueue()
    assert not queue.control
    first, second = Frame(FrameKind.CONTROL, b"1"), Frame(FrameKind.CONTROL, b"2")
    queue.put_control(first)
    queue.put_control(second)
    assert [queue.pop_control(), queue.pop_control()] == [first, second]


def test_sources_take_turns_and_each_keeps_its_order() -> None:
    queue = FairQueue()
    for number in range(4):
        queue.put_cell(cell(f"flood {number}"), FLOODER)
    queue.put_cell(cell("calm 0"), CALM)
    queue.put_cell(cell("own 0"), None)
    queue.put_cell(cell("calm 1"), CALM)
    assert names(queue) == ["flood 0", "calm 0", "own 0", "flood 1", "calm 1", "flood 2", "flood 3"]


def test_the_longest_queue_loses_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "CELLS_CAP", 4)
    queue = FairQueue()
    for number in range(9):
        queue.put_cell(cell(f"flood {number}"), FLOODER)
    queue.put_cell(cell("calm 0"), CALM)
    assert names(queue) == ["flood 0", "calm 0", "flood 1", "flood 2"]
    assert queue.shed == 6


def test_a_link_that_carries_nothing_sheds_control_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "CONTROL_CAP", 2)
    queue = FairQueue()
    for number in range(3):
        queue.put_control(Frame(FrameKind.CONTROL, b"%d" % number))
    assert (queue.pop_control().body, queue.pop_control().body, queue.control) == (b"0", b"1", False)
    assert queue.shed == 1

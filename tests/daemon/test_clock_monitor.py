"""A clock that was set is followed, while there are links only if a rendezvous agrees."""

from __future__ import annotations

import asyncio

import pytest

from p2pchat.core.values.status import ClockStatus, HoldStatus, MeshStatus, Status
from p2pchat.daemon import clock_monitor
from p2pchat.daemon.clock import SystemClock
from p2pchat.daemon.clock_monitor import CLOCK_SET_S, ClockMonitor
from p2pchat.errors import ClockSet
from p2pchat.types import MeshId, NodeId

URL = "ws://127.0.0.1:9"
DAY = 86_400.0
MESH = MeshStatus(MeshId(b"m" * 16), NodeId(b"n" * 8), 1, 1, 5, True, HoldStatus(0, 0, 0, None, 0), False)
ALONE = Status((), (), 0)


class Settable(SystemClock):
    """A wall clock that is set by hand."""

    by = 0.0

    def set_by(self) -> float:
        return self.by


@pytest.mark.parametrize(
    ("clock", "believed"),
    [
        (None, False),
        (ClockStatus(0.0, URL), False),
        (ClockStatus(DAY, URL), False),
        (ClockStatus(-DAY, URL), True),
    ],
)
def test_under_a_node_with_links_a_rendezvous_has_to_agree(clock: ClockStatus | None, believed: bool) -> None:
    linked = Status((), (), 0, (MESH,), clock)
    assert ClockMonitor(SystemClock(), lambda: linked, lambda why: None).is_believable(DAY) is believed
    assert ClockMonitor(SystemClock(), lambda: ALONE, lambda why: None).is_believable(DAY)


@pytest.mark.parametrize(("by", "way"), [(DAY, "forward"), (-DAY, "back")])
async def test_it_is_told_once_and_in_words(monkeypatch: pytest.MonkeyPatch, by: float, way: str) -> None:
    monkeypatch.setattr(clock_monitor, "CLOCK_LOOK_S", 0.0)
    clock, told = Settable(), asyncio.Queue[ClockSet]()
    running = asyncio.create_task(ClockMonitor(clock, lambda: ALONE, told.put_nowait).run_until_set())
    clock.by = CLOCK_SET_S - 1.0
    await asyncio.sleep(0)
    assert told.empty()
    clock.by = by
    async with asyncio.timeout(10):
        await running
    assert str(told.get_nowait()) == f"the clock was set {way} by 24 hours"


async def test_a_clock_that_has_stopped_was_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_monitor, "CLOCK_LOOK_S", 0.0)
    clock, told = Settable(), asyncio.Queue[ClockSet]()
    running = asyncio.create_task(ClockMonitor(clock, lambda: ALONE, told.put_nowait).run_until_set())
    for _ in range(100):
        clock.by -= 5.0
        await asyncio.sleep(0)
    assert told.empty()
    async with asyncio.timeout(10):
        await running
    assert told.qsize() == 1, "now it goes again"

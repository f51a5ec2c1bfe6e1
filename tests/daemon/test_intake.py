"""An outbox that is full takes one in as another leaves, unless nothing leaves at all."""

from __future__ import annotations

import asyncio

import pytest

from p2pchat.daemon import intake
from p2pchat.daemon.intake import AHEAD, Intake


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "LOOK_S", 0.005)
    monkeypatch.setattr(intake, "STILL_S", 0.2)


async def test_a_client_too_many_waits_until_another_has_left() -> None:
    waiting = [AHEAD]
    task = asyncio.ensure_future(Intake(lambda: waiting[0]).wait_for_room())
    await asyncio.sleep(0.03)
    assert not task.done()
    waiting[0] -= 1
    async with asyncio.timeout(5):
        await task


async def test_where_nothing_leaves_the_first_waits_briefly_and_the_next_not_at_all() -> None:
    waiting = [AHEAD]
    door = Intake(lambda: waiting[0])
    async with asyncio.timeout(5):
        await door.wait_for_room()
        for _ in range(1000):
            waiting[0] += 1
            await door.wait_for_room()
    waiting[0] = AHEAD - 1
    await door.wait_for_room()
    waiting[0] = AHEAD
    task = asyncio.ensure_future(door.wait_for_room())
    await asyncio.sleep(0.03)
    assert not task.done(), "something left: the next one waits again"
    task.cancel()

"""A node that stays outlives a disk that refuses, and whoever takes its home meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from p2pchat.client import create_home
from p2pchat.core.facts import InviteOpened
from p2pchat.core.records import Change
from p2pchat.daemon import service
from p2pchat.daemon.home import Lock
from p2pchat.daemon.node import RunningNode
from p2pchat.errors import StoreError
from p2pchat.store import KeyFile, Store

pytestmark = pytest.mark.real

URL = "ws://127.0.0.1:9"


def full(store: Store, changes: Sequence[Change]) -> None:
    raise StoreError("the disk is full")


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


class Service:
    """A served home, and what was said of it."""

    def __init__(self, home: Path) -> None:
        create_home(home, "ana", [URL])
        self.home = home
        self.made: list[RunningNode] = []
        self.said: list[str] = []
        self.task = asyncio.create_task(
            service.serve(self._make, lambda: self.said.append("ready"), self.said.append)
        )

    def _make(self) -> RunningNode:
        self.made.append(RunningNode(self.home, KeyFile(), stays=True))
        return self.made[-1]

    async def write(self) -> None:
        """Have the node write something."""
        with pytest.raises(StoreError):
            await self.made[-1].driver.submit_and_persist(InviteOpened(1, False, None, (URL,), 2.0**40))


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr(service, "RETRY_S", 0.02)
    served = Service(tmp_path / "home")
    await until(lambda: served.said)
    return served


async def test_it_waits_for_the_disk_and_for_whoever_took_its_home(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as disk:
        disk.setattr(Store, "commit", full)
        await served.write()
        while (taken := Lock.try_acquire(served.home)) is None:
            await asyncio.sleep(0)
    tried = len(served.made)
    await until(lambda: len(served.made) >= tried + 2 or served.task.done())
    taken.release()
    await until(lambda: len(served.said) == 3 or served.task.done())
    assert served.said == [
        "ready",
        "the disk is full; nothing leaves until it does",
        "the disk takes data again",
    ]
    served.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await served.task


async def test_it_starts_again_only_where_there_is_room(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False, False, False, True])
    monkeypatch.setattr(service, "has_room", lambda home: next(answers))
    with monkeypatch.context() as disk:
        disk.setattr(Store, "commit", full)
        await served.write()
    await until(lambda: len(served.said) == 3)
    assert not list(answers)
    assert len(served.made) == 2
    served.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await served.task

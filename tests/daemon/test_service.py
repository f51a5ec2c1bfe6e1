"""A node that stays survives a disk that refuses, and another program that takes its home meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from p2pchat.client import create_home, open_settings
from p2pchat.control.methods import METHODS, Method
from p2pchat.control.parameters import read
from p2pchat.core.values.changes import Change
from p2pchat.core.values.user_inputs import InviteOpened
from p2pchat.daemon import resting, service
from p2pchat.daemon.clock_monitor import ClockMonitor
from p2pchat.daemon.node import HomeBusy, RunningNode
from p2pchat.daemon.resting import RestingNode
from p2pchat.errors import P2PChatError, StoreError
from p2pchat.rpc import Connection, open_connection
from p2pchat.store import KeyFile, Store

pytestmark = pytest.mark.real

URL = "ws://127.0.0.1:9"
DAY = 86_400.0


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
    monkeypatch.setattr(resting, "LOOK_S", 0.02)
    served = Service(tmp_path / "home")
    await until(lambda: served.said)
    return served


SAID = ["ready", "the disk is full; nothing leaves until it does", "the disk takes data again"]


async def ends(served: Service) -> None:
    served.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await served.task


async def attached(home: Path) -> Connection:
    async with asyncio.timeout(20):
        while (connection := await open_connection(home)) is None:
            await asyncio.sleep(0.01)
    return connection


async def asked(connection: Connection, method: str, **params: Any) -> Any:
    declared: Method[Any, Any] = METHODS[method]
    async with connection.open_call(declared, read(declared.params, params)) as answer:
        return await answer.wait_result()


async def test_it_waits_for_a_program_that_has_the_home_for_its_settings(tmp_path: Path) -> None:
    create_home(tmp_path / "home", "ana", [URL])
    said: list[str] = []
    async with open_settings(tmp_path / "home") as node:
        made: list[RunningNode] = []

        def make() -> RunningNode:
            made.append(RunningNode(tmp_path / "home", KeyFile(), stays=True))
            return made[-1]

        task = asyncio.create_task(service.serve(make, lambda: said.append("ready"), said.append))
        await until(lambda: len(made) > 1)
        await node.change_setting("profile", "fast")
        assert said == []
    await until(lambda: said)
    assert made[-1].profile == "fast"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_waits_for_the_disk_and_for_another_user_of_its_home(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, busy = RestingNode.start, iter([True, True, False])

    async def taken(node: RestingNode) -> None:
        if next(busy):
            raise HomeBusy("another node runs there")
        await start(node)

    monkeypatch.setattr(RestingNode, "start", taken)
    with monkeypatch.context() as disk:
        disk.setattr(Store, "commit_changes", full)
        await served.write()
    await until(lambda: len(served.said) == 3 or served.task.done())
    assert served.said == SAID
    assert not list(busy)
    await ends(served)


async def test_it_starts_again_only_where_there_is_room(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False, False, False, True])
    monkeypatch.setattr(resting, "has_space", lambda home: next(answers))
    with monkeypatch.context() as disk:
        disk.setattr(Store, "commit_changes", full)
        await served.write()
    await until(lambda: len(served.said) == 3)
    assert not list(answers)
    assert len(served.made) == 2
    await ends(served)


async def test_while_it_waits_one_can_read_and_forget_and_see_why(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    space: list[bool] = []
    monkeypatch.setattr(resting, "has_space", lambda home: bool(space))
    with monkeypatch.context() as disk:
        disk.setattr(Store, "commit_changes", full)
        await served.write()
    await until(lambda: len(served.said) == 2)
    connection = await attached(served.home)
    assert (await asked(connection, "node.status")).waits_for == "the disk is full"
    assert (await asked(connection, "whoami")).name == "ana"
    assert await asked(connection, "conversations") == []
    wanted = {
        "send": {"to": "bob", "text": "hi"},
        "invite": {},
        "contacts.block": {"name": "bob"},
        "doctor": {},
    }
    for method, params in wanted.items():
        with pytest.raises(P2PChatError, match="the disk is full"):
            await asked(connection, method, **params)
    space.append(True)
    await until(lambda: len(served.said) == 3)
    await connection.close()
    await ends(served)


async def test_while_it_waits_it_can_be_stopped(served: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting, "has_space", lambda home: False)
    with monkeypatch.context() as disk:
        disk.setattr(Store, "commit_changes", full)
        await served.write()
    await until(lambda: len(served.said) == 2)
    connection = await attached(served.home)
    await asked(connection, "node.stop")
    async with asyncio.timeout(20):
        await served.task
    await connection.close()


async def test_it_begins_anew_by_the_right_time_when_the_clock_is_set(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.daemon.clock_monitor.CLOCK_LOOK_S", 0.01)
    node = served.made[-1]
    node.clock._offset -= DAY  # as if it had started before NTP had set the clock
    monitor = ClockMonitor(node.clock, node.node.get_status, node.driver.end_with)
    node._tasks.append(asyncio.create_task(monitor.run_until_set()))
    await until(lambda: len(served.said) == 3 or served.task.done())
    assert served.said == [
        "ready",
        "the clock was set forward by 24 hours; the node restarts",
        "it runs with the new time",
    ]
    assert len(served.made) == 2
    assert abs(served.made[-1].clock.set_by()) < DAY / 2
    served.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await served.task

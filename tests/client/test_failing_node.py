"""A node that cannot go on, in the process of one of its clients."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from p2pchat import client
from p2pchat.client import connect, create_home
from p2pchat.core.node import NodeMachine
from p2pchat.core.values.changes import Change
from p2pchat.core.values.effects import Effect
from p2pchat.core.values.inputs import Input
from p2pchat.core.values.user_inputs import InviteOpened
from p2pchat.daemon import resting
from p2pchat.errors import ControlError, StoreError
from p2pchat.store import Store

pytestmark = pytest.mark.real

URL = "ws://127.0.0.1:9"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_home(tmp_path / "home", "ana")
    return tmp_path / "home"


async def fails(node: client.Node, error: type[Exception]) -> None:
    """Have the node here write something, and wait until it has hung up."""
    assert node._running is not None
    assert node._connection is not None
    connection = node._connection
    with pytest.raises(error):
        await node._running.driver.submit_and_persist(InviteOpened(1, False, None, (URL,), 2.0**40))
    async with asyncio.timeout(20):
        while not connection.lost:
            await asyncio.sleep(0)


async def test_a_listener_waits_for_space_and_says_so_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(store: Store, changes: Sequence[Change]) -> None:
        raise StoreError("the disk is full")

    looks = iter([False, False, True])
    monkeypatch.setattr(resting, "LOOK_S", 0.01)
    monkeypatch.setattr(resting, "has_space", lambda home: next(looks))
    said: asyncio.Queue[str] = asyncio.Queue()
    async with connect(home) as node, aclosing(node.listen()) as events:
        node.on_change = said.put_nowait
        listening = asyncio.ensure_future(anext(events))
        with monkeypatch.context() as disk:
            disk.setattr(Store, "commit_changes", full)
            await fails(node, StoreError)
        async with asyncio.timeout(20):
            assert [await said.get() for _ in range(2)] == ["the disk is full", "the node is back"]
        assert not list(looks)
        assert (await node.whoami()).name == "ana"
        listening.cancel()
        await asyncio.wait((listening,))


async def test_a_bug_is_not_run_into_again_and_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(node: NodeMachine, input: Input, now: float) -> list[Effect]:
        raise RuntimeError("a bug")

    async with connect(home) as node:
        with monkeypatch.context() as code:
            code.setattr(NodeMachine, "handle", broken)
            await fails(node, RuntimeError)
            with pytest.raises(ControlError, match="the node failed, RuntimeError: a bug"):
                await node.whoami()
        assert (await node.whoami()).name == "ana", "asked again, it is tried again"

"""Beside a node that is at work, one waits and is told so; it is not taken for one that does not answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from p2pchat.client import Node, connect, create_home
from p2pchat.control import methods, parameters
from p2pchat.rpc import Busy

pytestmark = pytest.mark.real

URL = "ws://127.0.0.1:9"
PATIENCE_S = 0.5
WAITS = ["the node is busy with this; waiting for it", "the node has done it"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_home(tmp_path / "home", "ana", rendezvous=[URL])
    return tmp_path / "home"


@contextmanager
def at_work(owner: Node) -> Iterator[threading.Event]:
    """Its store is busy until the event is set."""
    done = threading.Event()
    assert owner._running is not None
    owner._running._worker.submit(done.wait)
    try:
        yield done
    finally:
        done.set()


async def test_a_caller_of_a_busy_node_waits_and_is_told(home: Path) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    async with connect(home) as owner, connect(home, patience=PATIENCE_S) as node:
        node.on_change = said.put_nowait
        with at_work(owner) as done:
            asking = asyncio.ensure_future(node.heard(["0" * 32]))
            async with asyncio.timeout(30):
                assert await said.get() == WAITS[0]
            await asyncio.sleep(2 * PATIENCE_S)
            assert not asking.done()
            done.set()
            async with asyncio.timeout(30):
                await asking
    assert said.get_nowait() == WAITS[1] and said.empty()


async def test_what_was_expected_to_be_long_is_not_told(home: Path) -> None:
    said: list[str] = []
    async with connect(home) as owner, connect(home, patience=PATIENCE_S) as node:
        node.on_change = said.append
        with at_work(owner) as done:
            asking = asyncio.ensure_future(node.conversations())
            await asyncio.sleep(2 * PATIENCE_S)
            assert not asking.done()
            done.set()
            assert await asking == []
    assert said == []


async def test_what_has_a_time_of_its_own_ends_in_it_and_says_why(home: Path) -> None:
    async with connect(home) as owner, connect(home, patience=PATIENCE_S) as node:
        with at_work(owner), pytest.raises(Busy, match=r"the node is busy, .* within 0.7 s; try again"):
            await node._call_within(methods.HEARD, parameters.HeardParams(ids=("0" * 32,)), 0.7, "try again")

"""Beside a node that is there and does not answer, everything ends in its own time, and says so."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from p2pchat.client import Event, Node, connect
from p2pchat.control.methods import METHODS, Method
from p2pchat.control.parameters import Params
from p2pchat.errors import ControlError, NotInTime
from p2pchat.rpc import NotAnswering
from tests.support.command_lines import LINES, NEEDS_NO_HOME
from tests.support.processes import Person, people

pytestmark = pytest.mark.real

NOWHERE = "ws://127.0.0.1:9"

ASKS_NO_NODE = {
    "init --name Ana": "it refuses to make a second identity",
    "node run": "it sees by the lock that a node runs",
    "passphrase": "it is about a file of the home",
    "restore /nowhere/ana.backup": "it refuses to make a second identity",
    "wipe --yes": "it sees by the lock that a node runs",
}
"""Commands that end without a question to the node, and why."""


@pytest.fixture
def ana(tmp_path: Path) -> Iterator[Person]:
    with people(tmp_path, NOWHERE) as town:
        yield town.someone("ana")


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_every_command_ends_and_names_the_process(ana: Person) -> None:
    pid = ana.node().process.pid
    silent = f"the node (pid {pid}) does not answer; "
    with stopped(pid):
        under_way = [(line, ana.start(*line.split())) for line in LINES if line not in NEEDS_NO_HOME]
        for line, started in under_way:
            ended = started.ended()
            assert ended.returncode in ((1, 2) if line in ASKS_NO_NODE else (1,)), (line, ended.stderr)
            assert (silent in ended.stderr) == (line not in ASKS_NO_NODE), (line, ended.stderr)
            assert ended.stderr.count("\n") <= 2, (line, ended.stderr)
    assert ana.run("whoami").returncode == 0


def test_a_question_about_its_profile_has_a_deadline_too(ana: Person) -> None:
    pid = ana.node().process.pid
    with stopped(pid):
        asked = ana.run("send", "--timeout", "3", "bob", "hi", P2PCHAT_PROFILE="strong")
    assert (asked.returncode, "does not answer" in asked.stderr) == (1, True)


GIVEN = {
    "str": "0" * 65_000,
    "str | Path": "/nowhere",
    "Iterable[str]": ("0" * 32,),
    "float | None": 0.1,
    "Role": "member",
}
"""What a call gets where it must be given something, by the type that it declares: together more than the
socket to a node takes that reads nothing."""

WAITS_ON = {
    "gone": "it waits for the end of the node's process",
    "listen": "it goes on when the node does",
    "trace": "it goes on when the node does",
    "wait_for_file": "it goes on when the node does",
}
"""Calls that rightly wait without end, and why; those on a node that goes on tell that it is silent."""

CALLS = {
    name: method
    for name, method in inspect.getmembers(Node, inspect.isfunction)
    if not name.startswith("_") and name not in WAITS_ON
}


def call(node: Node, name: str) -> Awaitable[object]:
    """Call a method with all that it must be given."""
    needed = [
        GIVEN[each.annotation]
        for each in inspect.signature(CALLS[name]).parameters.values()
        if each.name != "self" and each.default is each.empty
    ]
    called = CALLS[name](node, *needed)
    return anext(called) if inspect.isasyncgen(called) else called


async def test_every_call_of_an_attached_client_ends_too(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = ana.node().process.pid
    asked: set[str] = set()
    asking = Node._open_call

    def note(node: Node, method: Method[Any, Any], params: Params) -> Any:
        asked.add(method.name)
        return asking(node, method, params)

    monkeypatch.setattr(Node, "_open_call", note)
    async with connect(ana.home, patience=0.5) as node:
        with stopped(pid):
            under_way = [asyncio.wait_for(call(node, name), 30) for name in CALLS]
            ended = await asyncio.gather(*under_way, return_exceptions=True)
        assert dict(zip(CALLS, map(type, ended), strict=True)) == dict.fromkeys(CALLS, NotAnswering)
        assert METHODS.keys() - asked == {"files.wait", "listen", "node.trace", "wait"}
    async with connect(ana.home) as node:
        assert (await node.whoami()).name == "ana"


async def test_a_message_that_may_have_been_taken_can_be_sent_again(ana: Person) -> None:
    pid = ana.node().process.pid
    async with connect(ana.home, patience=0.5) as node:
        with stopped(pid), pytest.raises(ControlError, match=r"the id [0-9a-f]{32} sends it once"):
            await node.send("bob", "hi", timeout=0.1)


@pytest.mark.parametrize("events", [Node.listen, Node.trace])
async def test_what_is_told_of_events_waits_and_is_told_of_the_node(
    ana: Person, events: Callable[[Node], AsyncGenerator[Event, None]]
) -> None:
    pid = ana.node().process.pid
    said: asyncio.Queue[str] = asyncio.Queue()
    async with connect(ana.home, patience=0.5) as node, aclosing(events(node)) as told:
        node.on_change = said.put_nowait
        listening = asyncio.ensure_future(anext(told))
        async with asyncio.timeout(30):
            with stopped(pid):
                assert await said.get() == f"the node (pid {pid}) does not answer; waiting for it"
            assert await said.get() == "the node answers again"
        assert said.empty()
        listening.cancel()
        await asyncio.wait((listening,))


async def test_a_receipt_is_waited_for_until_its_time_is_up(ana: Person) -> None:
    pid = ana.node().process.pid
    said: asyncio.Queue[str] = asyncio.Queue()
    async with connect(ana.home, patience=0.5) as node:
        node.on_change = said.put_nowait
        async with asyncio.timeout(30):
            with stopped(pid), pytest.raises(NotInTime, match="not delivered within 1 s"):
                await node._wait("0" * 32, "delivered", 1.0, lambda event: None)
    assert said.get_nowait() == f"the node (pid {pid}) does not answer; waiting for it"

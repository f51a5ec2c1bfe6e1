"""Beside a node that is there and does not answer, everything ends in its own time, and says so."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest

from p2pchat.client import Event, Node, connect
from p2pchat.errors import ControlError
from p2pchat.rpc import NotAnswering
from tests.support.processes import Person, people

pytestmark = pytest.mark.real

NOWHERE = "ws://127.0.0.1:9"

COMMANDS = (
    ("send", "--timeout", "3", "bob", "hi"),
    ("send", "--wait", "queued", "bob", "hi"),
    ("listen", "--timeout", "3"),
    ("invite", "--timeout", "3"),
    ("join", "--timeout", "3", "42-tango-marble-orbit"),
    ("chat", "bob", "--plain"),
    ("history", "bob"),
    ("doctor",),
    ("node", "status"),
    ("node", "stop"),
)


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
    with stopped(pid):
        under_way = [(command, ana.start(*command)) for command in COMMANDS]
        for command, started in under_way:
            ended = started.ended()
            assert ended.returncode == 1, command
            assert f"the node (pid {pid}) does not answer; " in ended.stderr, command
            assert ended.stderr.count("\n") <= 2, command
    assert ana.run("whoami").returncode == 0


def test_a_question_about_its_profile_has_a_deadline_too(ana: Person) -> None:
    pid = ana.node().process.pid
    with stopped(pid):
        asked = ana.run("send", "--timeout", "3", "bob", "hi", P2PCHAT_PROFILE="strong")
    assert (asked.returncode, "does not answer" in asked.stderr) == (1, True)


METHODS: tuple[Callable[[Node], Awaitable[object]], ...] = (
    lambda node: node.whoami(),
    lambda node: node.send("bob", "x" * 65_000, timeout=0.1),
    lambda node: node.history("bob"),
    lambda node: node.search("x"),
    lambda node: node.conversations(),
    lambda node: node.contacts(),
    lambda node: node.heard(["0" * 32]),
    lambda node: node.join("42-tango-marble-orbit"),
    lambda node: anext(node.invite()),
    lambda node: node.doctor(),
    lambda node: node.status(),
    lambda node: node.stop(),
)


async def test_every_call_of_an_attached_client_ends_too(ana: Person) -> None:
    pid = ana.node().process.pid
    async with connect(ana.home, patience=0.5) as node:
        with stopped(pid):
            ended = await asyncio.gather(*(method(node) for method in METHODS), return_exceptions=True)
            assert [type(each) for each in ended] == [NotAnswering] * len(METHODS)
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

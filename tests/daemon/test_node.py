"""A node that cannot start, or cannot go on, says why and leaves its home to the next."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from p2pchat.client import create_home
from p2pchat.control.address import SOCKET
from p2pchat.core.node import NodeMachine
from p2pchat.core.values.changes import PutIdentity
from p2pchat.core.values.effects import Effect
from p2pchat.core.values.inputs import Input
from p2pchat.daemon import node
from p2pchat.daemon.doctor import checks
from p2pchat.daemon.home import LOCK, Lock
from p2pchat.daemon.node import RunningNode
from p2pchat.errors import ControlError, StoreError
from p2pchat.net.links import WebRtcLinks
from p2pchat.store import KeyFile, Store
from p2pchat.store.witness import ALL_OLDER
from p2pchat.wording.advice import ADVICE
from tests.support.nodes import friends

pytestmark = pytest.mark.real


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_home(tmp_path / "home", "ana")
    return tmp_path / "home"


def free(home: Path) -> bool:
    lock = Lock.try_acquire(home)
    if lock is not None:
        lock.release()
    return lock is not None


async def test_a_home_that_takes_no_socket_is_a_disk_that_refuses(home: Path) -> None:
    (home / SOCKET).mkdir()
    with pytest.raises(StoreError, match=r"^the control socket cannot be made in .*: "):
        await RunningNode(home, KeyFile()).start()
    assert free(home)


async def test_a_node_of_a_home_that_was_set_back_says_so_and_runs(home: Path) -> None:
    older = (home / "store.db").read_bytes()
    said = []
    for number in range(2):
        running = RunningNode(home, KeyFile())
        await running.start()
        said.append(running.set_back)
        found = await checks(running)
        assert [check.ok for check in found if check.name == "store"] == [False] * number
        assert {check.name for check in found if not check.ok} <= set(ADVICE), "each is told with what to do"
        renamed = PutIdentity(replace(running.node.identity, name="x"))
        await running.ask_store(partial(Store.commit_changes, changes=[renamed]))
        await running.stop()
        (home / "store.db").write_bytes(older)
    assert said == ["", ALL_OLDER]


async def test_a_node_cuts_its_log_now_and_then(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "SETTLE_S", 0.05)
    running = RunningNode(home, KeyFile())
    await running.start()
    await running.ask_store(lambda store: store.commit_changes([PutIdentity(running.node.identity)]))
    log = home / "store.db-wal"
    assert log.stat().st_size > 0
    async with asyncio.timeout(30):
        while log.stat().st_size:
            await asyncio.sleep(0.05)
    await running.stop()


async def test_a_bug_ends_the_node_in_one_line_and_frees_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: NodeMachine, input: Input, now: float) -> list[Effect]:
        raise RuntimeError("a bug\nof two lines")

    running = RunningNode(home, KeyFile())
    monkeypatch.setattr(NodeMachine, "handle", broken)
    await running.start()
    with pytest.raises(RuntimeError):
        await running.wait_ended()
    await running.stop()
    assert isinstance(running.failure, ControlError)
    assert str(running.failure) == "the node failed, RuntimeError: a bug⏎of two lines; please report it"
    assert free(home)
    assert (home / LOCK).exists()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_departed_peer_takes_up_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links may take a second to close, within which a neighbour who lost one looks for another."""
    async with friends(tmp_path, "ana", "bob") as (ana, bob):
        close, answer = WebRtcLinks.aclose, WebRtcLinks.make_answer
        going: list[WebRtcLinks] = []
        answered: list[WebRtcLinks] = []

        async def slowly(engine: WebRtcLinks) -> None:
            going.append(engine)
            await close(engine)
            await asyncio.sleep(2.0)

        def watched(engine: WebRtcLinks, *arguments: Any) -> None:
            answered.extend([engine] * (engine in going))
            answer(engine, *arguments)

        await ana.send("bob", "until then")
        monkeypatch.setattr(WebRtcLinks, "aclose", slowly)
        monkeypatch.setattr(WebRtcLinks, "make_answer", watched)
        await ana.__aexit__(None, None, None)
        assert (len(going), answered) == (1, [])
        assert [each for each in (await bob.status()).links if each.state == "up"] == []

"""What must be remembered is on disk before anything leaves that rests on it, and frames wait for no disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest

from p2pchat.core.values import effects
from p2pchat.core.values.changes import Change, DropOutbox, Settled
from p2pchat.core.values.effects import Effect, FetchCells, Notify, Persist, SendFrame, WhenKept
from p2pchat.core.values.files import FileEffect, ForFiles
from p2pchat.core.values.inputs import (
    CellsFetched,
    FrameReceived,
    FramesDrained,
    Input,
    LinkDown,
    Started,
    TimerFired,
)
from p2pchat.core.values.records import HeldCell
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_inputs import RoomRecordsFetched
from p2pchat.core.values.user_inputs import CellSubmitted
from p2pchat.errors import ControlError, StoreError
from p2pchat.net.driver import BATCH_MAX, FRAMES_WAITING_MAX, Driver
from p2pchat.types import CellKey, ConversationId, Epoch, LinkId, MemberId, MeshId, MessageId, Topic
from p2pchat.wire.description import Description
from p2pchat.wire.ice import Servers
from p2pchat.wire.signalling import FromClient, Leave

EVENT, LATER = effects.LinksChanged(1, "up"), effects.LinksChanged(2, "up")
MESH, LEAVE = MeshId(b"m" * 16), Leave(Topic(bytes(32)))
DESCRIPTION = Description("active", "u", "p", bytes(32), ())


class Scripted:
    """A node that answers each input as told."""

    def __init__(self, answer: Callable[[Input], list[Effect]], wakeup: float | None = None) -> None:
        self.answer = answer
        self.wakeup = wakeup
        self.received: list[Input] = []

    def handle(self, input: Input, now: float) -> list[Effect]:
        self.received.append(input)
        if isinstance(input, TimerFired):
            self.wakeup = None
        return self.answer(input)

    def next_wakeup(self) -> float | None:
        return self.wakeup


class Recorder:
    """Journal, links and connections in one: everything that was done, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.fails = False
        self.threads: set[str] = set()

    def commit_changes(self, changes: Sequence[Change]) -> Sequence[Settled]:
        self.threads.add(threading.current_thread().name)
        if self.fails:
            raise StoreError("the disk is full")
        self.done.append(("commit", list(changes)))
        return ()

    def read_cells(self, mesh: MeshId, numbers: Sequence[int]) -> tuple[HeldCell, ...]:
        self.threads.add(threading.current_thread().name)
        if self.fails:
            raise StoreError("the disk is full")
        return tuple(HeldCell(number, CellKey(b"k" * 8), Epoch(1), 2, b"body") for number in numbers)

    def read_room_records(self, room: ConversationId, names: Sequence[bytes]) -> dict[bytes, bytes | None]:
        return {name: b"record" if name == b"kept" else None for name in names}

    def serve_file(self, effect: FileEffect) -> ForFiles | None:
        return None

    def make_offer(self, link: LinkId, hinted: Servers) -> None:
        self.done.append(("make_offer", link))

    def make_answer(self, link: LinkId, offer: Description, hinted: Servers) -> None:
        self.done.append(("make_answer", link))

    def accept_answer(self, link: LinkId, answer: Description) -> None:
        self.done.append(("accept_answer", link))

    def open_connection(self, url: str, typed: bool, nearby: bool) -> None:
        self.done.append(("connect", url, typed))

    def notified(self, event: effects.Event) -> None:
        self.done.append(("notify", event))


class Links(Recorder):
    def __init__(self, log: Recorder) -> None:
        self.done = log.done

    def send_frame(self, link: LinkId, frame: bytes) -> None:
        self.done.append(("send", frame))

    def close_link(self, link: LinkId) -> None:
        self.done.append(("close", link))


class Connections(Recorder):
    def __init__(self, log: Recorder) -> None:
        self.done = log.done

    def send_message(self, url: str, message: FromClient) -> None:
        self.done.append(("signal", message))

    def close_connection(self, url: str) -> None:
        self.done.append(("hang up", url))


@asynccontextmanager
async def driven(
    node: Scripted, log: Recorder, now: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[Driver]:
    with ThreadPoolExecutor(1, thread_name_prefix="store") as worker:
        driver = Driver(node, log, worker, now, log.notified)
        task = asyncio.create_task(driver.run(Links(log), Connections(log)))
        try:
            yield driver
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def drop(number: int) -> Persist:
    return Persist(DropOutbox(MessageId(str(number))))


class Blocked(Recorder):
    """A disk that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()

    def commit_changes(self, changes: Sequence[Change]) -> Sequence[Settled]:
        self.let.wait(30.0)
        return super().commit_changes(changes)


def relay_or_own(input: Input) -> list[Effect]:
    """A node that hands every frame on. One that begins with ``own`` brings something to be kept, told and
    answered."""
    if isinstance(input, FrameReceived):
        out: list[Effect] = [SendFrame(LinkId(9), input.data)]
        if input.data.startswith(b"own"):
            own = SendFrame(LinkId(9), b"answer to " + input.data)
            out += [drop(len(input.data)), WhenKept(CellSubmitted(MESH, own.data)), Notify(EVENT)]
        return out
    return [SendFrame(LinkId(9), input.cell)] if isinstance(input, CellSubmitted) else []


async def test_the_caller_is_told_why_the_core_refused_its_input() -> None:
    no = Rejected(Reason.OUTBOX_FULL)
    node = Scripted(lambda input: [no] if isinstance(input, Started) else [])
    async with driven(node, Recorder()) as driver:
        assert await driver.submit_and_persist(Started()) == no
        assert await driver.submit_and_persist(TimerFired()) is None


async def test_what_rests_on_the_store_comes_after_the_commit() -> None:
    log = Recorder()
    node = Scripted(
        lambda input: (
            [drop(1), Notify(EVENT), effects.Signal("u", LEAVE), WhenKept(TimerFired()), drop(2)]
            if isinstance(input, Started)
            else [Notify(LATER)]
        )
    )
    async with driven(node, log) as driver:
        await driver.submit_and_persist(Started())
        await driver.submit_and_persist(Started())
    assert log.done[:3] == [
        ("commit", [drop(1).change, drop(2).change]),
        ("notify", EVENT),
        ("signal", LEAVE),
    ]
    assert node.received[:2] == [Started(), Started()] or node.received[:2] == [Started(), TimerFired()]
    assert TimerFired() in node.received
    assert log.threads == {"store_0"}


async def test_frames_leave_in_order_and_at_once_however_slow_the_disk_is() -> None:
    log = Blocked()
    frames = [b"other 1", b"own 1", b"other 2", b"own 22", b"other 3"]
    async with driven(Scripted(relay_or_own), log) as driver, asyncio.timeout(20):
        for frame in frames:
            driver.submit_input(FrameReceived(LinkId(1), frame))
            while ("send", frame) not in log.done:
                await asyncio.sleep(0)
        assert log.done == [("send", frame) for frame in frames], "nothing was told, nothing answered"
        log.let.set()
        while ("send", b"answer to own 22") not in log.done:
            await asyncio.sleep(0)
    kept = [place for place, done in enumerate(log.done) if done[0] == "commit"]
    for own in (b"own 1", b"own 22"):
        answered = log.done.index(("send", b"answer to " + own))
        assert any(drop(len(own)).change in log.done[place][1] for place in kept if place < answered)
    assert [done for done in log.done if done[0] == "notify"] == [("notify", EVENT)] * 2


async def test_a_caller_that_waits_for_the_disk_is_told_when_it_is_done() -> None:
    log = Blocked()
    async with driven(Scripted(lambda input: [drop(1)]), log) as driver, asyncio.timeout(20):
        waiting = asyncio.create_task(driver.submit_and_persist(Started()))
        driver.submit_input(TimerFired())
        for _ in range(100):
            await asyncio.sleep(0)
        assert not waiting.done()
        log.let.set()
        await waiting
    assert log.done[0][0] == "commit"


async def test_a_disk_that_refuses_while_frames_pass_ends_the_driver_and_no_answer_leaves() -> None:
    log = Blocked()
    log.fails = True
    async with driven(Scripted(relay_or_own), log) as driver, asyncio.timeout(20):
        for frame in (b"own 1", b"other 1"):
            driver.submit_input(FrameReceived(LinkId(1), frame))
        while ("send", b"other 1") not in log.done:
            await asyncio.sleep(0)
        log.let.set()
        while driver._ended is None:
            await asyncio.sleep(0)
    assert log.done == [("send", b"own 1"), ("send", b"other 1")]


async def test_a_disk_that_does_not_answer_makes_the_node_stand_still_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("p2pchat.net.driver.UNKEPT_MAX", 20)
    monkeypatch.setattr("p2pchat.net.driver.BATCH_MAX", 5)
    log = Blocked()
    node = Scripted(relay_or_own)
    async with driven(node, log) as driver, asyncio.timeout(20):
        for number in range(100):
            driver.submit_input(FrameReceived(LinkId(1), b"own %d" % number))
        while driver._inputs and not driver._overloaded:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(node.received) < 100
        log.let.set()
        while ("send", b"answer to own 99") not in log.done:
            await asyncio.sleep(0)
    sent = [done[1] for done in log.done if done[0] == "send" and done[1].startswith(b"own")]
    assert sent == [b"own %d" % number for number in range(100)]


async def test_many_inputs_share_one_commit() -> None:
    log = Recorder()
    node = Scripted(lambda input: [drop(input.count)] if isinstance(input, FramesDrained) else [])
    async with driven(node, log) as driver:
        for number in range(2 * BATCH_MAX):
            driver.submit_input(FramesDrained(LinkId(1), number))
        await driver.submit_and_persist(Started())
    commits = [done[1] for done in log.done if done[0] == "commit"]
    assert len(commits) == 2
    assert [change for each in commits for change in each] == [
        drop(number).change for number in range(2 * BATCH_MAX)
    ]


async def test_a_disk_that_refuses_ends_the_driver_and_nothing_that_rests_on_it_leaves() -> None:
    log = Recorder()
    log.fails = True
    node = Scripted(lambda input: [drop(1), Notify(EVENT), effects.Signal("u", LEAVE)])
    async with driven(node, log) as driver:
        with pytest.raises(StoreError):
            await driver.submit_and_persist(Started())
        with pytest.raises(StoreError):
            await driver.submit_and_persist(Started())
    assert log.done == []


async def test_what_is_read_is_read_in_the_store_s_thread_and_comes_as_an_input() -> None:
    log, home, room, who = Recorder(), MeshId(b"m" * 16), ConversationId("#room"), MemberId(b"m" * 32)
    wishes: list[Effect] = [FetchCells(home, (3, 4)), effects.FetchRoomRecords(room, who, (b"kept", b"gone"))]
    node = Scripted(lambda input: [*wishes] if isinstance(input, Started) else [])
    async with driven(node, log) as driver, asyncio.timeout(5):
        await driver.submit_and_persist(Started())
        while len(node.received) < 3:
            await asyncio.sleep(0)
    whole = tuple(HeldCell(number, CellKey(b"k" * 8), Epoch(1), 2, b"body") for number in (3, 4))
    records = RoomRecordsFetched(room, who, {b"kept": b"record", b"gone": None})
    assert node.received == [Started(), CellsFetched(home, (3, 4), whole), records]
    assert log.threads == {"store_0"}


async def test_a_disk_that_cannot_be_read_ends_the_driver() -> None:
    log = Recorder()
    log.fails = True
    node = Scripted(lambda input: [FetchCells(MeshId(b"m" * 16), (3,))] if isinstance(input, Started) else [])
    async with driven(node, log) as driver, asyncio.timeout(5):
        await driver.submit_and_persist(Started())
        while driver._ended is None:
            await asyncio.sleep(0)
        with pytest.raises(StoreError):
            await driver.submit_and_persist(TimerFired())
    assert node.received == [Started()]


async def test_a_link_that_floods_us_is_cut_off_and_the_others_are_heard() -> None:
    log = Recorder()
    node = Scripted(lambda input: [])
    flooding, quiet = LinkId(1), LinkId(2)
    async with driven(node, log) as driver:
        await driver.submit_and_persist(Started())
        for _ in range(FRAMES_WAITING_MAX):
            driver.submit_input(FrameReceived(flooding, b"f"))
        assert log.done == []
        driver.submit_input(FrameReceived(flooding, b"f"))
        assert log.done == [("close", flooding)], "at once, whatever else waits"
        driver.submit_input(FrameReceived(quiet, b"q"))
        await driver.submit_and_persist(TimerFired())
        for _ in range(FRAMES_WAITING_MAX):
            driver.submit_input(FrameReceived(quiet, b"q"))
        await driver.submit_and_persist(TimerFired())
    frames = [input.link for input in node.received if isinstance(input, FrameReceived)]
    assert frames == [flooding] * FRAMES_WAITING_MAX + [quiet] * (FRAMES_WAITING_MAX + 1)
    assert [input.link for input in node.received if isinstance(input, LinkDown)] == [flooding]
    assert log.done == [("close", flooding)], "what has been handled does not count any more"


async def test_what_happens_after_the_end_is_not_kept() -> None:
    log = Recorder()
    log.fails = True
    async with driven(Scripted(lambda input: [drop(1)]), log) as driver:
        with pytest.raises(StoreError):
            await driver.submit_and_persist(Started())
        driver.submit_input(FrameReceived(LinkId(1), b"late"))
        assert not driver._inputs


async def test_stopping_it_fails_the_callers_that_wait() -> None:
    log = Recorder()
    node = Scripted(lambda input: [])
    async with driven(node, log) as driver:
        await driver.submit_and_persist(Started())
    with pytest.raises(ControlError):
        await driver.submit_and_persist(Started())


async def test_the_node_is_woken_when_it_wants_to_be() -> None:
    log = Recorder()
    node = Scripted(lambda input: [Notify(EVENT)] if isinstance(input, TimerFired) else [], wakeup=0.0)
    async with driven(node, log):
        async with asyncio.timeout(5):
            while not log.done:
                await asyncio.sleep(0)
    assert node.received == [TimerFired()]


async def test_what_fell_due_while_the_machine_slept_is_seen_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.net.driver.LOOK_EVERY_SECONDS", 0.001)
    log, node = Recorder(), Scripted(lambda input: [], wakeup=1000.0)
    times = iter([0.0, 0.0, 0.0, 0.0, 999.0])
    async with driven(node, log, lambda: next(times, 1000.0)):
        async with asyncio.timeout(5):
            while not node.received:
                await asyncio.sleep(0)
    assert node.received == [TimerFired()]
    assert not list(times), "not before it was due"


async def test_every_order_reaches_its_handler() -> None:
    log = Recorder()
    one = LinkId(1)
    every: list[Effect] = [
        effects.ConnectRendezvous("u", typed=True),
        effects.CloseRendezvous("u"),
        effects.Signal("u", LEAVE),
        effects.MakeOffer(one),
        effects.MakeAnswer(one, DESCRIPTION),
        effects.AcceptAnswer(one, DESCRIPTION),
        effects.CloseLink(one),
    ]
    async with driven(Scripted(lambda input: every), log) as driver:
        await driver.submit_and_persist(Started())
        await asyncio.sleep(0)
    of_links = ("make_offer", "make_answer", "accept_answer", "close")
    assert [done for done in log.done if done[0] in of_links] == [(name, one) for name in of_links]
    others = [("connect", "u", True), ("hang up", "u"), ("signal", LEAVE)]
    assert [done for done in log.done if done[0] not in of_links] == others

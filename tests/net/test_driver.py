"""The driver keeps its one promise: what must be remembered is on disk before anything leaves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from p2pchat.core import orders
from p2pchat.core.facts import CellsFetched, Fact, FrameReceived, FramesDrained, LinkDown, Started, TimerFired
from p2pchat.core.orders import FetchCells, Notify, Order, Persist, SendFrame
from p2pchat.core.records import Change, DropOutbox, HeldCell, Message
from p2pchat.errors import ControlError, StoreError
from p2pchat.net.driver import BATCH_MAX, FRAMES_WAITING_MAX, Driver
from p2pchat.types import LinkId, MeshId, MessageId, Topic
from p2pchat.wire.description import Description
from p2pchat.wire.signalling import FromClient, Leave

EVENT = orders.LinksChanged(1, "up")
DESCRIPTION = Description("active", "u", "p", bytes(32), ())


class Scripted:
    """A node that answers each fact as told."""

    def __init__(self, answer: Callable[[Fact], list[Order]], wakeup: float | None = None) -> None:
        self.answer = answer
        self.wakeup = wakeup
        self.facts: list[Fact] = []

    def handle(self, fact: Fact, now: float) -> list[Order]:
        self.facts.append(fact)
        if isinstance(fact, TimerFired):
            self.wakeup = None
        return self.answer(fact)

    def next_wakeup(self) -> float | None:
        return self.wakeup


class Recorder:
    """Journal, links and connections in one: everything that was done, in order."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.fails = False
        self.threads: set[str] = set()

    def commit(self, changes: Sequence[Change]) -> Sequence[Message]:
        self.threads.add(threading.current_thread().name)
        if self.fails:
            raise StoreError("the disk is full")
        self.done.append(("commit", list(changes)))
        return ()

    def cells(self, mesh: MeshId, numbers: Sequence[int]) -> tuple[HeldCell, ...]:
        self.threads.add(threading.current_thread().name)
        if self.fails:
            raise StoreError("the disk is full")
        return tuple(HeldCell(number, b"k" * 8, 1, 2, b"body") for number in numbers)

    def make_offer(self, link: LinkId) -> None:
        self.done.append(("make_offer", link))

    def make_answer(self, link: LinkId, offer: Description) -> None:
        self.done.append(("make_answer", link))

    def accept_answer(self, link: LinkId, answer: Description) -> None:
        self.done.append(("accept_answer", link))

    def connect(self, url: str) -> None:
        self.done.append(("connect", url))

    def notified(self, event: orders.Event) -> None:
        self.done.append(("notify", event))


class Links(Recorder):
    def __init__(self, log: Recorder) -> None:
        self.done = log.done

    def send(self, link: LinkId, frame: bytes) -> None:
        self.done.append(("send", frame))

    def close(self, link: LinkId) -> None:
        self.done.append(("close", link))


class Connections(Recorder):
    def __init__(self, log: Recorder) -> None:
        self.done = log.done

    def send(self, url: str, message: FromClient) -> None:
        self.done.append(("signal", message))

    def close(self, url: str) -> None:
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


async def test_a_batch_is_committed_before_any_of_it_leaves() -> None:
    log = Recorder()
    node = Scripted(lambda fact: [SendFrame(LinkId(1), b"a"), drop(1), Notify(EVENT), drop(2)])
    async with driven(node, log) as driver:
        await driver.submit_and_persist(Started())
        await asyncio.sleep(0)
    assert log.done == [
        ("commit", [drop(1).change, drop(2).change]),
        ("send", b"a"),
        ("notify", EVENT),
    ]
    assert log.threads == {"store_0"}


async def test_many_facts_share_one_commit_and_keep_their_order() -> None:
    log = Recorder()
    node = Scripted(
        lambda fact: (
            [drop(fact.count), SendFrame(LinkId(1), b"%d" % fact.count)]
            if isinstance(fact, FramesDrained)
            else []
        )
    )
    async with driven(node, log) as driver:
        for number in range(2 * BATCH_MAX):
            driver.submit(FramesDrained(LinkId(1), number))
        await driver.submit_and_persist(Started())
        await asyncio.sleep(0)
    commits = [
        place for place, done in enumerate(log.done) if isinstance(done, tuple) and done[0] == "commit"
    ]
    assert len(commits) == 2
    sent = [done[1] for done in log.done if isinstance(done, tuple) and done[0] == "send"]
    assert sent == [b"%d" % number for number in range(2 * BATCH_MAX)]
    assert commits[1] == BATCH_MAX + 1, "the second batch is not begun before the first has left"


async def test_a_disk_that_refuses_ends_the_driver_and_nothing_of_the_batch_leaves() -> None:
    log = Recorder()
    log.fails = True
    node = Scripted(lambda fact: [drop(1), SendFrame(LinkId(1), b"a")])
    async with driven(node, log) as driver:
        with pytest.raises(StoreError):
            await driver.submit_and_persist(Started())
        with pytest.raises(StoreError):
            await driver.submit_and_persist(Started())
    assert log.done == []


async def test_cells_are_read_in_the_store_s_thread_and_come_as_a_fact() -> None:
    log, home = Recorder(), MeshId(b"m" * 16)
    node = Scripted(lambda fact: [FetchCells(home, (3, 4))] if isinstance(fact, Started) else [])
    async with driven(node, log) as driver, asyncio.timeout(5):
        await driver.submit_and_persist(Started())
        while len(node.facts) < 2:
            await asyncio.sleep(0)
    whole = tuple(HeldCell(number, b"k" * 8, 1, 2, b"body") for number in (3, 4))
    assert node.facts == [Started(), CellsFetched(home, (3, 4), whole)]
    assert log.threads == {"store_0"}


async def test_a_disk_that_cannot_be_read_ends_the_driver() -> None:
    log = Recorder()
    log.fails = True
    node = Scripted(lambda fact: [FetchCells(MeshId(b"m" * 16), (3,))] if isinstance(fact, Started) else [])
    async with driven(node, log) as driver, asyncio.timeout(5):
        await driver.submit_and_persist(Started())
        while driver._ended is None:
            await asyncio.sleep(0)
        with pytest.raises(StoreError):
            await driver.submit_and_persist(TimerFired())
    assert node.facts == [Started()]


async def test_a_link_that_floods_us_is_cut_off_and_the_others_are_heard() -> None:
    log = Recorder()
    node = Scripted(lambda fact: [])
    flooding, quiet = LinkId(1), LinkId(2)
    async with driven(node, log) as driver:
        await driver.submit_and_persist(Started())
        for _ in range(FRAMES_WAITING_MAX):
            driver.submit(FrameReceived(flooding, b"f"))
        assert log.done == []
        driver.submit(FrameReceived(flooding, b"f"))
        assert log.done == [("close", flooding)], "at once, whatever else waits"
        driver.submit(FrameReceived(quiet, b"q"))
        await driver.submit_and_persist(TimerFired())
        for _ in range(FRAMES_WAITING_MAX):
            driver.submit(FrameReceived(quiet, b"q"))
        await driver.submit_and_persist(TimerFired())
    frames = [fact.link for fact in node.facts if isinstance(fact, FrameReceived)]
    assert frames == [flooding] * FRAMES_WAITING_MAX + [quiet] * (FRAMES_WAITING_MAX + 1)
    assert [fact.link for fact in node.facts if isinstance(fact, LinkDown)] == [flooding]
    assert log.done == [("close", flooding)], "what has been handled does not count any more"


async def test_what_happens_after_the_end_is_not_kept() -> None:
    log = Recorder()
    log.fails = True
    async with driven(Scripted(lambda fact: [drop(1)]), log) as driver:
        with pytest.raises(StoreError):
            await driver.submit_and_persist(Started())
        driver.submit(FrameReceived(LinkId(1), b"late"))
        assert not driver._facts


async def test_stopping_it_fails_who_still_waits() -> None:
    log = Recorder()
    node = Scripted(lambda fact: [])
    async with driven(node, log) as driver:
        await driver.submit_and_persist(Started())
    with pytest.raises(ControlError):
        await driver.submit_and_persist(Started())


async def test_the_node_is_woken_when_it_wants_to_be() -> None:
    log = Recorder()
    node = Scripted(lambda fact: [Notify(EVENT)] if isinstance(fact, TimerFired) else [], wakeup=0.0)
    async with driven(node, log):
        async with asyncio.timeout(5):
            while not log.done:
                await asyncio.sleep(0)
    assert node.facts == [TimerFired()]


async def test_what_fell_due_while_the_machine_slept_is_seen_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.net.driver.LOOK_EVERY_SECONDS", 0.001)
    log, node = Recorder(), Scripted(lambda fact: [], wakeup=1000.0)
    times = iter([0.0, 0.0, 0.0, 0.0, 999.0])
    async with driven(node, log, lambda: next(times, 1000.0)):
        async with asyncio.timeout(5):
            while not node.facts:
                await asyncio.sleep(0)
    assert node.facts == [TimerFired()]
    assert not list(times), "not before it was due"


async def test_every_order_reaches_who_carries_it_out() -> None:
    log = Recorder()
    leave = Leave(Topic(bytes(32)))
    one = LinkId(1)
    every: list[Order] = [
        orders.ConnectRendezvous("u"),
        orders.CloseRendezvous("u"),
        orders.Signal("u", leave),
        orders.MakeOffer(one),
        orders.MakeAnswer(one, DESCRIPTION),
        orders.AcceptAnswer(one, DESCRIPTION),
        orders.CloseLink(one),
    ]
    async with driven(Scripted(lambda fact: every), log) as driver:
        await driver.submit_and_persist(Started())
        await asyncio.sleep(0)
    assert log.done == [
        ("connect", "u"),
        ("hang up", "u"),
        ("signal", leave),
        ("make_offer", one),
        ("make_answer", one),
        ("accept_answer", one),
        ("close", one),
    ]

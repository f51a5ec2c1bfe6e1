"""Two engines on this machine: they connect, agree on what DTLS saw, pass frames in order, end cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TypeVar

import pytest

from p2pchat.core.facts import AnswerMade, Fact, FrameReceived, FramesDrained, LinkDown, LinkUp, OfferMade
from p2pchat.core.link import CREDIT
from p2pchat.net.rtc import Engine, _addresses_even_offline, _ice_server
from p2pchat.types import LinkId
from p2pchat.wire.description import Description
from p2pchat.wire.geometry import GEOMETRY

pytestmark = pytest.mark.real

ONE, TWO = LinkId(1), LinkId(2)


F = TypeVar("F", bound=Fact)


class Side:
    """An engine and what it reports."""

    def __init__(self) -> None:
        self.facts: asyncio.Queue[Fact] = asyncio.Queue()
        self.engine = Engine(self.facts.put_nowait)

    async def next(self, kind: type[F]) -> F:
        """The next fact of a kind; credit on the way is passed over."""
        async with asyncio.timeout(20):
            while not isinstance(fact := await self.facts.get(), kind):
                assert isinstance(fact, FramesDrained | FrameReceived), fact
        return fact


@pytest.fixture
async def sides() -> AsyncIterator[tuple[Side, Side]]:
    sides = Side(), Side()
    yield sides
    for side in sides:
        await side.engine.aclose()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in others if "rtc" in repr(task.get_coro())], "the engine left tasks behind"


async def introduced(a: Side, b: Side) -> tuple[Description, Description]:
    a.engine.make_offer(ONE)
    offer = await a.next(OfferMade)
    b.engine.make_answer(TWO, offer.description)
    answer = await b.next(AnswerMade)
    return offer.description, answer.description


async def linked(a: Side, b: Side) -> tuple[LinkUp, LinkUp]:
    _, answer = await introduced(a, b)
    a.engine.accept_answer(ONE, answer)
    return await a.next(LinkUp), await b.next(LinkUp)


def frame(number: int) -> bytes:
    return number.to_bytes(4, "big") * (GEOMETRY.frame // 4)


async def test_both_ends_report_the_certificates_that_dtls_saw(sides: tuple[Side, Side]) -> None:
    a, b = await linked(*sides)
    assert a.own_fingerprint == b.peer_fingerprint
    assert b.own_fingerprint == a.peer_fingerprint
    assert a.own_fingerprint != b.own_fingerprint
    assert len(a.own_fingerprint) == 32


async def test_an_answer_with_another_certificate_never_comes_up(sides: tuple[Side, Side]) -> None:
    a, b = sides
    _, answer = await introduced(a, b)
    a.engine.accept_answer(ONE, replace(answer, fingerprint=bytes(32)))
    assert isinstance(await a.next(LinkDown), LinkDown)


async def test_frames_arrive_whole_in_order_and_credit_comes_back(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    count, credit, sent, drained = 500, CREDIT, 0, 0
    received: list[bytes] = []
    async with asyncio.timeout(30):
        while len(received) < count or drained < count:
            while sent < count and credit:
                a.engine.send(ONE, frame(sent))
                sent, credit = sent + 1, credit - 1
            while not b.facts.empty():
                fact = b.facts.get_nowait()
                assert isinstance(fact, FrameReceived)
                received.append(fact.data)
            while not a.facts.empty():
                fact = a.facts.get_nowait()
                assert isinstance(fact, FramesDrained)
                credit, drained = credit + fact.count, drained + fact.count
            await asyncio.sleep(0)
    assert received == [frame(number) for number in range(count)]
    assert drained == count
    b.engine.send(TWO, frame(7))
    assert await a.next(FrameReceived) == FrameReceived(ONE, frame(7))


async def test_what_was_sent_before_closing_still_arrives_and_the_other_end_is_told(
    sides: tuple[Side, Side],
) -> None:
    a, b = sides
    await linked(a, b)
    for number in range(20):
        a.engine.send(ONE, frame(number))
    a.engine.close(ONE)
    for number in range(20):
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(number))
    assert isinstance(await b.next(LinkDown), LinkDown)
    a.engine.send(ONE, frame(0))
    a.engine.close(ONE)
    assert not [fact for fact in _drain(a.facts) if isinstance(fact, LinkDown)], (
        "no fact follows our own close"
    )


async def test_text_from_the_peer_ends_the_link(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    channel = a.engine._links[ONE]._channel
    assert channel is not None
    channel.send("text")
    down = await b.next(LinkDown)
    assert "text" in down.reason


async def test_an_attempt_that_is_given_up_leaves_nothing(sides: tuple[Side, Side]) -> None:
    a, _ = sides
    a.engine.make_offer(ONE)
    a.engine.close(ONE)
    a.engine.accept_answer(ONE, Description("active", "u", "p", bytes(32), ()))
    await a.engine.aclose()
    assert _drain(a.facts) == []


async def test_an_answer_to_no_offer_is_the_end(sides: tuple[Side, Side]) -> None:
    a, b = sides
    _, answer = await introduced(a, b)
    b.engine.accept_answer(TWO, answer)
    assert isinstance(await b.next(LinkDown), LinkDown)


def test_a_machine_without_a_network_still_has_its_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.net.rtc._host_addresses", lambda v4, v6: [])
    assert _addresses_even_offline(True, True) == ["127.0.0.1"]
    monkeypatch.setattr("p2pchat.net.rtc._host_addresses", lambda v4, v6: ["192.0.2.1"])
    assert _addresses_even_offline(True, True) == ["192.0.2.1"]


def test_ice_servers_are_named_by_urls() -> None:
    assert _ice_server("stun:stun.example:3478").urls == "stun:stun.example:3478"
    turn = _ice_server("turn:user:pass@turn.example:443?transport=tcp")
    assert (turn.urls, turn.username, turn.credential) == (
        "turn:turn.example:443?transport=tcp",
        "user",
        "pass",
    )


def _drain(facts: asyncio.Queue[Fact]) -> list[Fact]:
    return [facts.get_nowait() for _ in range(facts.qsize())]

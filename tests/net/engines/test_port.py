"""What every engine must do, and every two of them together, whichever offers."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from p2pchat.core.link.link import AT_ENGINE
from p2pchat.core.values.inputs import (
    AnswerMade,
    FrameReceived,
    FramesDrained,
    Input,
    LinkDown,
    LinkShaken,
    LinkUp,
    OfferMade,
)
from p2pchat.net import engines, interfaces
from p2pchat.net.engines.port import MESSAGE_MAX, CandidatePair
from p2pchat.types import LinkId
from p2pchat.wire.description import Candidate, Description
from tests.support.links import ONE, TWO, Side, frame, introduced, linked, waiting

pytestmark = pytest.mark.real

INSTALLED = engines.installed()
PAIRS = list(itertools.product(INSTALLED, INSTALLED))


@pytest.fixture(params=INSTALLED)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
async def nothing_stays_behind() -> AsyncIterator[None]:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    assert not asyncio.all_tasks() - before - {asyncio.current_task()}, "an engine left tasks behind"
    gc.collect()
    assert complaints == [], "an engine left exceptions behind"


@pytest.fixture(params=PAIRS, ids=" offers, ".join)
async def sides(
    request: pytest.FixtureRequest, nothing_stays_behind: None
) -> AsyncIterator[tuple[Side, Side]]:
    sides = Side(engine=request.param[0]), Side(engine=request.param[1])
    yield sides
    for side in sides:
        await side.links.aclose()


async def test_both_ends_report_the_certificates_that_dtls_saw(sides: tuple[Side, Side]) -> None:
    a, b = sides
    offer, answer = await introduced(a, b)
    a.links.accept_answer(ONE, answer)
    here, there = await a.next(LinkUp), await b.next(LinkUp)
    assert (here.own_fingerprint, here.peer_fingerprint) == (offer.fingerprint, answer.fingerprint)
    assert (there.own_fingerprint, there.peer_fingerprint) == (answer.fingerprint, offer.fingerprint)
    assert offer.fingerprint != answer.fingerprint


async def test_every_connection_has_a_certificate_of_its_own(name: str) -> None:
    side = Side(engine=name)
    offers = []
    for link in (ONE, TWO):
        side.links.make_offer(link)
        offers.append((await side.next(OfferMade)).description.fingerprint)
    await side.links.aclose()
    assert offers[0] != offers[1]


@pytest.mark.parametrize("end", ["offerer", "answerer"])
async def test_a_certificate_that_was_not_described_ends_the_link(end: str, sides: tuple[Side, Side]) -> None:
    """One in the middle who cannot alter what is sealed has another certificate than was described."""
    a, b = sides
    a.links.make_offer(ONE)
    offer = (await a.next(OfferMade)).description
    forged = replace(offer, fingerprint=bytes(32))
    b.links.make_answer(TWO, forged if end == "answerer" else offer)
    answer = (await b.next(AnswerMade)).description
    a.links.accept_answer(ONE, replace(answer, fingerprint=bytes(32)) if end == "offerer" else answer)
    deceived = b if end == "answerer" else a
    assert isinstance(await deceived.next(LinkDown), LinkDown)


@pytest.mark.parametrize("middle", PAIRS, ids=" and ".join)
async def test_one_in_the_middle_shows_each_end_a_certificate_the_other_has_not(
    middle: tuple[str, str], sides: tuple[Side, Side]
) -> None:
    """One who could alter what is sealed is given away by what DTLS saw."""
    a, b = sides
    left, right = Side(engine=middle[0]), Side(engine=middle[1])
    (at_a, at_left), (at_right, at_b) = await linked(a, left), await linked(right, b)
    assert (at_a.peer_fingerprint, at_b.peer_fingerprint) == (
        at_left.own_fingerprint,
        at_right.own_fingerprint,
    )
    assert at_a.peer_fingerprint != at_b.own_fingerprint
    assert at_b.peer_fingerprint != at_a.own_fingerprint
    for side in (left, right):
        await side.links.aclose()


@pytest.mark.parametrize("size", [1, 1152, MESSAGE_MAX])
async def test_messages_arrive_whole_and_in_order_both_ways(size: int, sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    messages = [bytes([number]) * size for number in range(40)]
    for message in messages:
        a.links.send_frame(ONE, message)
        b.links.send_frame(TWO, message)
    for message in messages:
        assert (await b.next(FrameReceived)).data == message
        assert (await a.next(FrameReceived)).data == message


async def test_every_frame_that_has_left_gives_its_credit_back(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    count, credit, sent, drained = 500, AT_ENGINE, 0, 0
    received: list[bytes] = []
    async with asyncio.timeout(30):
        while len(received) < count or drained < count:
            while sent < count and credit:
                a.links.send_frame(ONE, frame(sent))
                sent, credit = sent + 1, credit - 1
            received += [input.data for input in waiting(b.received) if isinstance(input, FrameReceived)]
            back = sum(input.count for input in waiting(a.received) if isinstance(input, FramesDrained))
            credit, drained = credit + back, drained + back
            await asyncio.sleep(0)
    assert received == [frame(number) for number in range(count)]
    assert drained == count


async def test_what_was_sent_before_closing_arrives_and_the_other_end_is_told(
    sides: tuple[Side, Side],
) -> None:
    a, b = sides
    for near, far, here, there in ((a, b, ONE, TWO), (b, a, TWO, ONE)):
        await linked(*sides)
        for number in range(20):
            near.links.send_frame(here, frame(number))
        near.links.close_link(here)
        for number in range(20):
            assert await far.next(FrameReceived) == FrameReceived(there, frame(number))
        assert isinstance(await far.next(LinkDown), LinkDown)
        near.links.send_frame(here, frame(0))
        await near.links.aclose()
        assert not _said(near.received), "no input follows our own close"


async def test_an_attempt_that_is_given_up_at_once_leaves_nothing(name: str) -> None:
    side = Side(engine=name)
    side.links.make_offer(ONE)
    side.links.close_link(ONE)
    side.links.accept_answer(ONE, Description("active", "user", "p" * 22, bytes(32), ()))
    await side.links.aclose()
    assert waiting(side.received) == []


async def test_an_attempt_that_is_given_up_in_between_leaves_nothing(sides: tuple[Side, Side]) -> None:
    a, b = sides
    _, answer = await introduced(a, b)
    a.links.accept_answer(ONE, answer)
    a.links.close_link(ONE)
    b.links.close_link(TWO)
    await asyncio.gather(a.links.aclose(), b.links.aclose())
    assert not [*_said(a.received), *_said(b.received)]


async def test_an_answer_to_no_offer_is_the_end(sides: tuple[Side, Side]) -> None:
    a, b = sides
    _, answer = await introduced(a, b)
    b.links.accept_answer(TWO, answer)
    assert isinstance(await b.next(LinkDown), LinkDown)


ODD_ANSWERS: dict[str, Callable[[Description], Description]] = {
    "no candidates": lambda answer: replace(answer, candidates=()),
    "both wait": lambda answer: replace(answer, setup="actpass"),
    "the offerer's role": lambda answer: replace(answer, setup="passive"),
    "short credentials": lambda answer: replace(answer, ufrag="u", pwd="p"),
    "long credentials": lambda answer: replace(answer, ufrag="u" * 64, pwd="p" * 64),
    "nowhere": lambda answer: replace(answer, candidates=(Candidate("host", "udp", "127.0.0.1", 9, 1),)),
    "over tcp": lambda answer: replace(
        answer, candidates=tuple(replace(each, protocol="tcp") for each in answer.candidates)
    ),
    "the same": lambda answer: replace(answer, candidates=answer.candidates[:1] * 24),
    "no unicast": lambda answer: replace(
        answer, candidates=tuple(Candidate("host", "udp", each, 9, 1) for each in ("0.0.0.0", "224.0.0.1"))
    ),
}


@pytest.mark.parametrize("odd", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
async def test_an_odd_description_harms_no_other_link(
    odd: Callable[[Description], Description], name: str
) -> None:
    a, b, c = (Side(engine=name) for _ in range(3))
    offer, answer = await introduced(a, b)
    c.links.make_answer(ONE, odd(offer))
    a.links.accept_answer(ONE, odd(answer))
    await asyncio.sleep(0.2)
    a.links.make_offer(TWO)
    b.links.make_answer(ONE, (await _next_of(a, OfferMade)).description)
    a.links.accept_answer(TWO, (await _next_of(b, AnswerMade)).description)
    while (await _next_of(a, LinkUp)).link != TWO:
        pass  # "the offerer's role" and others may do no harm at all
    await asyncio.gather(*(each.links.aclose() for each in (a, b, c)))


async def test_links_need_no_more_than_one_kind_of_address(sides: tuple[Side, Side]) -> None:
    a, b = sides
    for version in (4, 6):
        a.links.make_offer(ONE)
        offer = _only((await a.next(OfferMade)).description, version)
        if not offer.candidates:
            pytest.skip("no IPv6 here")
        b.links.make_answer(TWO, offer)
        a.links.accept_answer(ONE, _only((await b.next(AnswerMade)).description, version))
        for side, link in ((a, ONE), (b, TWO)):
            await side.next(LinkUp)
            pair = await _pair(side, link)
            assert (pair.base.count(":") > 0) == (version == 6)
            assert pair.base in interfaces.own()
            assert {pair.own, pair.peer} <= {"host", "prflx"}
        a.links.close_link(ONE)
        await b.next(LinkDown)


async def test_a_link_from_an_address_that_is_gone_is_shaken(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    await _pair(a, ONE)
    a.links.on_addresses_changed(interfaces.own())
    assert waiting(a.received) == []
    a.links.on_addresses_changed({"192.0.2.77"})
    assert waiting(a.received) == [LinkShaken(ONE)]


async def test_no_more_own_addresses_are_described_than_others_check(name: str) -> None:
    side = Side(engine=name)
    side.links.make_offer(ONE)
    offer = (await side.next(OfferMade)).description
    hosts = [each for each in offer.candidates if each.kind == "host"]
    await side.links.aclose()
    assert 0 < len(hosts) <= interfaces.HOSTS_MAX
    assert {each.address for each in hosts} <= interfaces.own()
    assert all(each.protocol == "udp" for each in offer.candidates)


def test_links_work_on_uvloop_too() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def exchange(pair: tuple[str, str]) -> None:
        a, b = Side(engine=pair[0]), Side(engine=pair[1])
        await linked(a, b)
        a.links.send_frame(ONE, frame(1))
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(1))
        await a.links.aclose()
        await b.links.aclose()

    for pair in PAIRS:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(exchange(pair))


async def _pair(side: Side, link: LinkId) -> CandidatePair:
    """The way that an open link goes, as soon as the engine tells it."""
    async with asyncio.timeout(20):
        while (pair := side.links._links[link].connection.selected_pair()) is None:
            await asyncio.sleep(0.01)
    return pair


def _only(description: Description, version: int) -> Description:
    fitting = tuple(each for each in description.candidates if (":" in each.address) == (version == 6))
    return replace(description, candidates=fitting)


def _said(received: asyncio.Queue[Input]) -> list[Input]:
    """All but credit and frames."""
    return [input for input in waiting(received) if not isinstance(input, FramesDrained | FrameReceived)]


async def _next_of(side: Side, kind: type[Any]) -> Any:
    """The next input of a kind, whatever else there was."""
    async with asyncio.timeout(20):
        while not isinstance(input := await side.received.get(), kind):
            pass
    return input

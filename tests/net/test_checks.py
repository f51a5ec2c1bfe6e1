"""An offer names whom it likes: few datagrams go there, and honest links come up all the same."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import aioice.ice
import aioice.stun
import pytest

from p2pchat.core.values.inputs import AnswerMade, Input
from p2pchat.net.checks import PEERS_MAX, PORTS_MAX, TO_ALL_MAX, TO_ONE_MAX, Checks, sparing
from p2pchat.net.engines import make_engine
from p2pchat.net.engines.port import Policy
from p2pchat.net.links import WebRtcLinks
from p2pchat.types import LinkId
from p2pchat.wire.description import CANDIDATES_MAX, Candidate, Description
from tests.support.aiortc_links import ice_of
from tests.support.links import ONE, Side, linked

UNANSWERED_S = 20.0
CLAIMED = 60
HASTE = 50.0
"""How much faster than in real life the engine tries again here."""


def offer(*candidates: Candidate) -> Description:
    return Description("actpass", "frag", "p" * 22, bytes(32), candidates)


def at(address: str, port: int, priority: int = 2_000_000_000) -> Candidate:
    return Candidate("host", "udp", address, port, priority)


@asynccontextmanager
async def third_parties(places: Sequence[str]) -> AsyncIterator[tuple[list[Candidate], Counter[Any]]]:
    """Somebody at each address who has never heard of us, and what reaches each port."""
    reached: Counter[Any] = Counter()
    loop = asyncio.get_running_loop()

    def drain(party: socket.socket) -> None:
        party.recv(2000)
        reached[party.getsockname()] += 1

    with ExitStack() as stack:
        parties = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in places]
        for party, address in zip(parties, places, strict=True):
            party.setblocking(False)
            party.bind((address, 0))
            loop.add_reader(party, drain, party)
        try:
            yield [at(*party.getsockname()) for party in parties], reached
        finally:
            for party in parties:
                loop.remove_reader(party)


async def answer_and_wait(offered: Description, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer a hostile offer, until all that follows from it has followed."""
    monkeypatch.setattr(aioice.stun, "RETRY_RTO", aioice.stun.RETRY_RTO / HASTE)
    received: asyncio.Queue[Input] = asyncio.Queue()
    engine = WebRtcLinks(received.put_nowait, make_engine("aiortc", Policy()))
    engine.make_answer(LinkId(1), offered)
    assert isinstance(await received.get(), AnswerMade)
    await asyncio.sleep(UNANSWERED_S / HASTE + CANDIDATES_MAX * 8 * 0.03)
    await engine.aclose()


def test_unassigned_addresses_are_not_checked_in_any_notation() -> None:
    nowhere = ("239.1.2.3", "::ffff:ef01:203", "ff02::1", "0.0.0.0", "::ffff:0:0", "::", "::ffff:ffff:ffff")
    kept = sparing(offer(at("192.0.2.7", 9), *(at(each, 9) for each in nowhere)))
    assert kept.candidates == (at("192.0.2.7", 9),)


@pytest.mark.real
async def test_an_offer_has_few_datagrams_sent_to_one_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    own = [f"127.0.{n}.1" for n in range(1, 9)]
    monkeypatch.setattr("p2pchat.net.engines.aiortc.patches._host_addresses", lambda v4, v6: own)
    async with third_parties(["127.0.0.1"] * CANDIDATES_MAX) as (candidates, reached):
        await answer_and_wait(offer(*candidates), monkeypatch)
    assert 0 < reached.total() <= TO_ONE_MAX
    assert len(reached) <= PORTS_MAX


@pytest.mark.real
async def test_an_offer_has_few_datagrams_sent_altogether(monkeypatch: pytest.MonkeyPatch) -> None:
    own = [f"127.0.{n}.1" for n in range(1, 9)]
    monkeypatch.setattr("p2pchat.net.engines.aiortc.patches._host_addresses", lambda v4, v6: own)
    places = [f"127.1.0.{n + 1}" for n in range(CANDIDATES_MAX)]
    async with third_parties(places) as (candidates, reached):
        await answer_and_wait(offer(*candidates), monkeypatch)
    assert TO_ONE_MAX < reached.total() <= TO_ALL_MAX
    assert max(reached.values()) <= TO_ONE_MAX


@pytest.mark.real
async def test_checks_that_bear_another_s_address_are_answered_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A neighbour can write any address on a datagram; such checks are handed in here as they arrive."""
    one, two = Side(), Side()
    await linked(one, two)
    ice = ice_of(one, ONE)
    pair = next(iter(ice._nominated.values()))
    claimed = aioice.stun.Message(
        message_method=aioice.stun.Method.BINDING, message_class=aioice.stun.Class.REQUEST
    )
    claimed.attributes["PRIORITY"] = 1
    monkeypatch.setattr(aioice.stun, "RETRY_RTO", aioice.stun.RETRY_RTO / HASTE)
    async with third_parties(["127.9.9.9"] * CLAIMED) as (candidates, reached):
        for each in candidates:
            ice.check_incoming(claimed, (each.address, each.port), pair.protocol)
        await asyncio.sleep(UNANSWERED_S * 2 / HASTE)
    assert CLAIMED / 2 < reached.total() <= CLAIMED + TO_ONE_MAX
    assert len(ice._remote_candidates) <= PEERS_MAX
    await one.links.aclose()
    await two.links.aclose()


@pytest.mark.real
async def test_a_link_that_has_been_up_for_long_still_asks_for_consent() -> None:
    one, two = Side(), Side()
    await linked(one, two)
    ice = ice_of(one, ONE)
    pair = next(iter(ice._nominated.values()))
    assert ice.remote_password is not None
    for _ in range(TO_ALL_MAX + 10):
        await pair.protocol.request(
            ice.build_request(pair, nominate=False), pair.remote_addr, ice.remote_password.encode()
        )
    await one.links.aclose()
    await two.links.aclose()


def test_a_peer_with_the_right_key_is_sent_as_much_as_is_wanted() -> None:
    few = Checks()
    sent = sum(few.may_send(("192.0.2.1", port)) for port in range(1, 100))
    assert sent == TO_ONE_MAX
    assert not few.may_send(("::ffff:192.0.2.1", 7)), "the same one"
    few.credit_check("192.0.2.1")
    assert few.may_send(("192.0.2.1", 8)) and not few.may_send(("192.0.2.1", 8))
    few.mark_answered(("192.0.2.1", 9))
    assert all(few.may_send(("192.0.2.1", 9)) for _ in range(1000))
    assert not few.may_send(("192.0.2.1", 10))


def test_the_best_of_each_address_are_tried() -> None:
    many = [at("192.0.2.1", port, priority=port) for port in range(1, 13)]
    nobody = [at(each, 9) for each in ("224.0.0.251", "255.255.255.255", "0.0.0.0", "ff02::fb", "::")]
    kept = sparing(offer(*many, *nobody, at("2001:db8::1", 9))).candidates
    assert [(each.address, each.port) for each in kept] == [
        ("2001:db8::1", 9),
        *(("192.0.2.1", port) for port in range(12, 8, -1)),
    ]

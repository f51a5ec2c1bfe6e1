"""Relay only: what leaves names the TURN server's address, and nothing goes to anybody else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from p2pchat.core.values.inputs import FrameReceived, LinkDown, LinkUp, OfferMade
from p2pchat.net.tls import tls_context
from p2pchat.types import LinkId
from p2pchat.wire.description import Description
from tests.support.aiortc_links import ice_of
from tests.support.certificates import certificate
from tests.support.links import ONE, TWO, Side, frame, introduced
from tests.support.socks import socks_proxy
from tests.support.turn import Address, TurnServer, turn_server

pytestmark = pytest.mark.real


@pytest.fixture
async def server() -> AsyncIterator[TurnServer]:
    async with turn_server() as server:
        yield server


def shown(description: Description) -> list[tuple[str, Address]]:
    return [(each.kind, (each.address, each.port)) for each in description.candidates]


def reached(side: Side, link: LinkId) -> set[Address]:
    """Every address that this end of a link has checked, or was asked from."""
    return {pair.remote_addr for pair in ice_of(side, link)._check_list}


async def up(a: Side, b: Side) -> tuple[Description, Description]:
    offer, answer = await introduced(a, b)
    a.links.accept_answer(ONE, answer)
    await a.next(LinkUp)
    await b.next(LinkUp)
    return offer, answer


async def exchange(a: Side, b: Side, count: int = 50) -> None:
    for number in range(count):
        a.links.send_frame(ONE, frame(number))
        b.links.send_frame(TWO, frame(number))
    for number in range(count):
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(number))
        assert await a.next(FrameReceived) == FrameReceived(ONE, frame(number))


async def test_offer_and_answer_hold_the_relays_address_and_no_other(server: TurnServer) -> None:
    a, b = (Side((server.url,), relay_only=True) for _ in range(2))
    offer, answer = await up(a, b)
    relays = server.every_relay
    assert (shown(offer), shown(answer)) == ([("relay", relays[0])], [("relay", relays[1])])
    await exchange(a, b)
    assert reached(a, ONE) == {relays[1]}
    assert reached(b, TWO) == {relays[0]}
    assert server.strangers == set(), "everything that reached a relay came from the other"
    assert server.passed > 200
    await a.links.aclose()
    await b.links.aclose()
    assert server.relays == {}, "what was allocated was given back"


@pytest.mark.parametrize("hidden_offers", [True, False])
async def test_a_peer_that_does_not_hide_sees_only_the_relays_address(
    hidden_offers: bool, server: TurnServer
) -> None:
    hidden, plain = Side((server.url,), relay_only=True), Side()
    a, b = (hidden, plain) if hidden_offers else (plain, hidden)
    await up(a, b)
    await exchange(a, b)
    assert reached(plain, TWO if hidden_offers else ONE) == set(server.every_relay)
    assert len(server.every_relay) == 1
    await a.links.aclose()
    await b.links.aclose()


async def test_the_same_server_without_relay_only_would_show_our_own_address(server: TurnServer) -> None:
    """So that the tests above can fail."""
    side = Side((server.url,))
    side.links.make_offer(ONE)
    offer = await side.next(OfferMade)
    assert {kind for kind, _ in shown(offer.description)} == {"host", "relay"}
    await side.links.aclose()


async def test_no_socket_is_open_to_anybody_but_the_turn_server(server: TurnServer) -> None:
    side = Side((server.url,), relay_only=True)
    side.links.make_offer(ONE)
    await side.next(OfferMade)
    ice = ice_of(side, ONE)
    assert [protocol.local_candidate.type for protocol in ice._protocols] == ["relay"]
    await side.links.aclose()


async def test_a_relay_that_turns_us_away_ends_the_link_in_words(server: TurnServer) -> None:
    side = Side((server.url.replace("secret", "guessed"),), relay_only=True)
    side.links.make_offer(ONE)
    async with asyncio.timeout(10):
        down = await side.received.get()
    refused = "the TURN server refused its user or password; check 'p2pchat config get ice'"
    assert down == LinkDown(ONE, refused)
    await side.links.aclose()


def by_name(server: TurnServer) -> str:
    """The same server over TCP, at a name that only the proxy knows."""
    return server.url.replace("127.0.0.1", "turn.example") + "?transport=tcp"


async def test_over_tcp_the_relay_itself_is_reached_through_the_proxy(server: TurnServer) -> None:
    async with socks_proxy({"turn.example": server.port}) as proxy:
        a, b = (Side((by_name(server),), relay_only=True, proxy=proxy.url) for _ in range(2))
        offer, answer = await up(a, b)
        assert {kind for kind, _ in (*shown(offer), *shown(answer))} == {"relay"}
        await exchange(a, b)
        assert proxy.names() == ["turn.example"] * 2
        assert len(server.streams) == 2
        assert server.strangers == set()
        await a.links.aclose()
        await b.links.aclose()


@pytest.fixture
def fresh_authorities() -> Iterator[None]:
    """The authorities are loaded for this test alone: a process loads them once."""
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()


@pytest.mark.usefixtures("fresh_authorities")
async def test_over_tls_it_is_the_relay_that_shows_its_certificate_to_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path, "turn.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    async with (
        turn_server(tls=context) as server,
        socks_proxy({"turn.example": server.port, "other.example": server.port}) as proxy,
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        for name, works in (("turn.example", True), ("other.example", False)):
            url = by_name(server).replace("turn:", "turns:", 1).replace("turn.example", name)
            side = Side((url,), relay_only=True, proxy=proxy.url)
            side.links.make_offer(ONE)
            async with asyncio.timeout(15):
                input = await side.received.get()
            assert isinstance(input, OfferMade) is works, input
            await side.links.aclose()
        assert proxy.names() == ["turn.example", "other.example"]


async def test_without_its_proxy_no_relay_is_reached(server: TurnServer) -> None:
    url = f"{server.url}?transport=tcp"
    side = Side((url,), relay_only=True, proxy="socks5h://127.0.0.1:9")
    side.links.make_offer(ONE)
    async with asyncio.timeout(15):
        down = await side.received.get()
    assert down == LinkDown(ONE, "the TURN server gave no address; check 'p2pchat config get ice'")
    assert (server.streams, server.every_relay) == ({}, [])
    await side.links.aclose()

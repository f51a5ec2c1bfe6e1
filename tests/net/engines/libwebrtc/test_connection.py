"""One channel, ordered and reliable, is all that a peer may have; servers are asked as the port says."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("wrtc", reason="libwebrtc is not installed")

import webrtc

from p2pchat.core.values.inputs import AnswerMade, LinkDown, OfferMade
from p2pchat.net.engines.libwebrtc.connection import LibwebrtcConnection, first_hosts
from p2pchat.types import LinkId
from p2pchat.wire.description import Candidate
from p2pchat.wire.sdp import from_sdp, to_sdp
from tests.support.links import ONE, TWO, Side, introduced, linked
from tests.support.turn import PASSWORD, USER, turn_server

pytestmark = pytest.mark.real


@pytest.fixture
async def sides() -> AsyncIterator[tuple[Side, Side]]:
    sides = Side(engine="libwebrtc"), Side(engine="libwebrtc")
    yield sides
    for side in sides:
        await side.links.aclose()


def connection_of(side: Side, link: LinkId) -> LibwebrtcConnection:
    connection = side.links._links[link].connection
    assert isinstance(connection, LibwebrtcConnection)
    return connection


async def test_text_from_the_peer_ends_the_link(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    channel = connection_of(a, ONE)._channel
    assert channel is not None
    channel.send("text")
    assert "text" in (await b.next(LinkDown)).reason


async def test_a_second_channel_ends_the_link(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    connection = connection_of(b, TWO)._connection
    assert connection is not None
    connection.create_data_channel("another")
    assert "second channel" in (await a.next(LinkDown)).reason


@pytest.mark.parametrize("unlike", [{"ordered": False}, {"max_retransmits": 0}, {"max_packet_life_time": 1}])
async def test_a_channel_that_may_lose_or_reorder_never_comes_up(
    sides: tuple[Side, Side], unlike: dict[str, Any]
) -> None:
    _, b = sides
    other = webrtc.RTCPeerConnection()
    gathered = asyncio.Event()
    other.on("icecandidate", lambda event: gathered.set() if event.candidate is None else None)
    other.create_data_channel("p2pchat", webrtc.RTCDataChannelInit(**unlike))
    await other.set_local_description(await other.create_offer())
    await gathered.wait()
    assert other.local_description is not None
    lines = other.local_description.sdp.splitlines()
    over_udp = "\r\n".join(line for line in lines if " tcp " not in line)
    b.links.make_answer(TWO, from_sdp(over_udp))
    answer = (await b.next(AnswerMade)).description
    await other.set_remote_description(webrtc.RTCSessionDescription(webrtc.RTCSdpType.answer, to_sdp(answer)))
    assert "not ordered and reliable" in (await b.next(LinkDown)).reason
    other.close()


async def test_a_turn_server_lends_an_address_and_says_when_it_refuses() -> None:
    async with turn_server() as server:
        wrong = server.url.replace(PASSWORD, "mistyped")
        for url, kinds, refused in (
            (server.url, {"host", "relay"}, ()),
            (wrong, {"host"}, (f"127.0.0.1:{server.port}",)),
        ):
            side = Side((url,), engine="libwebrtc")
            side.links.make_offer(ONE)
            offer = (await side.next(OfferMade)).description
            assert {each.kind for each in offer.candidates} == kinds
            assert side.links.refused == refused and side.links.silent == ()
            await side.links.aclose()


async def test_a_turn_server_that_does_not_answer_is_known_as_silent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{mute.getsockname()[1]}"
        side = Side((f"turn:{USER}:{PASSWORD}@{where}",), engine="libwebrtc")
        side.links.make_offer(ONE)
        await side.next(OfferMade)
        assert side.links.silent == (where,) and side.links.refused == ()
        await side.links.aclose()


async def test_the_address_of_a_relay_alone_is_described_where_policy_says_so() -> None:
    """The setting is refused all the same: its sockets answer checks at our own address."""
    async with turn_server() as server:
        a, b = (Side((server.url,), engine="libwebrtc", relay_only=True) for _ in range(2))
        offer, answer = await introduced(a, b)
        assert {each.kind for each in (*offer.candidates, *answer.candidates)} == {"relay"}
        await asyncio.gather(a.links.aclose(), b.links.aclose())


def test_from_many_networks_the_first_address_of_each_ip_version_is_tried_and_what_servers_saw() -> None:
    hosts = [
        Candidate("host", "udp", at, 9, 1) for at in ("10.0.0.2", "172.17.0.1", "2001:db8::2", "172.18.0.1")
    ]
    seen = [Candidate("srflx", "udp", "203.0.113.5", 9, 1), Candidate("relay", "udp", "198.51.100.7", 9, 1)]
    assert list(first_hosts([*hosts, *seen])) == [hosts[0], hosts[2], *seen]

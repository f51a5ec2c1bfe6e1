"""Two engines on this machine: they connect, agree on what DTLS saw, pass frames in order, end cleanly."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, TypeVar

import aioice
import pytest
from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSctpTransport,
    RTCSessionDescription,
    rtcsctptransport,
)

from p2pchat.core.facts import AnswerMade, Fact, FrameReceived, FramesDrained, LinkDown, LinkUp, OfferMade
from p2pchat.core.link import CREDIT
from p2pchat.net.rtc.engine import Engine
from p2pchat.net.rtc.mending import (
    CHUNKS_HELD_MAX,
    DATAGRAMS_MAX,
    SCTP_RTO_MIN,
    _addresses_even_offline,
)
from p2pchat.types import LinkId
from p2pchat.wire.description import Description
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.ice import parse_servers
from p2pchat.wire.sdp import from_sdp, to_sdp

pytestmark = pytest.mark.real

ONE, TWO = LinkId(1), LinkId(2)


F = TypeVar("F", bound=Fact)


class Side:
    """An engine and what it reports."""

    def __init__(
        self, ice_servers: tuple[str, ...] = (), *, relay_only: bool = False, proxy: str | None = None
    ) -> None:
        self.facts: asyncio.Queue[Fact] = asyncio.Queue()
        self.engine = Engine(
            self.facts.put_nowait, parse_servers(ice_servers), relay_only=relay_only, proxy=proxy
        )

    async def next(self, kind: type[F]) -> F:
        """The next fact of a kind; credit on the way is passed over."""
        async with asyncio.timeout(20):
            while not isinstance(fact := await self.facts.get(), kind):
                assert isinstance(fact, FramesDrained | FrameReceived), fact
        return fact


@pytest.fixture
async def sides() -> AsyncIterator[tuple[Side, Side]]:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    sides = Side(), Side()
    yield sides
    for side in sides:
        await side.engine.aclose()
    await asyncio.sleep(0)
    assert not asyncio.all_tasks() - before - {asyncio.current_task()}, "the engine left tasks behind"
    gc.collect()
    assert complaints == [], "the engine left exceptions behind"


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


def channel_of(side: Side, link: LinkId) -> RTCDataChannel:
    channel = side.engine._links[link]._channel
    assert channel is not None
    return channel


def sctp_of(side: Side, link: LinkId) -> RTCSctpTransport:
    return channel_of(side, link).transport


def ice_of(side: Side, link: LinkId) -> aioice.Connection:
    return sctp_of(side, link).transport.transport._connection


async def test_both_ends_report_the_certificates_that_dtls_saw(sides: tuple[Side, Side]) -> None:
    a, b = await linked(*sides)
    assert a.own_fingerprint == b.peer_fingerprint
    assert b.own_fingerprint == a.peer_fingerprint
    assert a.own_fingerprint != b.own_fingerprint
    assert len(a.own_fingerprint) == 32


def test_links_work_on_uvloop_too() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def exchange() -> None:
        a, b = Side(), Side()
        await linked(a, b)
        a.engine.send(ONE, frame(1))
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(1))
        await a.engine.aclose()
        await b.engine.aclose()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(exchange())


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
    channel_of(a, ONE).send("text")
    down = await b.next(LinkDown)
    assert "text" in down.reason


async def test_a_reader_that_has_stopped_gives_no_credit_until_it_goes_on(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    loop: Any = asyncio.get_running_loop()
    stopped: list[Any] = [protocol.transport for protocol in ice_of(b, TWO)._protocols]
    for transport in stopped:
        loop._remove_reader(transport.get_extra_info("socket").fileno())
    window = sctp_of(a, ONE)._cwnd // GEOMETRY.frame + 1
    credit, sent = CREDIT, 0
    async with asyncio.timeout(20):
        while credit:
            a.engine.send(ONE, frame(sent))
            sent, credit = sent + 1, credit - 1
            await asyncio.sleep(0)
            credit += sum(fact.count for fact in _drain(a.facts) if isinstance(fact, FramesDrained))
            assert sent <= CREDIT + window + 1, "more than the credit and one SCTP window"
    for transport in stopped:
        loop._add_reader(transport.get_extra_info("socket").fileno(), transport._read_ready)
    for number in range(sent):
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(number))


async def test_what_gets_lost_before_closing_is_sent_again(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    sctp, sent = sctp_of(a, ONE), 0
    send = sctp.transport._send_data

    async def lossy(data: bytes) -> None:
        nonlocal sent
        sent += 1
        if sent % 3:
            await send(data)

    sctp.transport._send_data = lossy  # type: ignore[method-assign]
    for number in range(10):
        a.engine.send(ONE, frame(number))
    a.engine.close(ONE)
    for number in range(10):
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(number))


async def test_nothing_a_stranger_sends_harms_a_link(sides: tuple[Side, Side]) -> None:
    a, b = sides
    _, answer = await introduced(a, b)
    a.engine.accept_answer(ONE, answer)
    await a.next(LinkUp)
    await b.next(LinkUp)
    header = struct.pack("!HHI12s", 1, 4, 0x2112A442, bytes(12))
    short_priority = header + struct.pack("!HH", 0x24, 0)
    for candidate in answer.candidates:
        family = socket.AF_INET6 if ":" in candidate.address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as stranger:
            for data in (b"", short_priority, header, *(bytes([first]) * 30 for first in range(256))):
                stranger.sendto(data, (candidate.address, candidate.port))
                await asyncio.sleep(0)
    for number in range(3):
        a.engine.send(ONE, frame(number))
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(number))


async def test_a_flood_of_datagrams_is_held_to_a_bound(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    ice = ice_of(b, TWO)
    for _ in range(3 * DATAGRAMS_MAX):
        ice._protocols[0].datagram_received(b"\x17" * 30, ("192.0.2.9", 9))
    assert ice._queue.qsize() == DATAGRAMS_MAX
    a.engine.send(ONE, frame(1))
    assert await b.next(FrameReceived) == FrameReceived(TWO, frame(1))


async def test_a_second_channel_ends_the_link(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    b.engine._links[TWO]._connection.createDataChannel("another")
    assert "second channel" in (await a.next(LinkDown)).reason


@pytest.mark.parametrize("unlike", [{"ordered": False}, {"maxRetransmits": 0}, {"maxPacketLifeTime": 1}])
async def test_a_channel_that_may_lose_or_reorder_never_comes_up(
    sides: tuple[Side, Side], unlike: dict[str, Any]
) -> None:
    _, b = sides
    other = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    other.createDataChannel("p2pchat", **unlike)
    await other.setLocalDescription(await other.createOffer())
    b.engine.make_answer(TWO, from_sdp(other.localDescription.sdp))
    answer = (await b.next(AnswerMade)).description
    await other.setRemoteDescription(RTCSessionDescription(to_sdp(answer), "answer"))
    assert "not ordered and reliable" in (await b.next(LinkDown)).reason
    await other.close()


@pytest.mark.parametrize("size", [1, 1000])
async def test_a_message_without_end_ends_the_link(sides: tuple[Side, Side], size: int) -> None:
    a, b = sides
    await linked(a, b)
    here, there = sctp_of(a, ONE), sctp_of(b, TWO)
    for number in range(CHUNKS_HELD_MAX):
        await there._receive_chunk(_fragment(here, number, size))
    await here._send_chunk(_fragment(here, CHUNKS_HELD_MAX, size))
    assert isinstance(await b.next(LinkDown), LinkDown)
    assert sum(len(stream.reassembly) for stream in there._inbound_streams.values()) == CHUNKS_HELD_MAX + 1


async def test_sctp_that_makes_no_sense_ends_the_link_and_fills_no_log(
    sides: tuple[Side, Side], caplog: pytest.LogCaptureFixture
) -> None:
    a, b = sides
    await linked(a, b)
    chunk = rtcsctptransport.ReconfigChunk()
    chunk.params = [(13, b"short")]
    await sctp_of(a, ONE)._send_chunk(chunk)
    assert isinstance(await b.next(LinkDown), LinkDown)
    await b.engine.aclose()
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_sending_into_a_lost_connection_is_no_more_than_the_end_of_the_link(
    sides: tuple[Side, Side],
) -> None:
    a, b = sides
    await linked(a, b)
    await ice_of(a, ONE).close()
    for number in range(20):
        a.engine.send(ONE, frame(number))
    assert isinstance(await a.next(LinkDown), LinkDown)


async def test_consent_is_not_asked_for_on_a_connection_that_was_closed_meanwhile() -> None:
    connection = aioice.Connection(ice_controlling=True)
    await connection.close()
    async with asyncio.timeout(2):
        await connection.query_consent()


async def test_a_lost_packet_is_missed_after_a_fifth_of_a_second(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    for _ in range(50):
        sctp_of(a, ONE)._update_rto(0.001)
    assert sctp_of(a, ONE)._rto == SCTP_RTO_MIN == 0.2


async def test_silent_servers_hold_nobody_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        side = Side((f"stun:{where}", f"turn:user:password@{where}"))
        side.engine.make_offer(ONE)
        async with asyncio.timeout(4.5):  # aioice by itself takes 5 s
            assert isinstance(await side.facts.get(), OfferMade)
        await side.engine.aclose()


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
    monkeypatch.setattr("p2pchat.net.rtc.mending._host_addresses", lambda v4, v6: [])
    assert _addresses_even_offline(True, True) == ["127.0.0.1"]
    monkeypatch.setattr("p2pchat.net.rtc.mending._host_addresses", lambda v4, v6: ["192.0.2.1"])
    assert _addresses_even_offline(True, True) == ["192.0.2.1"]


def _fragment(sctp: RTCSctpTransport, number: int, size: int) -> rtcsctptransport.DataChunk:
    """One of a message that never ends."""
    (stream,) = sctp._data_channels
    chunk = rtcsctptransport.DataChunk(flags=0 if number else rtcsctptransport.SCTP_DATA_FIRST_FRAG)
    chunk.tsn = (sctp._local_tsn + number) % 2**32
    chunk.stream_id, chunk.stream_seq, chunk.protocol = stream, sctp._outbound_stream_seq[stream], 53
    chunk.user_data = bytes(size)
    return chunk


def _drain(facts: asyncio.Queue[Fact]) -> list[Fact]:
    return [facts.get_nowait() for _ in range(facts.qsize())]

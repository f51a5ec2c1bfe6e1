"""What had to be mended in aiortc stays mended, and nothing that a peer sends it harms more than its link."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct

import aioice
import pytest
from aiortc import RTCSctpTransport, rtcsctptransport

from p2pchat.core.values.inputs import FrameReceived, LinkDown, LinkUp, OfferMade
from p2pchat.net.engines.aiortc import patches
from p2pchat.net.engines.aiortc.patches import (
    CHUNKS_HELD_MAX,
    DATAGRAMS_MAX,
    LEASE_MIN,
    SCTP_RTO_MIN,
    _addresses_even_offline,
    _pair_with_few,
)
from tests.support.aiortc_links import ice_of, sctp_of
from tests.support.links import ONE, TWO, Side, frame, introduced, linked

pytestmark = pytest.mark.real


async def test_an_address_is_checked_from_few_of_ours_that_by_which_it_is_reached_among_them() -> None:
    connection = aioice.Connection(ice_controlling=True)
    for host in (*(f"172.20.{number}.1" for number in range(7)), "127.0.0.1"):
        base = aioice.ice.StunProtocol(connection)
        base.local_candidate = aioice.Candidate("1", 1, "udp", 1, host, 1234, "host")
        connection._protocols.append(base)
    there = aioice.Candidate("2", 1, "udp", 1, "127.0.0.1", 4321, "host")
    _pair_with_few(connection, there)
    _pair_with_few(connection, there)
    found = [pair.local_candidate.host for pair in connection._check_list]
    assert sorted(found) == ["127.0.0.1", "172.20.0.1", "172.20.1.1"]


async def test_a_turn_server_that_lends_for_no_time_is_not_asked_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lend_nothing(*_: object) -> tuple[aioice.stun.Message, tuple[str, int]]:
        answer = aioice.stun.Message(aioice.stun.Method.REFRESH, aioice.stun.Class.RESPONSE)
        answer.attributes["LIFETIME"] = 0
        return answer, ("127.0.0.1", 3478)

    monkeypatch.setattr(patches, "_turn_request", lend_nothing)
    client = aioice.turn.TurnClientUdpProtocol(("127.0.0.1", 3478), "u", "p", 600, 500)
    asked = aioice.stun.Message(aioice.stun.Method.REFRESH, aioice.stun.Class.REQUEST)
    answer, _ = await client.request_with_retry(asked)
    assert answer.attributes["LIFETIME"] == LEASE_MIN


async def test_nothing_a_stranger_sends_harms_a_link(sides: tuple[Side, Side]) -> None:
    a, b = sides
    _, answer = await introduced(a, b)
    a.links.accept_answer(ONE, answer)
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
        a.links.send_frame(ONE, frame(number))
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(number))


async def test_a_stranger_that_asks_hears_nothing(sides: tuple[Side, Side]) -> None:
    a, b = sides
    offer, answer = await introduced(a, b)
    loop = asyncio.get_running_loop()
    asked = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST)
    wrong = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST)
    wrong.attributes["USERNAME"] = f"{answer.ufrag}:{offer.ufrag}"
    wrong.add_message_integrity(b"no password of theirs")
    candidate = next(each for each in answer.candidates if ":" not in each.address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        for request in (asked, wrong):
            stranger.sendto(bytes(request), (candidate.address, candidate.port))
        a.links.accept_answer(ONE, answer)
        await a.next(LinkUp)
        await b.next(LinkUp)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(loop.sock_recv(stranger, 1500), 0.2)


async def test_what_only_begins_like_stun_does_not_wait_for_a_link() -> None:
    """A link that never comes up reads nothing, and a stranger may send for as long as it is tried."""
    connection = aioice.Connection(ice_controlling=True)
    await connection.gather_candidates()
    (protocol, *_) = connection._protocols
    for first in range(256):
        for _ in range(2 * DATAGRAMS_MAX // 40):
            protocol.datagram_received(bytes([first]) + bytes(1400), ("192.0.2.9", 9))
    assert connection._queue.qsize() == DATAGRAMS_MAX
    while not connection._queue.empty():
        kept = connection._queue.get_nowait()
        assert kept is not None and 20 <= kept[0][0] < 64
    await connection.close()


async def test_a_flood_of_datagrams_is_held_to_a_bound(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    ice = ice_of(b, TWO)
    for _ in range(3 * DATAGRAMS_MAX):
        ice._protocols[0].datagram_received(b"\x17" * 30, ("192.0.2.9", 9))
    assert ice._queue.qsize() == DATAGRAMS_MAX
    a.links.send_frame(ONE, frame(1))
    assert await b.next(FrameReceived) == FrameReceived(TWO, frame(1))


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
    await b.links.aclose()
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == []


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


async def test_silent_servers_delay_no_client() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        side = Side((f"stun:{where}", f"turn:user:password@{where}"))
        side.links.make_offer(ONE)
        async with asyncio.timeout(4.5):  # aioice by itself takes 5 s
            assert isinstance(await side.received.get(), OfferMade)
        await side.links.aclose()


def test_a_machine_without_a_network_still_has_its_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.net.engines.aiortc.patches._host_addresses", lambda v4, v6: [])
    assert _addresses_even_offline(True, True) == ["127.0.0.1"]
    monkeypatch.setattr("p2pchat.net.engines.aiortc.patches._host_addresses", lambda v4, v6: ["192.0.2.1"])
    assert _addresses_even_offline(True, True) == ["192.0.2.1"]


def _fragment(sctp: RTCSctpTransport, number: int, size: int) -> rtcsctptransport.DataChunk:
    """One of a message that never ends."""
    (stream,) = sctp._data_channels
    chunk = rtcsctptransport.DataChunk(flags=0 if number else rtcsctptransport.SCTP_DATA_FIRST_FRAG)
    chunk.tsn = (sctp._local_tsn + number) % 2**32
    chunk.stream_id, chunk.stream_seq, chunk.protocol = stream, sctp._outbound_stream_seq[stream], 53
    chunk.user_data = bytes(size)
    return chunk

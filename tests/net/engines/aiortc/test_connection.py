"""One channel, ordered and reliable, is all that a peer may have; and what was sent is not lost with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from p2pchat.core.link.link import AT_ENGINE
from p2pchat.core.values.inputs import AnswerMade, FrameReceived, FramesDrained, LinkDown
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.sdp import from_sdp, to_sdp
from tests.support.aiortc_links import channel_of, connection_of, ice_of, sctp_of
from tests.support.links import ONE, TWO, Side, frame, linked, waiting

pytestmark = pytest.mark.real


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
    credit, sent = AT_ENGINE, 0
    async with asyncio.timeout(20):
        while credit:
            a.links.send_frame(ONE, frame(sent))
            sent, credit = sent + 1, credit - 1
            await asyncio.sleep(0)
            credit += sum(input.count for input in waiting(a.received) if isinstance(input, FramesDrained))
            assert sent <= AT_ENGINE + window + 1, "more than the credit and one SCTP window"
    for transport in stopped:
        loop._add_reader(transport.get_extra_info("socket").fileno(), transport._read_ready)
    for number in range(sent):
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(number))


async def test_a_second_channel_ends_the_link(sides: tuple[Side, Side]) -> None:
    a, b = sides
    await linked(a, b)
    connection_of(b, TWO)._connection.createDataChannel("another")
    assert "second channel" in (await a.next(LinkDown)).reason


@pytest.mark.parametrize("unlike", [{"ordered": False}, {"maxRetransmits": 0}, {"maxPacketLifeTime": 1}])
async def test_a_channel_that_may_lose_or_reorder_never_comes_up(
    sides: tuple[Side, Side], unlike: dict[str, Any]
) -> None:
    _, b = sides
    other = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    other.createDataChannel("p2pchat", **unlike)
    await other.setLocalDescription(await other.createOffer())
    b.links.make_answer(TWO, from_sdp(other.localDescription.sdp))
    answer = (await b.next(AnswerMade)).description
    await other.setRemoteDescription(RTCSessionDescription(to_sdp(answer), "answer"))
    assert "not ordered and reliable" in (await b.next(LinkDown)).reason
    await other.close()


async def test_sending_into_a_lost_connection_is_no_more_than_the_end_of_the_link(
    sides: tuple[Side, Side],
) -> None:
    a, b = sides
    await linked(a, b)
    await ice_of(a, ONE).close()
    for number in range(20):
        a.links.send_frame(ONE, frame(number))
    assert isinstance(await a.next(LinkDown), LinkDown)


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
        a.links.send_frame(ONE, frame(number))
    a.links.close_link(ONE)
    for number in range(10):
        assert await b.next(FrameReceived) == FrameReceived(TWO, frame(number))

"""Links over an engine of the test's own: whom they may ask, the time they get, the credit they give back."""

from __future__ import annotations

import asyncio

import pytest

from p2pchat.core.values.inputs import (
    FrameReceived,
    FramesDrained,
    Input,
    LinkDown,
    LinkShaken,
    LinkUp,
    OfferMade,
)
from p2pchat.errors import LinkError
from p2pchat.net import links as module
from p2pchat.net.engines.port import CandidatePair, Fingerprints, Listener, Policy
from p2pchat.net.links import WebRtcLinks
from p2pchat.types import LinkId
from p2pchat.wire.description import Description
from p2pchat.wire.ice import Servers, StunServer, TurnServer

ONE = LinkId(1)
DESCRIPTION = Description("actpass", "user", "p" * 22, bytes(32), ())
OWN = Servers((StunServer("192.0.2.1"),), (TurnServer("192.0.2.1", 3478, "me", "secret"),))
OVER_TCP = TurnServer("192.0.2.2", 443, "lent", "word", "tcp")
OPEN = Policy()
HINTED = Servers((StunServer("192.0.2.2"),), (TurnServer("192.0.2.2", 3478, "lent", "word"), OVER_TCP))


class Connection:
    """What the test makes of it."""

    def __init__(self, listener: Listener, servers: Servers) -> None:
        self.listener, self.servers = listener, servers
        self.open, self.closed, self.buffered_bytes = False, False, 0
        self.fault: Exception | None = None
        self.taken: list[Description] = []

    async def make_offer(self) -> Description:
        if self.fault is not None:
            raise self.fault
        return DESCRIPTION

    async def make_answer(self, offer: Description) -> Description:
        return DESCRIPTION

    async def accept_answer(self, answer: Description) -> None:
        self.taken.append(answer)

    def send_message(self, message: bytes) -> bool:
        self.buffered_bytes += len(message) if self.open else 0
        return self.open

    def read_fingerprints(self) -> Fingerprints:
        return Fingerprints(b"o" * 32, b"p" * 32)

    def selected_pair(self) -> CandidatePair | None:
        return CandidatePair("host", "host", "192.0.2.9") if self.open else None

    async def close(self) -> None:
        self.closed = True


class Engine:
    """Makes such connections."""

    name = "of the test"

    def __init__(self, policy: Policy) -> None:
        self.policy, self.made = policy, list[Connection]()
        self.refused, self.silent = set[str](), set[str]()

    def make_connection(self, listener: Listener, servers: Servers) -> Connection:
        self.made.append(Connection(listener, servers))
        return self.made[-1]


def begun(policy: Policy = OPEN, hinted: Servers = HINTED) -> tuple[WebRtcLinks, Connection, list[Input]]:
    """A link that offers."""
    received: list[Input] = []
    engine = Engine(policy)
    links = WebRtcLinks(received.append, engine, OWN)
    links.make_offer(ONE, hinted)
    return links, engine.made[0], received


@pytest.mark.parametrize(
    ("policy", "asked"),
    [
        (OPEN, OWN + HINTED),
        (Policy(relay_only=True), Servers(turn=OWN.turn)),
        (Policy(proxy="socks5h://127.0.0.1:9050"), Servers(turn=(*OWN.turn, OVER_TCP))),
    ],
)
async def test_no_server_is_asked_that_would_see_what_is_hidden(policy: Policy, asked: Servers) -> None:
    links, connection, _ = begun(policy)
    assert connection.servers == asked
    await links.aclose()


async def test_an_open_link_says_what_it_is_and_what_comes() -> None:
    links, connection, received = begun()
    await asyncio.sleep(0)
    connection.open = True
    connection.listener.on_open()
    connection.listener.on_message(b"one")
    assert received == [
        OfferMade(ONE, DESCRIPTION),
        LinkUp(ONE, b"o" * 32, b"p" * 32),
        FrameReceived(ONE, b"one"),
    ]
    links.on_addresses_changed({"192.0.2.9"})
    assert LinkShaken(ONE) not in received
    links.on_addresses_changed({"192.0.2.8"})
    assert received[-1] == LinkShaken(ONE)
    await links.aclose()
    assert connection.closed


async def test_credit_comes_back_frame_by_frame() -> None:
    links, connection, received = begun()
    await asyncio.sleep(0)
    links.send_frame(ONE, b"dropped, for it is not open")
    connection.open = True
    for _ in range(3):
        links.send_frame(ONE, bytes(100))
    for buffered in (250, 200, 10, 0):
        connection.buffered_bytes = buffered
        connection.listener.on_drain()
    assert received[1:] == [FramesDrained(ONE, 1), FramesDrained(ONE, 1), FramesDrained(ONE, 1)]
    await links.aclose()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(LinkError("no way"), "no way"), (AttributeError("of the engine's"), "AttributeError: of the engine's")],
)
async def test_what_the_engine_fails_of_ends_the_link_in_one_line(fault: Exception, reason: str) -> None:
    links, connection, received = begun()
    connection.fault = fault
    await asyncio.sleep(0)
    assert received == [LinkDown(ONE, reason)]
    await links.aclose()
    assert connection.closed


async def test_a_link_that_does_not_open_in_time_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.01)
    links, _, received = begun()
    async with asyncio.timeout(5):
        while len(received) < 2:
            await asyncio.sleep(0.01)
    assert received == [OfferMade(ONE, DESCRIPTION), LinkDown(ONE, "no connection within 0 seconds")]
    await links.aclose()

"""What a link finds out about how it can be reached, with real STUN and TURN servers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from aioice import stun

from p2pchat.core.values.inputs import Input, LinkDown, OfferMade
from p2pchat.net import interfaces
from p2pchat.net.engines import make_engine
from p2pchat.net.engines.port import Policy
from p2pchat.net.links import WebRtcLinks
from p2pchat.types import LinkId
from p2pchat.wire.description import Description, Nat
from p2pchat.wire.ice import NO_SERVERS, Servers, StunServer, TurnServer
from rendezvous.stun import answering
from tests.support.ports import free_port
from tests.support.turn import PASSWORD, USER, turn_server

ONE = LinkId(1)
DEAD = StunServer("127.0.0.1", 9)


async def offered(own: Servers = NO_SERVERS, hinted: Servers = NO_SERVERS, **how: object) -> Description:
    """What an engine offers for a link."""
    received: asyncio.Queue[Input] = asyncio.Queue()
    links = WebRtcLinks(received.put_nowait, make_engine("aiortc", Policy(**how)), own)  # type: ignore[arg-type]
    links.make_offer(ONE, hinted)
    try:
        made = await asyncio.wait_for(received.get(), 30)
    finally:
        await links.aclose()
    assert isinstance(made, OfferMade), made
    return made.description


@contextlib.contextmanager
def stun_servers(address: str = "127.0.0.1", count: int = 1) -> Iterator[tuple[StunServer, ...]]:
    ports = tuple(free_port(address) for _ in range(count))
    with answering(address, ports) as had:
        assert had == ports
        yield tuple(StunServer(address, port) for port in ports)


@pytest.fixture
async def turn() -> AsyncIterator[TurnServer]:
    async with turn_server() as server:
        yield TurnServer("127.0.0.1", server.port, USER, PASSWORD)


async def test_a_machine_that_is_seen_as_it_sees_itself_is_open() -> None:
    with stun_servers(count=2) as servers:
        assert (await offered(Servers(servers))).nat is Nat.OPEN


async def test_without_a_server_nothing_is_known_or_asked() -> None:
    assert (await offered()).nat is Nat.UNKNOWN


async def test_where_no_server_answers_datagrams_are_blocked() -> None:
    assert (await offered(Servers((DEAD,)))).nat is Nat.BLOCKED


async def test_every_stun_server_is_asked_not_the_first_alone() -> None:
    with stun_servers() as servers:
        assert (await offered(Servers((DEAD, *servers)))).nat is Nat.OPEN
        assert (await offered(Servers((*servers, DEAD)))).nat is Nat.OPEN
        assert (await offered(Servers((DEAD,)), Servers(servers))).nat is Nat.OPEN


class Liar(asyncio.DatagramProtocol):
    """A STUN server that sees everybody where it likes."""

    def __init__(self, seen: tuple[str, int]) -> None:
        self._seen = seen

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        asked = stun.parse_message(data)
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, asked.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = self._seen
        self._transport.sendto(bytes(answer), address)


@pytest.mark.parametrize("seen", [("239.1.2.3", 7777), ("255.255.255.255", 80), ("0.0.0.0", 80)])
async def test_a_stun_server_that_lies_does_not_send_others_to_everybody(seen: tuple[str, int]) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Liar(seen), local_addr=("127.0.0.1", 0))
    made = await offered(Servers((StunServer(*transport.get_extra_info("sockname")),)))
    assert made.candidates and {each.kind for each in made.candidates} == {"host"}
    transport.close()


async def test_a_stun_server_is_asked_over_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    if not socket.has_ipv6:
        pytest.skip("needs IPv6")
    monkeypatch.setattr("p2pchat.net.engines.aiortc.patches._host_addresses", lambda v4, v6: ["::1"])
    with stun_servers("::1") as servers:
        made = await offered(Servers(servers))
    assert made.nat is Nat.OPEN
    assert {candidate.address for candidate in made.candidates} == {"::1"}


async def test_a_turn_server_is_reached_by_any_way_that_works(turn: TurnServer) -> None:
    closed = TurnServer(turn.host, 9, turn.user, turn.password)
    over_tcp = TurnServer(turn.host, turn.port, turn.user, turn.password, "tcp")
    for ways in ((turn,), (turn, over_tcp), (closed, over_tcp)):
        made = await offered(Servers(turn=ways))
        assert [each.kind for each in made.candidates].count("relay") == 1


async def test_every_turn_server_lends_an_address(turn: TurnServer) -> None:
    async with turn_server("127.0.0.2", "127.0.0.2") as other:
        second = TurnServer("127.0.0.2", other.port, USER, PASSWORD)
        dead = TurnServer("127.0.0.3", 9, USER, PASSWORD)
        made = await offered(Servers(turn=(dead, turn, second)))
    lent = [each.address for each in made.candidates if each.kind == "relay"]
    assert sorted(lent) == ["127.0.0.1", "127.0.0.2"]


async def test_a_turn_server_that_refuses_the_password_lends_nothing(turn: TurnServer) -> None:
    received: asyncio.Queue[Input] = asyncio.Queue()
    wrong = Servers(turn=(TurnServer(turn.host, turn.port, USER, "wrong"),))
    links = WebRtcLinks(received.put_nowait, make_engine("aiortc", Policy()), wrong)
    links.make_offer(ONE)
    made = await received.get()
    assert isinstance(made, OfferMade)
    assert "relay" not in {each.kind for each in made.description.candidates}
    assert list(links.refused) == [f"{turn.host}:{turn.port}"] and links.silent == ()
    links.use_servers(Servers(turn=(turn,)))
    links.make_offer(LinkId(2))
    await received.get()
    assert list(links.refused) == []
    await links.aclose()


async def test_a_turn_server_that_does_not_answer_is_known_as_silent_until_it_answers(
    turn: TurnServer,
) -> None:
    received: asyncio.Queue[Input] = asyncio.Queue()
    links = WebRtcLinks(received.put_nowait, make_engine("aiortc", Policy()))
    with watched() as (port, _):
        dead = [TurnServer("127.0.0.1", port, USER, PASSWORD, over) for over in ("udp", "tcp")]
        links.make_offer(ONE, Servers(turn=tuple(dead)))
        assert isinstance(await received.get(), OfferMade)
        assert list(links.silent) == [f"127.0.0.1:{port}"] and not links.refused
        links.make_offer(LinkId(2), Servers(turn=(dead[0], turn)))
        assert isinstance(await received.get(), OfferMade)
    assert not links.silent
    await links.aclose()


async def test_with_relay_only_no_hinted_server_is_asked(turn: TurnServer) -> None:
    with watched() as (port, datagrams):
        hinted = Servers((StunServer("127.0.0.1", port),), (TurnServer("127.0.0.1", port, "u", "p"),))
        made = await offered(Servers((StunServer("127.0.0.1", port),), (turn,)), hinted, relay_only=True)
        assert {each.kind for each in made.candidates} == {"relay"}
        assert datagrams() == 0


async def test_behind_a_proxy_no_datagram_leaves_for_any_server() -> None:
    with watched() as (port, datagrams):
        asked = Servers((StunServer("127.0.0.1", port),))
        hinted = Servers(asked.stun, (TurnServer("127.0.0.1", port, "u", "p"),))
        made = await offered(asked, hinted, proxy="socks5h://127.0.0.1:9")
        assert made.nat is Nat.UNKNOWN
        assert datagrams() == 0


@contextlib.contextmanager
def watched() -> Iterator[tuple[int, Callable[[], int]]]:
    """A port, and how many datagrams came there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trap:
        trap.bind(("127.0.0.1", 0))
        trap.setblocking(False)

        def count() -> int:
            with contextlib.suppress(BlockingIOError):
                trap.recv(2000)
                return 1
            return 0

        yield trap.getsockname()[1], count


async def test_among_dozens_of_addresses_the_relay_is_still_offered(
    turn: TurnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [f"127.0.{n}.1" for n in range(1, 31)]
    monkeypatch.setattr("p2pchat.net.engines.aiortc.patches._host_addresses", lambda v4, v6: many)
    with stun_servers() as servers:
        made = await offered(Servers(servers, (turn,)))
    kinds = [each.kind for each in made.candidates]
    assert kinds.count("relay") == 1 and kinds.count("host") == interfaces.HOSTS_MAX


async def test_a_link_that_ends_while_it_gathers_leaves_nothing_behind(turn: TurnServer) -> None:
    received: asyncio.Queue[Input] = asyncio.Queue()
    links = WebRtcLinks(received.put_nowait, make_engine("aiortc", Policy()), Servers((DEAD,), (turn,)))
    links.make_offer(ONE)
    await asyncio.sleep(0)
    await links.aclose()
    assert not any(isinstance(each, LinkDown) for each in list(received._queue))  # type: ignore[attr-defined]

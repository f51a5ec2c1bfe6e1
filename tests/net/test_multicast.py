"""What is said to all machines of a network is heard, and a flood of it is not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Interface

import pytest

from p2pchat.net import multicast
from p2pchat.net.multicast import Multicast
from p2pchat.wire.mdns import GROUP, QUESTION, Announcement, encode
from tests.support.ports import free_port

LOOPBACK = IPv4Interface("127.0.0.1/8")
ELSEWHERE = IPv4Interface("127.0.0.1/32")
SAID = encode(Announcement(bytes(16), IPv4Address("127.0.0.1"), 4660, (bytes(16),) * 8))


@pytest.fixture(autouse=True)
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """One of our own, so that tests that run beside this one are not heard."""
    free = free_port()
    monkeypatch.setattr(multicast, "PORT", free)
    return free


Heard = list[tuple[bytes, IPv4Address]]


@contextmanager
def listening(heard: Heard, place: IPv4Interface = LOOPBACK) -> Iterator[Multicast]:
    made = Multicast((place,), lambda data, sender, near: heard.append((data, sender)))
    try:
        yield made
    finally:
        made.close()


@contextmanager
def stranger(port: int, address: str = "127.0.0.1") -> Iterator[socket.socket]:
    """Another program, which says what it likes from any address of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        made.bind((address, port))
        yield made


async def settled(heard: Heard, least: int) -> None:
    async with asyncio.timeout(15):
        while len(heard) < least:
            await asyncio.sleep(0.01)


async def test_what_is_said_is_heard_by_all() -> None:
    one: Heard = []
    other: Heard = []
    with listening(one) as speaks, listening(other):
        for data in (QUESTION, SAID):
            speaks.send_to(data, LOOPBACK)
        await settled(one, 2)
        await settled(other, 2)
    assert one == other == [(data, IPv4Address("127.0.0.1")) for data in (QUESTION, SAID)]


async def test_what_is_none_of_ours_is_not_heard(port: int) -> None:
    heard: Heard = []
    with listening(heard), stranger(port) as someone, stranger(0) as client:
        someone.sendto(QUESTION.replace(b"_p2pchat", b"_printer"), (GROUP, port))
        someone.sendto(QUESTION + bytes(1024), (GROUP, port))
        client.sendto(QUESTION, (GROUP, port))  # a client of some library, from a port of its own
        someone.sendto(SAID, (GROUP, port))
        await settled(heard, 1)
    assert [data for data, _ in heard] == [SAID]


async def test_a_node_on_another_network_is_not_heard(port: int) -> None:
    heard: Heard = []
    near: Heard = []
    with listening(heard, ELSEWHERE), listening(near), stranger(port) as someone:
        with stranger(port, "127.0.0.2") as far:
            far.sendto(SAID, (GROUP, port))
        await settled(near, 1)
        someone.sendto(QUESTION, (GROUP, port))
        await settled(heard, 1)
    assert [data for data, _ in heard] == [QUESTION]


async def flood(port: int, data: bytes, *senders: str) -> None:
    for _ in range(50):
        for sender in senders:
            with stranger(port, sender) as someone:
                for _ in range(40 // len(senders)):  # fewer than the kernel holds
                    someone.sendto(data, (GROUP, port))
        await asyncio.sleep(0.01)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be said at once is all that may be said."""
    for rate in ("READ_PER_S", "PARSED_PER_S", "SENDER_PER_S"):
        monkeypatch.setattr(multicast, rate, 1e-6)


@pytest.mark.usefixtures("strict")
async def test_a_flood_is_read_no_faster_than_it_may_come(port: int) -> None:
    heard: Heard = []
    with listening(heard) as made:
        await flood(port, b"\0" * 64, "127.0.0.1")
        assert made._paused is not None
        assert made._read.tokens_left(made._loop.time()) < 1.0
    assert heard == []


@pytest.mark.usefixtures("strict")
async def test_a_flooding_client_does_not_drown_others(port: int) -> None:
    heard: Heard = []
    with listening(heard):
        for _ in range(int(multicast.SENDER_BURST) * 3):
            with stranger(port) as someone:
                someone.sendto(SAID, (GROUP, port))
        with stranger(port, "127.0.0.2") as other:
            other.sendto(SAID, (GROUP, port))
        await settled(heard, int(multicast.SENDER_BURST) + 1)
    assert [str(sender) for _, sender in heard].count("127.0.0.2") == 1
    assert len(heard) == multicast.SENDER_BURST + 1


@pytest.mark.usefixtures("strict")
async def test_a_question_is_heard_despite_a_flood_in_its_askers_name(port: int) -> None:
    heard: Heard = []
    with listening(heard), stranger(port) as someone:
        for _ in range(int(multicast.SENDER_BURST) * 3):
            someone.sendto(SAID, (GROUP, port))
        someone.sendto(QUESTION, (GROUP, port))
        await settled(heard, int(multicast.SENDER_BURST) + 1)
    assert heard[-1][0] == QUESTION


@pytest.mark.usefixtures("strict")
async def test_senders_without_number_are_heard_and_remembered_within_bounds(port: int) -> None:
    heard: Heard = []
    with listening(heard) as made:
        for number in range(600):
            made._take(SAID, IPv4Address("127.0.0.1") + number)
        assert len(made._senders) == multicast.SENDERS_CAP
    assert len(heard) == multicast.PARSED_BURST


async def test_a_place_that_is_gone_stops_nothing() -> None:
    heard: Heard = []
    with listening(heard) as made:
        made.send_to(SAID, IPv4Interface("192.0.2.1/24"))
        made.send_to(QUESTION, LOOPBACK)
        await settled(heard, 1)


async def test_without_any_place_there_is_nothing_to_listen_to() -> None:
    with pytest.raises(OSError):
        Multicast((IPv4Interface("192.0.2.1/24"),), lambda *_: None)

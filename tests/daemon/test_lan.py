"""When a node speaks on its own network, what it listens to there, and how it takes what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Interface
from types import SimpleNamespace
from typing import Any

import pytest

from p2pchat.core.membership.nearby import Nearby, NearbyKey
from p2pchat.core.values.inputs import NearbyFound
from p2pchat.core.values.status import RendezvousStatus
from p2pchat.crypto.kdf import nearby_key
from p2pchat.daemon import lan as module
from p2pchat.daemon.lan import ANNOUNCE_GAP_S, LOST_S, NETWORK_LOOK_S, REPEAT_S, RETRY_S, Lan
from p2pchat.net import interfaces
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch, MeshId
from p2pchat.wire.mdns import QUESTION, decode, encode

HERE, ALSO, THERE = (
    IPv4Interface("192.168.1.1/24"),
    IPv4Interface("10.0.0.1/8"),
    IPv4Address("192.168.1.2"),
)
MESH, KEY = MeshId(b"m" * 16), nearby_key(bytes(32), Epoch(1))
OURS = NearbyKey(KEY, MESH)


class Network:
    """All that a node has to do with, in place of sockets and of the node."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.places: tuple[IPv4Interface, ...] = (HERE,)
        self.refuses: OSError | None = None
        self.said: list[tuple[bytes, IPv4Interface]] = []
        self.told: list[NearbyFound] = []
        self.wanted: list[NearbyKey] = [OURS]
        self.down: list[str] = []
        self.open: list[str] = []
        self.at = 1000.0
        self.ports = iter(range(4001, 5000))
        self.later: list[Callable[[], None]] = []
        monkeypatch.setattr(interfaces, "private", lambda: self.places)
        monkeypatch.setattr(module, "Multicast", lambda places, heard: self._multicast())
        monkeypatch.setattr(module, "running", self._running)
        self.host: Any = SimpleNamespace(node=self, clock=self, driver=self)
        self.lan = Lan(self.host, SeededEntropy("lan"))

    def _multicast(self) -> Any:
        if self.refuses is not None:
            raise self.refuses
        return SimpleNamespace(
            send_to=lambda data, place: self.said.append((data, place)), close=lambda: None
        )

    @asynccontextmanager
    async def _running(self, host: str, **_: object) -> AsyncIterator[Any]:
        self.open.append(host)
        yield SimpleNamespace(port=next(self.ports))
        self.open.remove(host)

    # --- as the node, its clock and its driver

    def now(self) -> float:
        return self.at

    def nearby_status(self) -> list[RendezvousStatus]:
        return [RendezvousStatus(url, False, "refused") for url in self.down]

    def submit_input(self, input: NearbyFound) -> None:
        self.told.append(input)

    def meets_at(self, topic: object) -> bool:
        return True

    def nearby_keys(self, now: float) -> list[NearbyKey]:
        return self.wanted

    # --- time

    async def pass_(self, seconds: float) -> None:
        """What the node's task does meanwhile."""
        end = self.at + seconds
        while self.at < end:
            self.at += 0.25
            if self.at >= self.lan._look_at:
                await self.lan._follow()
            self.lan._look()

    def questions(self) -> int:
        return sum(data == QUESTION for data, _ in self.said)

    def announced(self) -> list[bytes]:
        return [data for data, _ in self.said if data != QUESTION]


@pytest.fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network(monkeypatch)
    await made.lan.start_listening()
    return made


def other(port: int = 5001, at: IPv4Address = THERE) -> bytes:
    """What another member says."""
    member = Nearby(SeededEntropy(port))
    member.look_for([OURS])
    return encode(member.make_announcement(at, port))


async def test_what_is_sought_is_asked_and_said_and_again_before_it_runs_out(network: Network) -> None:
    await network.pass_(5.0)
    assert (network.questions(), len(network.announced())) == (3, 2)
    await network.pass_(REPEAT_S)
    assert (network.questions(), len(network.announced())) == (4, 3)
    assert len({decode(data).nonce for data in network.announced()}) == 3
    assert {(str(decode(data).address), decode(data).port) for data in network.announced()} == {
        ("192.168.1.1", 4001)
    }


async def test_a_node_that_seeks_no_peer_is_silent(network: Network) -> None:
    network.wanted = []
    await network.pass_(2 * REPEAT_S)
    assert network.said == []
    assert [(input.own, dict(input.places)) for input in network.told] == [(("ws://192.168.1.1:4001",), {})]


async def test_a_guest_asks_and_says_nothing(network: Network) -> None:
    network.wanted = [NearbyKey(KEY, MESH, shown=False)]
    await network.pass_(5.0)
    assert (network.questions(), network.announced()) == (3, [])


async def test_each_network_is_told_its_own_address_alone(network: Network) -> None:
    network.places = (HERE, ALSO)
    await network.pass_(NETWORK_LOOK_S + 2.0)
    for data, place in network.said:
        if data != QUESTION:
            assert decode(data).address == place.ip
    assert {place for _, place in network.said} == {HERE, ALSO}


async def test_a_found_node_is_told_once(network: Network) -> None:
    await network.pass_(1.0)
    for _ in range(3):
        network.lan._receive(other(), THERE, HERE)
        await network.pass_(1.0)
    assert [dict(input.places) for input in network.told] == [{MESH: ()}, {MESH: ("ws://192.168.1.2:5001",)}]
    assert network.lan.found == 1


@pytest.mark.parametrize(
    ("data", "sender"),
    [
        (other(at=IPv4Address("192.168.1.3")), THERE),  # said in another's name
        (other(4001, at=HERE.ip), HERE.ip),  # our own, which comes back
        (other()[:-1], THERE),
        (b"", THERE),
        (QUESTION[:-1], THERE),
    ],
)
async def test_what_is_no_announcement_of_its_sender_changes_nothing(
    network: Network, data: bytes, sender: IPv4Address
) -> None:
    await network.pass_(1.0)
    network.lan._receive(data, sender, HERE)
    await network.pass_(1.0)
    assert len(network.told) == 1


async def test_a_question_is_answered_once_a_second(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    await network.pass_(5.0)
    answers: list[object] = []
    monkeypatch.setattr(module, "ANSWERED_TO_S", module.ANSWERED_FROM_S)
    loop = SimpleNamespace(call_later=lambda wait, answer, place: answers.append(place))
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    for _ in range(100):
        network.lan._receive(QUESTION, THERE, HERE)
    assert answers == [HERE]
    network.at += ANNOUNCE_GAP_S
    network.lan._receive(QUESTION, HERE.ip, HERE)  # our own
    assert answers == [HERE]
    network.lan._receive(QUESTION, THERE, HERE)
    assert answers == [HERE, HERE]


async def test_a_port_that_cannot_be_had_is_told_and_tried_again(network: Network) -> None:
    network.refuses = OSError(98, "Address already in use")
    network.places = (ALSO,)
    await network.pass_(NETWORK_LOOK_S + 0.5)
    assert "Address already in use" in network.lan.problem
    assert network.lan.addresses == () and network.open == []
    assert network.told[-1].own == ()
    network.refuses = None
    await network.pass_(RETRY_S + 0.5)
    assert network.lan.problem == ""
    assert list(network.lan.addresses) == network.open == ["10.0.0.1"]


async def test_a_network_that_goes_and_another_that_comes(network: Network) -> None:
    network.places = ()
    await network.pass_(NETWORK_LOOK_S + 0.5)
    assert "no private network" in network.lan.problem
    assert (network.told[-1].own, network.open) == ((), [])
    network.places = (ALSO,)
    await network.pass_(NETWORK_LOOK_S + 0.5)
    assert network.lan.problem == ""
    assert network.told[-1].own == ("ws://10.0.0.1:4002",)


async def test_a_place_that_cannot_be_reached_makes_room(network: Network) -> None:
    network.lan._look()
    network.lan._receive(other(), THERE, HERE)
    await network.pass_(1.0)
    network.down = ["ws://192.168.1.2:5001"]
    await network.pass_(LOST_S - NETWORK_LOOK_S)
    assert network.lan.found == 1
    await network.pass_(3 * NETWORK_LOOK_S)
    assert network.lan.found == 0
    network.lan._receive(other(), THERE, HERE)
    await network.pass_(1.0)
    assert network.lan.found == 0


async def test_a_place_that_comes_back_in_time_stays(network: Network) -> None:
    network.lan._look()
    network.lan._receive(other(), THERE, HERE)
    for _ in range(6):
        network.down = ["ws://192.168.1.2:5001"]
        await network.pass_(LOST_S / 2)
        network.down = []
        await network.pass_(NETWORK_LOOK_S + 0.5)
    assert network.lan.found == 1


async def test_at_the_end_what_was_said_is_taken_back(network: Network) -> None:
    await network.pass_(5.0)
    network.lan.start_announcing()
    await network.lan.shut_down()
    last = decode(network.announced()[-1])
    assert (last.gone, last.address, last.port) == (True, HERE.ip, 4001)
    assert network.open == []
    count = len(network.said)
    await network.lan.shut_down()
    assert len(network.said) == count

"""A rendezvous that alters blobs causes no link and no contact."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from p2pchat.client import Node, connect, create_home
from p2pchat.control.events import LinkEvent
from p2pchat.wire.signalling import Blob
from rendezvous import server as server_module
from rendezvous.broker import Broker
from rendezvous.outputs import Deliver, Output
from rendezvous.server import running
from rendezvous.topics import Connection
from tests.support.nodes import code_of, messages, pair

pytestmark = pytest.mark.real

Tamper = Callable[[Blob], bytes]

DRAW = random.Random(7)


class Meddler:
    """Passes blobs on until it is told how to alter them."""

    def __init__(self) -> None:
        self.tamper: Tamper | None = None
        self.spare = 0
        """Blobs still to be passed on as they are."""
        self.seen: list[bytes] = []
        self.altered = 0

    def passes(self, output: Output) -> Output:
        if not (isinstance(output, Deliver) and isinstance(output.message, Blob)):
            return output
        blob = output.message
        self.seen.append(blob.blob)
        if self.tamper is None:
            return output
        if self.spare:
            self.spare -= 1
            return output
        self.altered += 1
        return Deliver(output.to, Blob(blob.topic, blob.seat, self.tamper(blob)))


@pytest.fixture
def meddler(monkeypatch: pytest.MonkeyPatch) -> Meddler:
    meddler = Meddler()

    class Meddling(Broker):
        def on_message(self, connection: Connection, data: bytes, now: float) -> list[Output]:
            return [meddler.passes(output) for output in super().on_message(connection, data, now)]

    monkeypatch.setattr(server_module, "Broker", Meddling)
    return meddler


@pytest.fixture
async def url(meddler: Meddler) -> AsyncIterator[str]:
    async with running() as server:
        yield server.url


def one_bit(blob: Blob) -> bytes:
    altered = bytearray(blob.blob)
    altered[DRAW.randrange(len(altered))] ^= 1 << DRAW.randrange(8)
    return bytes(altered)


def noise(blob: Blob) -> bytes:
    return DRAW.randbytes(len(blob.blob))


async def refused(node: Node) -> int:
    """How many blobs and other inputs this node has refused to read."""
    counters = (await node.status()).counters
    return sum(count for name, count in counters.items() if name.startswith("input refused"))


async def until_one_has_refused(*nodes: Node) -> None:
    async with asyncio.timeout(40):
        while not sum([await refused(node) for node in nodes]):
            await asyncio.sleep(0.02)


async def until_each_has_refused(*nodes: Node) -> None:
    for node in nodes:
        await until_one_has_refused(node)


async def links_of(node: Node, found: list[LinkEvent]) -> None:
    async for event in node.listen():
        found += [event] if isinstance(event, LinkEvent) else []


@pytest.mark.parametrize("tamper", [one_bit, noise], ids=["one bit", "noise"])
async def test_no_altered_offer_or_answer_makes_a_link(
    tamper: Tamper, meddler: Meddler, url: str, tmp_path: Path
) -> None:
    await strangers_by_night(tmp_path, url)
    meddler.tamper = tamper
    up: list[LinkEvent] = []
    async with connect(tmp_path / "alice") as alice, connect(tmp_path / "bob") as bob:
        watching = [asyncio.create_task(links_of(node, up)) for node in (alice, bob)]
        await until_each_has_refused(alice, bob)
        assert [(await node.status()).links_up for node in (alice, bob)] == [0, 0]
        for task in watching:
            task.cancel()
    assert not up
    assert meddler.altered >= 2


async def test_no_answer_altered_on_its_way_back_makes_a_link(
    meddler: Meddler, url: str, tmp_path: Path
) -> None:
    await strangers_by_night(tmp_path, url)
    meddler.tamper, meddler.spare = one_bit, 1
    async with connect(tmp_path / "alice") as alice, connect(tmp_path / "bob") as bob:
        await until_one_has_refused(alice, bob)
        assert [(await node.status()).links_up for node in (alice, bob)] == [0, 0]


async def test_no_offer_or_answer_of_an_earlier_hour_makes_a_link(
    meddler: Meddler, url: str, tmp_path: Path
) -> None:
    await strangers_by_night(tmp_path, url)
    meddler.seen.clear()
    async with connect(tmp_path / "alice") as alice, connect(tmp_path / "bob") as bob:
        await alice.send("bob", "the server takes notes")
    earlier = list(meddler.seen)
    assert len(earlier) >= 2
    meddler.tamper = lambda blob: earlier[(meddler.altered - 1) % len(earlier)]
    async with connect(tmp_path / "alice") as alice, connect(tmp_path / "bob") as bob:
        await until_one_has_refused(alice, bob)
        assert meddler.altered >= 2, "the old offer itself is answered, without effect"
        assert [(await node.status()).links_up for node in (alice, bob)] == [0, 0]


async def test_once_it_behaves_they_meet(meddler: Meddler, url: str, tmp_path: Path) -> None:
    await strangers_by_night(tmp_path, url)
    meddler.tamper = one_bit
    async with connect(tmp_path / "alice") as alice:
        async with connect(tmp_path / "bob") as bob:
            assert (await alice.send("bob", "held up", wait="queued")).state == "queued"
            await until_each_has_refused(alice, bob)
        meddler.tamper = None
        async with connect(tmp_path / "bob") as bob:
            assert [each.text for each in await messages(bob, 1)] == ["held up"]


@pytest.mark.parametrize("link", [False, True], ids=["words", "link"])
@pytest.mark.parametrize("place", range(6))
async def test_no_altered_pairing_makes_a_contact(
    place: int, link: bool, meddler: Meddler, url: str, tmp_path: Path
) -> None:
    for name in ("alice", "bob"):
        create_home(tmp_path / name, name, [url])
    meddler.tamper, meddler.spare = one_bit, place
    async with connect(tmp_path / "alice") as alice, connect(tmp_path / "bob") as bob:
        attempt = asyncio.create_task(attempted(alice, bob, link))
        receiver = alice if place % 2 == 0 else bob
        await until_each_has_refused(receiver)
        assert await bob.contacts() == []
        # The last of the six blobs only tells the guest that the host is content.
        assert [each.name for each in await alice.contacts()] == (["bob"] if place == 5 else [])
        attempt.cancel()
        with suppress(asyncio.CancelledError):
            await attempt


async def attempted(host: Node, guest: Node, link: bool) -> None:
    """A pairing that is to fail, or to wait for what does not come."""
    async with aclosing(host.invite(link=link)) as events:
        code = await code_of(events)
        await asyncio.gather(guest.join(code), anext(events), return_exceptions=True)


async def strangers_by_night(folder: Path, url: str) -> None:
    """Alice and Bob, who are contacts; neither node runs."""
    for name in ("alice", "bob"):
        create_home(folder / name, name, [url])
    async with connect(folder / "alice") as alice, connect(folder / "bob") as bob:
        await pair(alice, bob)

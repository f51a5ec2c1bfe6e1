"""Servers of one cluster, in processes of their own, behind a real NATS server."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect

from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    Blob,
    FromClient,
    FromServer,
    Gone,
    Pass,
    Refusal,
    Seated,
    SeatMode,
    SeatRefused,
    Take,
    Welcome,
    decode_server,
    encode_client,
)
from p2pchat.wire.version import VERSION
from rendezvous.bus import Bus
from rendezvous.bus_messages import SeatTaken, TopicKind, encode
from rendezvous.limits import Limits
from tests.rendezvous.test_command import run, started

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("nats-server") is None, reason="needs nats-server"),
]

TOPIC = Topic(b"t" * 32)
BLOB = b"b" * BLOB_BYTES
PATIENCE_S = 60.0


@contextlib.contextmanager
def nats(port: int = 0) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A NATS server on the loopback, and its URL."""
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    process = subprocess.Popen(
        ["nats-server", "--addr", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(lambda: _listens(port))
        yield process, f"nats://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.05)


def hears(client: ClientConnection) -> FromServer:
    return decode_server(client.recv(timeout=PATIENCE_S, decode=False))


def says(client: ClientConnection, message: FromClient) -> None:
    client.send(encode_client(message))


@contextlib.contextmanager
def let_in(url: str) -> Iterator[ClientConnection]:
    with connect(url, compression=None) as client:
        assert hears(client) == Welcome(VERSION)
        yield client


def takes(client: ClientConnection, mode: SeatMode, topic: Topic = TOPIC) -> FromServer:
    says(client, Take(topic, mode))
    return hears(client)


def sits(client: ClientConnection, mode: SeatMode, topic: Topic = TOPIC) -> Seated:
    answer = takes(client, mode, topic)
    assert isinstance(answer, Seated), answer
    return answer


def learns(client: ClientConnection, others: set[Seat], topic: Topic = TOPIC) -> Seated:
    """Ask until it is shown these: the servers tell each other a moment after they have told a client."""
    until = time.monotonic() + 10
    while set((seated := sits(client, SeatMode.MESH, topic)).others) != others:
        assert time.monotonic() < until, seated
    return seated


def test_an_invite_and_a_mesh_work_across_servers(tmp_path: Path) -> None:
    with (
        nats() as (_, bus),
        started("--bus", bus, cwd=tmp_path) as (_, one),
        started("--bus", bus, cwd=tmp_path) as (_, two),
        let_in(one) as host,
        let_in(two) as guest,
    ):
        h = sits(host, SeatMode.HOST).seat
        seated = sits(guest, SeatMode.GUEST)
        assert seated.others == (h,)
        says(guest, Pass(TOPIC, h, BLOB))
        assert hears(host) == Blob(TOPIC, seated.seat, BLOB)
        says(host, Pass(TOPIC, seated.seat, BLOB))
        assert hears(guest) == Blob(TOPIC, h, BLOB)
        mesh = Topic(b"m" * 32)
        a = sits(host, SeatMode.MESH, mesh).seat
        b = learns(guest, {a}, mesh)
        says(guest, Pass(mesh, a, BLOB))
        assert hears(host) == Blob(mesh, b.seat, BLOB)


def test_a_server_killed_loses_its_own_seats_and_its_clients_come_back_through_others(tmp_path: Path) -> None:
    with (
        nats() as (_, bus),
        started("--bus", bus, cwd=tmp_path) as (_, one),
        started("--bus", bus, cwd=tmp_path) as (_, two),
        let_in(one) as ana,
        let_in(two) as ben,
    ):
        a, b = sits(ana, SeatMode.MESH).seat, sits(ben, SeatMode.MESH).seat
        with started("--bus", bus, cwd=tmp_path) as (doomed, three), let_in(three) as cleo:
            c = sits(cleo, SeatMode.MESH).seat
            learns(ben, {a, c})
            doomed.kill()
            doomed.wait()
        says(ana, Pass(TOPIC, b, BLOB))
        assert hears(ben) == Blob(TOPIC, a, BLOB)
        with let_in(two) as again:
            assert {a, b} <= set(sits(again, SeatMode.MESH).others)

        def is_gone() -> bool:
            says(ana, Pass(TOPIC, c, BLOB))
            try:
                return decode_server(ana.recv(timeout=0.5, decode=False)) == Gone(TOPIC, c)
            except TimeoutError:
                return False

        _until(is_gone)


def test_without_the_bus_each_goes_on_alone_and_they_meet_again_when_it_is_back(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        first, bus = stack.enter_context(nats())
        _, one = stack.enter_context(started("--bus", bus, cwd=tmp_path))
        _, two = stack.enter_context(started("--bus", bus, cwd=tmp_path))
        host = stack.enter_context(let_in(one))
        sits(host, SeatMode.HOST)
        first.kill()
        first.wait()

        def alone() -> bool:
            with let_in(two) as guest:
                return takes(guest, SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.ABSENT)

        _until(alone)
        other = Topic(b"o" * 32)
        sits(stack.enter_context(let_in(one)), SeatMode.HOST, other)
        with let_in(one) as near, let_in(one) as rival:
            sits(near, SeatMode.HOST, Topic(b"n" * 32))
            sits(rival, SeatMode.GUEST, Topic(b"n" * 32))
        stack.enter_context(nats(int(bus.rpartition(":")[2])))

        def met() -> bool:
            with let_in(two) as guest:
                return isinstance(takes(guest, SeatMode.GUEST, other), Seated)

        _until(met)


def test_servers_start_before_their_bus_is_there(tmp_path: Path) -> None:
    with started("--bus", "nats://127.0.0.1:1", cwd=tmp_path) as (process, url), let_in(url) as client:
        sits(client, SeatMode.HOST)
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


def test_an_address_of_no_bus_is_refused() -> None:
    failed = run("--bus", "http://127.0.0.1")
    assert failed.returncode == 2
    assert "nats://" in failed.stderr and failed.stderr.count("\n") == 1


async def test_all_the_seats_of_a_full_server_find_room_and_not_everything_does() -> None:
    bus = Bus("nats://127.0.0.1:1", b"AAAA", lambda said: None, lambda up: None)
    bus._up.set()
    told = encode(SeatTaken(b"AAAA", TOPIC, Seat(b"s" * 8), TopicKind.MESH))
    for _ in range(Limits().seats):
        bus.publish(None, told)
    for _ in range(10_000):
        bus.publish(b"BBBB", BLOB)
    waiting = {to: len(parts) for to, parts in bus._waiting.items()}
    assert waiting[None] == Limits().seats
    assert 3000 < waiting[b"BBBB"] < 4096

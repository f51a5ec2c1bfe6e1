"""What an operator's machine hears of the server, and how the server ends: systemd, Prometheus, draining."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import ClientConnection, connect

from p2pchat.types import Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    Draining,
    Pass,
    Seated,
    SeatMode,
    Take,
    Welcome,
    decode_server,
    encode_client,
)
from p2pchat.wire.version import VERSION
from rendezvous.connection import ClientSocket
from rendezvous.server import running
from tests.rendezvous.test_command import started

TOPIC = Topic(b"t" * 32)


def sits(client: ClientConnection, mode: SeatMode) -> Seated:
    assert decode_server(client.recv(decode=False)) == Welcome(VERSION)
    client.send(encode_client(Take(TOPIC, mode)))
    seated = decode_server(client.recv(decode=False))
    assert isinstance(seated, Seated)
    return seated


# --- systemd


@contextmanager
def systemd(folder: Path) -> Iterator[tuple[socket.socket, str]]:
    """A socket as systemd has one, and its name."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "notify"))
        listening.settimeout(20)
        yield listening, str(folder / "notify")


def said(listening: socket.socket, wanted: str) -> list[str]:
    """What systemd is told, up to and with that."""
    heard: list[str] = []
    while wanted not in heard:
        heard += listening.recv(4096).decode().split("\n")
    return heard


def test_systemd_is_told_that_it_is_ready_lives_reloads_and_stops(tmp_path: Path) -> None:
    with (
        systemd(tmp_path) as (listening, name),
        started(cwd=tmp_path, NOTIFY_SOCKET=name, WATCHDOG_USEC="400000") as (process, _),
    ):
        assert "READY=1" in said(listening, "READY=1")
        said(listening, "WATCHDOG=1")
        said(listening, "WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        assert any(each.startswith("MONOTONIC_USEC=") for each in said(listening, "READY=1"))
        process.terminate()
        said(listening, "STOPPING=1")
        assert process.wait(20) == 0


def test_another_process_of_the_service_is_not_watched(tmp_path: Path) -> None:
    with systemd(tmp_path) as (listening, name):
        watched = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
        with started(cwd=tmp_path, **watched) as (process, _):
            said(listening, "READY=1")
            process.send_signal(signal.SIGINT)
            assert "WATCHDOG=1" not in said(listening, "STOPPING=1")


UNIT = Path(__file__).parents[2] / "docs/examples/p2pchat-rendezvous.service"


def test_the_unit_is_hardened_as_far_as_systemd_can_tell(tmp_path: Path) -> None:
    """0 is fully locked up, 10 is a process like any other; what is left is the network, which it is for."""
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=16", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "SYSTEMD_COLORS": "0"},
    )
    assert judged.returncode == 0, judged.stdout[-3000:] + judged.stderr


def test_the_unit_says_what_the_server_understands() -> None:
    lines = UNIT.read_text().splitlines()
    assert "Type=notify" in lines and "ExecReload=kill -HUP $MAINPID" in lines
    assert any(line.startswith("WatchdogSec=") for line in lines)
    (start,) = [line for line in lines if line.startswith("ExecStart=")]
    assert start.endswith("p2pchat-rendezvous --config /etc/p2pchat/rendezvous.toml")


# --- Prometheus


def test_figures_are_totals_without_names(tmp_path: Path) -> None:
    with started("--metrics-port", "0", cwd=tmp_path) as (process, url), connect(url) as client:
        assert process.stderr is not None
        where = process.stderr.readline().removeprefix("metrics on ").strip()
        assert where.startswith("http://127.0.0.1:")
        own = sits(client, SeatMode.MESH).seat
        with connect(url) as other:
            client.send(encode_client(Pass(TOPIC, sits(other, SeatMode.MESH).seat, bytes(BLOB_BYTES))))
            other.recv()
            other.send("text")
            with pytest.raises(Exception, match="1003"):
                other.recv()
        text = urllib.request.urlopen(where, timeout=10).read().decode()
        with pytest.raises(Exception, match="426"):
            urllib.request.urlopen(url.replace("ws:", "http:") + "/metrics", timeout=10)
    figures = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert figures["rendezvous_connections",] == 1
    assert figures["rendezvous_let_in_total",] == 2
    assert figures["rendezvous_taken_total", "mesh"] == 2
    assert figures["rendezvous_passed_total",] == 1
    assert figures["rendezvous_loop_late_seconds_count",] >= 0
    assert figures["process_resident_memory_bytes",] > 1e6
    for secret in (TOPIC.hex(), own.hex(), "127.0.0.1"):
        assert secret not in text


# --- the end


async def recv(client: object) -> object:
    async with asyncio.timeout(10):
        return decode_server(await client.recv())  # type: ignore[attr-defined]


async def test_while_it_drains_clients_go_elsewhere_and_an_invite_may_end_in_peace() -> None:
    async with running() as server:
        host = await connect_async(server.url, compression=None)
        member = await connect_async(server.url, compression=None)
        for client, mode in ((host, SeatMode.HOST), (member, SeatMode.MESH)):
            await recv(client)
            await client.send(encode_client(Take(TOPIC if client is host else Topic(b"m" * 32), mode)))
            assert isinstance(await recv(client), Seated)
        draining = asyncio.create_task(server.drain(30.0))
        assert await recv(member) == Draining()
        await member.wait_closed()
        assert member.close_code == 1001
        late = await connect_async(server.url, compression=None)
        assert [await recv(late), await recv(late)] == [Welcome(VERSION), Draining()]
        await late.wait_closed()
        answer = await asyncio.to_thread(_health, server.port)
        assert answer == "503 draining"
        await host.send(encode_client(Take(Topic(b"n" * 32), SeatMode.MESH)))
        assert isinstance(await recv(host), Seated), "its invite goes on"
        await host.close()
        async with asyncio.timeout(10):
            await draining


def _health(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while more := raw.recv(4096):
            answer += more
    return f"{answer.split()[1].decode()} {answer.decode().split()[-1]}"


async def test_draining_ends_when_its_time_is_over() -> None:
    async with running() as server, connect_async(server.url, compression=None) as host:
        await recv(host)
        await host.send(encode_client(Take(TOPIC, SeatMode.HOST)))
        await recv(host)
        async with asyncio.timeout(10):
            await server.drain(0.1)


def test_asked_twice_it_ends_at_once(tmp_path: Path) -> None:
    with started("--drain-seconds", "3600", cwd=tmp_path) as (process, url), connect(url) as host:
        sits(host, SeatMode.HOST)
        process.terminate()
        with connect(url) as late:
            assert decode_server(late.recv(decode=False)) == Welcome(VERSION)
            assert decode_server(late.recv(decode=False)) == Draining()
        process.terminate()
        assert process.wait(20) == 0


# --- garbage


async def test_nothing_of_a_client_that_is_gone_waits_for_a_collection() -> None:
    """What is set aside (``gc.freeze``) is never collected: a ring would stay for good."""
    async with running() as server:
        gc.collect()
        gc.disable()
        try:
            for how in ("close", "abort", "broken"):
                async with connect_async(server.url, compression=None) as client:
                    await recv(client)
                    await client.send(encode_client(Take(TOPIC, SeatMode.MESH)))
                    await recv(client)
                    if how == "broken":
                        await client.send("text")
                        await client.wait_closed()
                    elif how == "abort":
                        client.transport.abort()
            async with asyncio.timeout(10):
                while server.broker.take_census().connections or _sockets():
                    await asyncio.sleep(0.01)
        finally:
            gc.enable()


def _sockets() -> int:
    return sum(issubclass(type(each), ClientSocket) for each in gc.get_objects())


async def test_what_is_old_is_not_looked_at_again() -> None:
    async with running():
        ballast = [[number] for number in range(200_000)]
        gc.collect(1)
        gc.freeze()
        began = time.process_time()
        gc.collect()
        with_all_aside = time.process_time() - began
        gc.unfreeze()
        began = time.process_time()
        gc.collect()
        assert with_all_aside < time.process_time() - began
        assert len(ballast) == 200_000

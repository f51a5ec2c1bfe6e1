"""What depends on the machine's addresses is told at once when they change, and after a sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from p2pchat.core.values.inputs import Input, NetworkChanged
from p2pchat.daemon import network_monitor
from p2pchat.daemon.network_monitor import SLEPT_S, NetworkMonitor


class Machine:
    """Its clock, its network, and what was told of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 0.0
        self.addresses: frozenset[str] = frozenset({"192.0.2.1"})
        self.routes: frozenset[str] = frozenset({"eth0"})
        self.told: asyncio.Queue[object] = asyncio.Queue()
        monkeypatch.setattr(network_monitor, "NETWORK_LOOK_S", 0.01)
        monkeypatch.setattr(network_monitor, "NOTICED_S", 0.0)
        monkeypatch.setattr("p2pchat.net.interfaces.own", lambda: self.addresses)
        monkeypatch.setattr("p2pchat.net.interfaces.routed", lambda: self.routes)
        monitor = NetworkMonitor(self, self, self, self.submit)
        self.running = asyncio.create_task(monitor.run_forever())

    def now(self) -> float:
        return self.at

    def shake_links(self) -> None:
        self.told.put_nowait("shaken")

    def on_addresses_changed(self, addresses: Collection[str]) -> None:
        self.told.put_nowait(tuple(addresses))

    def submit(self, input: Input) -> None:
        self.told.put_nowait(type(input))

    async def next(self, count: int) -> list[object]:
        async with asyncio.timeout(10):
            return [await self.told.get() for _ in range(count)]


async def test_a_new_address_is_told_to_links_and_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    await asyncio.sleep(0)
    machine.addresses = frozenset({"198.51.100.7"})
    assert await machine.next(2) == [("198.51.100.7",)] * 2
    machine.routes = frozenset()
    assert await machine.next(3) == [("198.51.100.7",), ("198.51.100.7",), NetworkChanged]
    machine.running.cancel()


async def test_after_a_sleep_all_is_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    await asyncio.sleep(0)
    machine.at += SLEPT_S + 1.0
    assert await machine.next(3) == ["shaken", (), NetworkChanged]
    machine.running.cancel()

"""A rendezvous runs inside a node only where one is wanted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from p2pchat.config.paths import NetworkPolicy
from p2pchat.core.values.inputs import Input, NearbyFound
from p2pchat.daemon.clock import SystemEntropy
from p2pchat.daemon.local_servers import LocalServers
from tests.support.ports import free_port


def servers() -> tuple[LocalServers, list[Input]]:
    submitted: list[Input] = []
    node = SimpleNamespace(meets_at=lambda topic: False)
    host: Any = SimpleNamespace(node=node, driver=SimpleNamespace(submit_input=submitted.append))
    return LocalServers(host, SystemEntropy()), submitted


async def test_without_a_wish_there_is_none() -> None:
    none, submitted = servers()
    await none.start_listening(NetworkPolicy())
    none.start_announcing()
    assert (none.lan_info(), none.listener_info(), submitted) == (None, None, [])
    await none.stop_announcing()
    await none.stop_listening()


async def test_a_port_is_told_to_the_node_itself() -> None:
    at_port, submitted = servers()
    port = free_port()
    await at_port.start_listening(NetworkPolicy(listen=port))
    try:
        at_port.start_announcing()
        assert submitted == [NearbyFound((f"ws://127.0.0.1:{port}",), {})]
        info = at_port.listener_info()
        assert info is not None and (info.port, info.problem) == (port, "")
        assert at_port.lan_info() is None
    finally:
        await at_port.stop_listening()

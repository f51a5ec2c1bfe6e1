"""What keeps this machine from others is said at once, unless they run on it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from p2pchat.config.paths import NetworkPolicy
from p2pchat.daemon.own_network import NO_NETWORK, NO_ROUTE, OwnNetwork

FAR, HERE = "wss://meet.example:8750", "ws://127.0.0.1:8750"


@pytest.mark.parametrize(
    ("places", "connected", "routed", "proxied", "said"),
    [
        ([FAR], False, False, False, NO_NETWORK),
        ([], False, False, False, NO_NETWORK),
        ([FAR], False, False, True, NO_NETWORK),
        ([FAR], True, False, False, NO_ROUTE),
        ([FAR], True, False, True, ""),
        ([FAR], True, True, False, ""),
        ([], True, False, False, ""),
        ([FAR, HERE], False, False, False, ""),
        (["ws://[::1]:8750"], False, False, False, ""),
        (["ws://localhost:8750"], False, False, False, ""),
    ],
)
def test_the_machine_and_the_way_to_the_rendezvous_decide(
    monkeypatch: pytest.MonkeyPatch,
    places: list[str],
    connected: bool,
    routed: bool,
    proxied: bool,
    said: str,
) -> None:
    monkeypatch.setattr("p2pchat.net.interfaces.is_connected", lambda: connected)
    monkeypatch.setattr("p2pchat.net.interfaces.routed", lambda: ("192.0.2.1",) if routed else ())
    paths = NetworkPolicy(proxy="socks5h://127.0.0.1:9" if proxied else None)
    host = SimpleNamespace(node=SimpleNamespace(known_urls=lambda: tuple(places)), paths=paths)
    assert OwnNetwork(cast(Any, host)).problem == said

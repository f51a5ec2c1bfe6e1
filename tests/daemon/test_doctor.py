"""What the doctor finds about the way to others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.asyncio.server import ServerConnection, serve

from p2pchat.config.paths import NetworkPolicy
from p2pchat.daemon.doctor import _addresses, _nat, _rendezvous, _rooms
from p2pchat.wire.description import Nat
from p2pchat.wire.ice import Servers, StunServer
from p2pchat.wire.signalling import Hints, Welcome, encode_server
from p2pchat.wire.version import VERSION
from tests.support.room_views import FakeCore, member, room


def test_it_says_which_turn_server_refuses_and_whose_matter_that_is() -> None:
    own = NetworkPolicy(ice_servers=("turn:me:secret@turn.example:3478",))
    check = _addresses(Counter(host=1, srflx=1, relay=1), own, ["turn.example:3478", "192.0.2.9:3478"])
    assert not check.ok
    assert "your TURN server turn.example:3478 refuses its user or password" in check.found
    assert "192.0.2.9:3478 refuses the password that the rendezvous' operator gave it" in check.found


def test_it_says_which_turn_server_does_not_answer() -> None:
    own = NetworkPolicy(ice_servers=("turn:me:secret@turn.example:3478",))
    kinds = Counter(host=1, srflx=1, relay=1)
    assert _addresses(kinds, own, []).ok
    check = _addresses(kinds, own, [], ["turn.example:3478", "192.0.2.9:3478"])
    assert not check.ok
    assert "your TURN server turn.example:3478 does not answer" in check.found
    assert "the TURN server that the rendezvous names, 192.0.2.9:3478, does not answer" in check.found


def test_it_tells_of_rooms_where_there_are_any() -> None:
    friends = room("friends", member(b"\x01", "ana", own=True), member(b"\x02", "bob"))
    assert _rooms(cast(Any, FakeCore())) == []
    (check,) = _rooms(cast(Any, FakeCore(friends)))
    assert (check.name, check.ok, check.found) == ("rooms", True, "in 1; 1 member not heard yet")
    (check,) = _rooms(cast(Any, FakeCore(replace(friends, waits=True))))
    assert not check.ok
    assert "put back to a copy" in check.found


@pytest.mark.parametrize(
    ("nat", "paths", "reached", "ok", "found"),
    [
        (Nat.SYMMETRIC, NetworkPolicy(), True, False, "another port for every destination"),
        (Nat.CONE, NetworkPolicy(), True, True, "one port for all destinations"),
        (Nat.UNKNOWN, NetworkPolicy(), True, True, "no rendezvous of yours names one"),
        (Nat.UNKNOWN, NetworkPolicy(), False, True, "not known: no rendezvous was reached"),
        (Nat.BLOCKED, NetworkPolicy(), False, True, "not known: no rendezvous was reached"),
        (Nat.BLOCKED, NetworkPolicy(ice_servers=("stun:192.0.2.1",)), False, False, "blocks UDP"),
        (Nat.UNKNOWN, NetworkPolicy(relay_only=True), True, True, "through a relay"),
        (Nat.UNKNOWN, NetworkPolicy(proxy="socks5h://127.0.0.1:9"), True, True, "beside the proxy"),
    ],
)
def test_the_kind_of_nat_is_told_or_why_it_is_not_known(
    nat: Nat, paths: NetworkPolicy, reached: bool, ok: bool, found: str
) -> None:
    check = _nat(nat, Counter(host=1), paths, reached)
    assert (check.name, check.ok) == ("nat", ok) and found in check.found


@pytest.mark.real
async def test_the_servers_that_a_rendezvous_names_are_asked() -> None:
    async def welcome(client: ServerConnection) -> None:
        await client.send(encode_server(Welcome(VERSION)))
        await client.send(encode_server(Hints(stun=(3478,), turn=(), turns=(), login=None)))
        await client.wait_closed()

    async with serve(welcome, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        node = SimpleNamespace(known_urls=lambda: (url,), typed_urls=lambda: (url,))
        clock, paths = SimpleNamespace(now=lambda: 1.0), NetworkPolicy()
        asked = await _rendezvous(cast(Any, SimpleNamespace(node=node, clock=clock, paths=paths)))
    assert asked.servers == Servers(stun=(StunServer("127.0.0.1", 3478),))


@pytest.mark.real
async def test_a_rendezvous_that_hangs_up_right_after_its_welcome_is_not_well() -> None:
    async def welcome(client: ServerConnection) -> None:
        await client.send(encode_server(Welcome(VERSION)))

    async with serve(welcome, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        node = SimpleNamespace(known_urls=lambda: (url,), typed_urls=lambda: (url,))
        clock, paths = SimpleNamespace(now=lambda: 1.0), NetworkPolicy()
        (check,), _, _ = await _rendezvous(cast(Any, SimpleNamespace(node=node, clock=clock, paths=paths)))
    assert not check.ok
    assert check.found == f"{url}: the connection was lost"

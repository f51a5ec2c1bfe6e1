"""A client is counted in its groups, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from p2pchat.types import Topic
from p2pchat.wire.signalling import SeatMode
from rendezvous.clients import Clients
from rendezvous.limits import ClientGroup, Limits, Rate, groups
from rendezvous.topics import Connection

HOME = (ClientGroup("192.0.2.1"), ClientGroup("192.0.2.0/24", 8))
AT_ONCE = Rate(burst=10, per_second=10.0)


def test_an_address_has_its_cap_and_another_its_own() -> None:
    clients = Clients(replace(Limits(), connections_per_address=2))
    elsewhere = (ClientGroup("192.0.2.2"), HOME[1])
    let_in = [clients.let_in(Connection(n), HOME, 0.0) for n in range(3)]
    assert let_in == [True, True, False]
    assert clients.let_in(Connection(3), elsewhere, 0.0)
    first = clients.find_client(Connection(0))
    assert first is not None
    clients.let_go(first)
    assert clients.find_client(Connection(0)) is None
    assert clients.let_in(Connection(4), HOME, 0.0)
    assert len(clients) == 3


def test_groups_are_forgotten_when_they_are_as_good_as_new() -> None:
    clients = Clients(replace(Limits(), connects_per_address=AT_ONCE))
    clients.let_in(Connection(1), HOME, 0.0)
    clients.forget_groups(100.0)
    assert clients.count_groups() == 2, "somebody is there"
    for client in list(clients):
        clients.let_go(client)
    clients.forget_groups(200.0)
    assert clients.count_groups() == 0


def test_what_a_network_is_refused_fills_no_table() -> None:
    limits = replace(Limits(), connects_per_address=Rate(burst=2, per_second=0.001), addresses=200)
    asks: list[Callable[[Clients, int, tuple[ClientGroup, ...]], bool]] = [
        lambda clients, n, flood: clients.draw_connect(flood, 0.0),
        lambda clients, n, flood: clients.let_in(Connection(n), flood, 0.0),
        lambda clients, n, flood: clients.let_in(Connection(n), flood, 0.0, drawn=True),
    ]
    for ask in asks:
        clients = Clients(replace(limits, connections_per_address=2))
        flood = [groups(f"2001:db8:1:{n:x}::1", limits) for n in range(0, 65536, 61)]
        admitted = sum(ask(clients, n, one) for n, one in enumerate(flood))
        assert admitted == 2 * limits.addresses_per_network
        assert clients.count_groups() <= 1 + 2 * admitted
        assert clients.let_in(Connection(-1), groups("2001:db8:2::1", limits), 0.0), "another has room"


def test_a_client_with_or_waiting_for_a_seat_is_not_idle() -> None:
    limits = Limits()
    clients = Clients(limits)
    for n in range(3):
        clients.let_in(Connection(n), (), 0.0)
    waiting, away, _ = clients
    waiting.requested = {Topic(b"t" * 32): SeatMode.HOST}
    away.away = {Topic(b"t" * 32)}
    assert clients.list_idle(limits.seatless_seconds - 1) == []
    assert clients.list_idle(limits.seatless_seconds) == [Connection(2)]


def test_a_guest_of_another_server_is_counted_with_no_client() -> None:
    clients = Clients(Limits())
    guest = clients.let_in_guest(Connection(-1), "somebody", 0.0)
    assert (guest.groups, guest.culprit, clients.count_groups()) == ((), "somebody", 0)

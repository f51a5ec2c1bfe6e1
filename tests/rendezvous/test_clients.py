"""A client is counted in its groups, and leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.types import Topic
from p2pchat.wire.signalling import SeatMode
from rendezvous.clients import Clients
from rendezvous.limits import ClientGroup, Limits, Rate
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

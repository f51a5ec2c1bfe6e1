"""Guests of invites whose host sits at another server, in a virtual world."""

from __future__ import annotations

import pytest

from p2pchat.wire.signalling import (
    BLOB_BYTES,
    Blob,
    Gone,
    Leave,
    Pass,
    Refusal,
    Seated,
    SeatMode,
    SeatRefused,
)
from rendezvous.cluster import DEAD_SECONDS
from rendezvous.topics import SILENT_S
from tests.support.cluster import TOPIC, Client, Room

BLOB = b"b" * BLOB_BYTES


def host_and_guest(room: Room) -> tuple[Client, Seated, Client, Seated]:
    host, guest = room.client(0), room.client(1)
    h = host.sits(SeatMode.HOST)
    return host, h, guest, guest.sits(SeatMode.GUEST)


def test_an_invite_is_one_wherever_its_guest_comes_from() -> None:
    room = Room()
    host, h, guest, g = host_and_guest(room)
    assert g.others == (h.seat,)
    guest.says(Pass(TOPIC, h.seat, BLOB))
    assert host.hears() == [Blob(TOPIC, g.seat, BLOB)]
    host.says(Pass(TOPIC, g.seat, BLOB))
    assert guest.hears() == [Blob(TOPIC, h.seat, BLOB)]
    for where in range(3):
        assert room.client(where).takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.FULL)
        assert room.client(where).takes(SeatMode.HOST) == SeatRefused(TOPIC, Refusal.TAKEN)
        assert room.client(where).takes(SeatMode.MESH) == SeatRefused(TOPIC, Refusal.TAKEN)
    assert guest.takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.FULL), "it sits there already"
    guest.says(Leave(TOPIC))
    assert host.hears() == [Gone(TOPIC, g.seat)]
    assert room.client(2).takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.ABSENT), (
        "one guess, and it was used"
    )


@pytest.mark.parametrize("how", ["leave", "go", "die"])
def test_a_host_that_ends_is_told_to_its_guest_elsewhere(how: str) -> None:
    room = Room()
    host, h, guest, _ = host_and_guest(room)
    match how:
        case "leave":
            host.says(Leave(TOPIC))
        case "go":
            host.goes()
        case _:
            room.kill(host.machine)
            room.pass_time(DEAD_SECONDS + 1)
    assert guest.hears() == [Gone(TOPIC, h.seat)]
    assert guest.takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.ABSENT)
    room.client(2).sits(SeatMode.HOST)


@pytest.mark.parametrize("how", ["go", "die"])
def test_a_guest_that_goes_with_its_connection_or_its_server_makes_way(how: str) -> None:
    room = Room()
    host, _, guest, g = host_and_guest(room)
    if how == "go":
        guest.goes()
    else:
        room.kill(guest.machine)
        room.pass_time(DEAD_SECONDS + 1)
    assert host.hears() == [Gone(TOPIC, g.seat)]
    room.client(2).sits(SeatMode.GUEST)


def test_a_silent_guest_from_elsewhere_is_put_out_and_told() -> None:
    room = Room()
    host, h, guest, g = host_and_guest(room)
    room.now += SILENT_S
    room.settle(host.machine, host.machine.broker.tick(room.now))
    room.deliver()
    assert guest.hears() == [Gone(TOPIC, h.seat)]
    assert host.hears() == [Gone(TOPIC, g.seat)]
    assert guest.machine.broker.take_census().seats == 0
    room.client(2).sits(SeatMode.GUEST)


def test_no_host_is_there_where_no_server_has_one() -> None:
    assert Room().client(1).takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.ABSENT)


def test_a_guest_of_another_server_leaves_nothing_when_its_host_goes_first() -> None:
    room = Room(2)
    host, guest = room.client(0), room.client(1)
    host.sits(SeatMode.HOST)
    guest.sits(SeatMode.GUEST)
    host.goes()
    guest.goes()
    room.pass_time(DEAD_SECONDS)
    for machine in room.machines:
        census = machine.broker.take_census()
        assert (census.connections, census.seats, census.topics) == (0, 0, 0)

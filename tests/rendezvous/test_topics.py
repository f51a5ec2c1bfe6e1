"""What is remembered at one topic."""

from __future__ import annotations

import pytest

from p2pchat.core.pairing.guest import RETRY_FOR_S, RETRY_S
from p2pchat.wire.signalling import Blob, Gone, Leave, Pass, Refusal, Take
from rendezvous.topics import HELD_S, SILENT_S, STAY_MIN_S
from tests.rendezvous.test_broker import BLOB, GUEST, HOST, TOPIC, Room, refused

NETWORK = ("203.0.113.5", "203.0.113.77", "203.0.113.200")
SITE = ("2001:db8:0:1::1", "2001:db8:0:300::1", "2001:db8:0:ff00::1")


def is_seated(room: Room, client: object) -> bool:
    """Whether it gets the guest's seat, which it asks for."""
    *_, last = room.says(client, Take(TOPIC, GUEST))  # type: ignore[arg-type]
    return not hasattr(last.message, "reason")  # type: ignore[union-attr]


@pytest.mark.parametrize("addresses", [NETWORK, SITE])
@pytest.mark.parametrize("stay", [0.2, SILENT_S - 0.1, HELD_S - 0.5])
def test_one_network_holds_the_seat_for_less_than_a_guest_waits(
    addresses: tuple[str, ...], stay: float
) -> None:
    room = Room()
    host, friend = room.enter(), room.enter("198.51.100.2")
    h = room.takes(host, HOST).seat
    sitters = [room.enter(address) for address in addresses]
    left, turn, began, asks = 0.0, 0, room.now, room.now + RETRY_S
    while room.now - began < RETRY_FOR_S:
        sitter = sitters[turn % len(sitters)]
        if room.now >= left:
            turn += 1
            room.says(sitter, Leave(TOPIC))
            sitter = sitters[turn % len(sitters)]
            if is_seated(room, sitter):
                room.says(sitter, Pass(TOPIC, h, BLOB))
            left = room.now + stay
        if room.now >= asks:
            asks += RETRY_S
            if is_seated(room, friend):
                assert room.now - began <= HELD_S + RETRY_S + 1.0
                return
        room.now += 0.1
    pytest.fail("the friend gave up")


def test_a_guest_that_comes_and_goes_at_once_does_so_a_few_times_only() -> None:
    room = Room()
    host, guest = room.enter(), room.enter(NETWORK[0])
    room.takes(host, HOST)
    for _ in range(round(HELD_S / STAY_MIN_S)):
        room.takes(guest, GUEST)
        room.says(guest, Leave(TOPIC))
    assert room.says(guest, Take(TOPIC, GUEST)) == refused(guest, Refusal.FULL)


def test_a_person_may_begin_anew_and_is_answered() -> None:
    room = Room()
    host, guest = room.enter(), room.enter(NETWORK[0])
    h = room.takes(host, HOST).seat
    for _ in range(3):
        room.takes(guest, GUEST)
        room.now += 3.0
        room.says(guest, Leave(TOPIC))
    g = room.takes(guest, GUEST).seat
    assert isinstance(room.says(guest, Pass(TOPIC, h, BLOB))[0].message, Blob)  # type: ignore[union-attr]
    room.says(host, Pass(TOPIC, g, BLOB))
    room.now += 10 * HELD_S
    assert room.broker.tick(room.now) == [], "the time counts only until the answer"
    assert room.says(host, Leave(TOPIC))[0].message == Gone(TOPIC, h)  # type: ignore[union-attr]

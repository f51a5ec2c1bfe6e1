"""What is remembered at one topic."""

from __future__ import annotations

from p2pchat.wire.signalling import Leave, Refusal, Take
from rendezvous.topics import LEAVES_MAX, SILENT_S
from tests.rendezvous.test_broker import GUEST, HOST, TOPIC, Room, refused


def test_a_guest_that_leaves_before_its_time_again_and_again_does_not_come_back() -> None:
    room = Room()
    host, sitting, friend = room.enter(), room.enter("203.0.113.5"), room.enter("198.51.100.2")
    h = room.takes(host, HOST).seat
    for _ in range(LEAVES_MAX):
        room.takes(sitting, GUEST)
        room.now += SILENT_S - 0.1
        room.says(sitting, Leave(TOPIC))
    assert room.says(sitting, Take(TOPIC, GUEST)) == refused(sitting, Refusal.FULL)
    assert room.takes(friend, GUEST).others == (h,)

"""Who may meet: each test is a conversation, what a client says and who hears what."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    OTHERS_MAX,
    Blob,
    FromClient,
    Gone,
    Leave,
    Pass,
    Refusal,
    Seated,
    SeatMode,
    SeatRefused,
    Take,
    encode_client,
)
from rendezvous.broker import Broker
from rendezvous.limits import ClientGroup, Limits, Rate, groups
from rendezvous.outputs import Census, Close, Deliver, Output
from rendezvous.topics import HELD_S, HOLDERS_MAX, SILENT_S, Connection

MESH, HOST, GUEST = SeatMode.MESH, SeatMode.HOST, SeatMode.GUEST
TOPIC, OTHER_TOPIC = Topic(b"t" * 32), Topic(b"o" * 32)
NOBODY = Seat(b"nobody!!")
BLOB = b"b" * BLOB_BYTES
EMPTY = Census(connections=0, seats=0, topics=0, groups=0)


class Room:
    """A broker with a clock that the test moves."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.broker = Broker(self.limits, random.Random(1))
        self.now = 0.0
        self.clients = 0

    def enter(self, address: str | None = "192.0.2.1") -> Connection:
        connection = self.try_to_enter(address)
        assert connection is not None
        return connection

    def try_to_enter(self, address: str | None = "192.0.2.1") -> Connection | None:
        self.clients += 1
        connection = Connection(self.clients)
        return connection if self.broker.on_connect(connection, self.groups(address), self.now) else None

    def groups(self, address: str | None) -> tuple[ClientGroup, ...]:
        return () if address is None else groups(address, self.limits)

    def says(self, who: Connection, message: FromClient) -> list[Output]:
        counted = self.broker.on_frame(who, self.now)
        return counted + self.broker.on_message(who, encode_client(message), self.now)

    def takes(self, who: Connection, mode: SeatMode, topic: Topic = TOPIC) -> Seated:
        (output,) = self.says(who, Take(topic, mode))
        assert isinstance(output, Deliver) and output.to == who and isinstance(output.message, Seated), output
        return output.message

    def leaves(self, who: Connection) -> list[Output]:
        return self.broker.on_disconnect(who, self.now)


def refused(who: Connection, reason: Refusal, topic: Topic = TOPIC) -> list[Output]:
    return [Deliver(who, SeatRefused(topic, reason))]


# --- mesh topics


def test_the_first_at_a_mesh_topic_is_alone_the_second_sees_the_first() -> None:
    room = Room()
    alice, bob = room.enter(), room.enter()
    first = room.takes(alice, MESH)
    second = room.takes(bob, MESH)
    assert first.others == ()
    assert second.others == (first.seat,)


def test_taking_again_keeps_the_seat_and_draws_others_afresh() -> None:
    room = Room()
    alice = room.enter()
    seat = room.takes(alice, MESH).seat
    strangers = {room.takes(room.enter(), MESH).seat for _ in range(40)}
    draws = [room.takes(alice, MESH) for _ in range(60)]
    assert {draw.seat for draw in draws} == {seat}
    assert all(len(draw.others) == OTHERS_MAX for draw in draws)
    assert {other for draw in draws for other in draw.others} == strangers


def test_a_seat_that_was_left_is_not_shown() -> None:
    room = Room()
    clients = [room.enter() for _ in range(5)]
    seats = [room.takes(client, MESH).seat for client in clients]
    room.says(clients[0], Leave(TOPIC))
    room.leaves(clients[2])
    assert set(room.takes(clients[4], MESH).others) == {seats[1], seats[3]}


def test_a_blob_reaches_the_seat_it_names_and_the_answer_comes_back() -> None:
    room = Room()
    alice, bob = room.enter(), room.enter()
    a = room.takes(alice, MESH).seat
    b = room.takes(bob, MESH).seat
    assert room.says(bob, Pass(TOPIC, a, BLOB)) == [Deliver(alice, Blob(TOPIC, b, BLOB))]
    assert room.says(alice, Pass(TOPIC, b, BLOB)) == [Deliver(bob, Blob(TOPIC, a, BLOB))]


def test_a_blob_to_an_empty_seat_is_answered_with_gone() -> None:
    room = Room()
    alice, bob = room.enter(), room.enter()
    a = room.takes(alice, MESH).seat
    b = room.takes(bob, MESH).seat
    room.leaves(alice)
    assert room.says(bob, Pass(TOPIC, a, BLOB)) == [Deliver(bob, Gone(TOPIC, a))]
    assert room.says(bob, Pass(TOPIC, b, BLOB)) == [Deliver(bob, Gone(TOPIC, b))], "not to oneself either"


def test_only_a_holder_of_a_seat_can_pass() -> None:
    room = Room()
    alice, mallory = room.enter(), room.enter()
    a = room.takes(alice, MESH).seat
    room.takes(mallory, MESH, OTHER_TOPIC)
    assert room.says(mallory, Pass(TOPIC, a, BLOB)) == [Deliver(mallory, Gone(TOPIC, a))]
    assert room.says(mallory, Pass(OTHER_TOPIC, a, BLOB)) == [Deliver(mallory, Gone(OTHER_TOPIC, a))]


def test_leaving_a_topic_not_held_is_ignored() -> None:
    room = Room()
    assert room.says(room.enter(), Leave(TOPIC)) == []


# --- invite topics


def test_host_and_guest_meet_and_the_host_learns_of_it_with_the_first_blob() -> None:
    room = Room()
    host, guest = room.enter(), room.enter()
    h = room.takes(host, HOST)
    g = room.takes(guest, GUEST)
    assert h.others == ()
    assert g.others == (h.seat,)
    assert room.says(guest, Pass(TOPIC, h.seat, BLOB)) == [Deliver(host, Blob(TOPIC, g.seat, BLOB))]
    assert room.says(host, Pass(TOPIC, g.seat, BLOB)) == [Deliver(guest, Blob(TOPIC, h.seat, BLOB))]


def test_an_invite_has_one_host_and_one_guest() -> None:
    room = Room()
    host, guest, late = room.enter(), room.enter(), room.enter()
    assert room.says(guest, Take(TOPIC, GUEST)) == refused(guest, Refusal.ABSENT)
    room.takes(host, HOST)
    assert room.says(late, Take(TOPIC, HOST)) == refused(late, Refusal.TAKEN)
    assert room.says(host, Take(TOPIC, GUEST)) == refused(host, Refusal.MALFORMED)
    room.takes(guest, GUEST)
    assert room.says(late, Take(TOPIC, GUEST)) == refused(late, Refusal.FULL)
    assert room.says(guest, Take(TOPIC, GUEST)) == refused(guest, Refusal.FULL)


@pytest.mark.parametrize("disconnects", [False, True])
def test_the_invite_is_over_when_an_answered_guest_leaves(disconnects: bool) -> None:
    room = Room()
    host, guest, late = room.enter(), room.enter(), room.enter()
    h = room.takes(host, HOST).seat
    g = room.takes(guest, GUEST).seat
    room.says(guest, Pass(TOPIC, h, BLOB))
    room.says(host, Pass(TOPIC, g, BLOB))
    told = room.leaves(guest) if disconnects else room.says(guest, Leave(TOPIC))
    assert told == [Deliver(host, Gone(TOPIC, g))]
    assert room.says(late, Take(TOPIC, GUEST)) == refused(late, Refusal.ABSENT)
    assert room.says(host, Pass(TOPIC, g, BLOB)) == [Deliver(host, Gone(TOPIC, g))]
    assert room.says(host, Leave(TOPIC)) == [], "the host's seat went with it"
    assert room.broker.take_census().seats == 0


@pytest.mark.parametrize("disconnects", [False, True])
@pytest.mark.parametrize("speaks", [False, True])
def test_when_a_guest_without_an_answer_leaves_the_host_waits_for_the_next(
    disconnects: bool, speaks: bool
) -> None:
    room = Room()
    host, guest, late = room.enter(), room.enter(), room.enter()
    h = room.takes(host, HOST).seat
    g = room.takes(guest, GUEST).seat
    if speaks:
        room.says(guest, Pass(TOPIC, h, BLOB))
    told = room.leaves(guest) if disconnects else room.says(guest, Leave(TOPIC))
    assert told == [Deliver(host, Gone(TOPIC, g))]
    assert room.takes(late, GUEST).others == (h,)


def test_a_silent_guest_is_removed_and_both_are_told() -> None:
    room = Room()
    host, silent = room.enter(), room.enter("203.0.113.5")
    h = room.takes(host, HOST).seat
    g = room.takes(silent, GUEST).seat
    room.now = SILENT_S - 0.1
    assert room.broker.tick(room.now) == []
    room.now = SILENT_S
    assert room.broker.tick(room.now) == [
        Deliver(silent, Gone(TOPIC, h)),
        Deliver(host, Gone(TOPIC, g)),
    ]
    assert room.says(silent, Take(TOPIC, GUEST)) == refused(silent, Refusal.FULL), "not the same again"
    assert room.takes(room.enter(), GUEST).others == (h,)


def test_only_a_guest_that_the_host_answers_stays() -> None:
    for answered in (False, True):
        room = Room()
        host, guest = room.enter(), room.enter("203.0.113.5")
        h = room.takes(host, HOST).seat
        g = room.takes(guest, GUEST).seat
        room.now = SILENT_S - 0.1
        room.says(guest, Pass(TOPIC, h, BLOB))
        room.now = HELD_S - 0.1
        if answered:
            room.says(host, Pass(TOPIC, g, BLOB))
        room.now += 1000.0
        assert bool(room.broker.tick(room.now)) is not answered


def test_a_friend_takes_the_place_of_a_silent_guest_at_once() -> None:
    room = Room()
    host, silent, friend = room.enter(), room.enter("203.0.113.5"), room.enter("198.51.100.2")
    h = room.takes(host, HOST).seat
    g = room.takes(silent, GUEST).seat
    assert room.says(friend, Take(TOPIC, GUEST)) == refused(friend, Refusal.FULL)
    room.now = SILENT_S
    *told, seated = room.says(friend, Take(TOPIC, GUEST))
    assert told == [Deliver(silent, Gone(TOPIC, h)), Deliver(host, Gone(TOPIC, g))]
    assert isinstance(seated, Deliver) and isinstance(seated.message, Seated)


def test_an_invite_remembers_some_guests_that_it_refused() -> None:
    room = Room(replace(Limits(), connections_per_address=1000, seats_per_address=1000))
    room.takes(room.enter(), HOST)
    for number in range(HOLDERS_MAX + 1):
        room.takes(room.enter(f"203.0.{number}.1"), GUEST)
        room.now += SILENT_S
        room.broker.tick(room.now)
    second = room.enter("203.0.1.1")
    assert room.says(second, Take(TOPIC, GUEST)) == refused(second, Refusal.FULL)
    room.takes(room.enter("203.0.0.1"), GUEST)


@pytest.mark.parametrize("disconnects", [False, True])
def test_when_the_host_leaves_the_invite_is_over(disconnects: bool) -> None:
    room = Room()
    host, guest = room.enter(), room.enter()
    h = room.takes(host, HOST).seat
    room.takes(guest, GUEST)
    told = room.leaves(host) if disconnects else room.says(host, Leave(TOPIC))
    assert told == [Deliver(guest, Gone(TOPIC, h))]
    assert room.says(guest, Take(TOPIC, GUEST)) == refused(guest, Refusal.ABSENT)


def test_a_host_without_a_guest_leaves_without_a_trace() -> None:
    room = Room()
    host = room.enter()
    room.takes(host, HOST)
    assert room.says(host, Leave(TOPIC)) == []
    assert room.takes(host, HOST).others == (), "and may open it again"


def test_meshes_and_invites_do_not_mix() -> None:
    room = Room()
    alice, bob = room.enter(), room.enter()
    room.takes(alice, MESH)
    assert room.says(bob, Take(TOPIC, HOST)) == refused(bob, Refusal.TAKEN)
    assert room.says(bob, Take(TOPIC, GUEST)) == refused(bob, Refusal.ABSENT)
    room.takes(alice, HOST, OTHER_TOPIC)
    assert room.says(bob, Take(OTHER_TOPIC, MESH)) == refused(bob, Refusal.TAKEN, OTHER_TOPIC)


# --- broken clients


@pytest.mark.parametrize("data", [b"", b"\x01", b"\xff" * 34, encode_client(Leave(TOPIC)) + b"!"])
def test_bytes_that_do_not_parse_end_the_connection(data: bytes) -> None:
    room = Room()
    host, guest = room.enter(), room.enter()
    room.takes(host, HOST)
    g = room.takes(guest, GUEST).seat
    told, closed = room.broker.on_message(guest, data, room.now)
    assert told == Deliver(host, Gone(TOPIC, g))
    assert isinstance(closed, Close) and closed.connection == guest
    assert len(closed.reason.encode()) <= 123, "what a close frame holds"
    assert room.says(guest, Take(TOPIC, MESH)) == [], "what is still in the pipe counts for nothing"


def test_a_connection_that_says_too_much_is_ended() -> None:
    room = Room(replace(Limits(), messages_per_connection=Rate(3, 1.0)))
    chatty = room.enter()
    for _ in range(3):
        assert room.says(chatty, Leave(TOPIC)) == []
    assert room.says(chatty, Leave(TOPIC)) == [Close(chatty, "too many messages")]


def test_a_connection_that_takes_no_seat_is_ended() -> None:
    room = Room()
    idle, seated, left = room.enter(), room.enter(), room.enter()
    room.takes(seated, MESH)
    room.takes(left, MESH)
    room.now = 59.0
    assert room.broker.tick(room.now) == []
    room.says(left, Leave(TOPIC))
    room.now = 60.0
    assert room.broker.tick(room.now) == [Close(idle, "no seat taken")]
    room.now = 119.0
    assert room.broker.tick(room.now) == [Close(left, "no seat taken")]


# --- caps


def test_connections_are_capped_in_all() -> None:
    room = Room(replace(Limits(), connections=2))
    first = room.enter("192.0.2.1")
    room.enter(None)
    assert room.try_to_enter("192.0.2.3") is None
    room.leaves(first)
    assert room.try_to_enter("192.0.2.3") is not None


def test_connections_are_capped_per_address() -> None:
    room = Room(replace(Limits(), connections_per_address=2))
    first, _ = room.enter("192.0.2.1"), room.enter("192.0.2.1")
    assert room.try_to_enter("192.0.2.1") is None
    room.enter("192.0.2.2")
    room.leaves(first)
    room.enter("192.0.2.1")


def test_the_loopback_is_under_no_cap_per_address() -> None:
    tight = replace(Limits(), connections_per_address=1, seats_per_address=1, takes_per_address=Rate(1, 0.0))
    room = Room(tight)
    for _ in range(5):
        room.takes(room.enter(None), MESH)


def test_an_address_that_connects_too_often_waits_even_if_it_hangs_up_between() -> None:
    room = Room(replace(Limits(), connects_per_address=Rate(2, 0.5)))
    for _ in range(2):
        room.leaves(room.enter())
    room.broker.tick(room.now)
    assert room.try_to_enter() is None
    room.now = 2.0
    assert room.try_to_enter() is not None


@pytest.mark.parametrize(
    "limits",
    [
        replace(Limits(), seats_per_connection=2),
        replace(Limits(), seats_per_address=2),
        replace(Limits(), seats=2),
        replace(Limits(), topics=2),
    ],
    ids=["connection", "address", "seats", "topics"],
)
def test_seats_and_topics_are_capped(limits: Limits) -> None:
    room = Room(limits)
    client = room.enter()
    third = Topic(b"3" * 32)
    room.takes(client, MESH, TOPIC)
    room.takes(client, HOST, OTHER_TOPIC)
    assert room.says(client, Take(third, MESH)) == refused(client, Refusal.BUSY, third)
    room.takes(client, MESH, TOPIC)  # what is held can be asked about again
    room.says(client, Leave(OTHER_TOPIC))
    room.takes(client, MESH, third)


def test_a_full_house_of_topics_still_seats_more_at_those_there_are() -> None:
    room = Room(replace(Limits(), topics=1))
    room.takes(room.enter(), MESH)
    assert len(room.takes(room.enter(), MESH).others) == 1


def test_takes_are_rationed_by_address_even_those_that_fail() -> None:
    room = Room(replace(Limits(), takes_per_address=Rate(2, 1.0)))
    one, two = room.enter("192.0.2.1"), room.enter("192.0.2.1")
    assert room.says(one, Take(TOPIC, GUEST)) == refused(one, Refusal.ABSENT)
    assert room.says(two, Take(TOPIC, GUEST)) == refused(two, Refusal.ABSENT)
    assert room.says(one, Take(TOPIC, GUEST)) == refused(one, Refusal.BUSY)
    elsewhere = room.enter("192.0.2.2")
    assert room.says(elsewhere, Take(TOPIC, GUEST)) == refused(elsewhere, Refusal.ABSENT)
    room.now = 1.0
    assert room.says(one, Take(TOPIC, GUEST)) == refused(one, Refusal.ABSENT)


def test_passes_are_rationed_by_address() -> None:
    room = Room(replace(Limits(), passes_per_address=Rate(1, 1.0)))
    alice, bob = room.enter("192.0.2.1"), room.enter("192.0.2.2")
    a = room.takes(alice, MESH).seat
    b = room.takes(bob, MESH).seat
    assert room.says(bob, Pass(TOPIC, a, BLOB)) == [Deliver(alice, Blob(TOPIC, b, BLOB))]
    assert room.says(bob, Pass(TOPIC, a, BLOB)) == refused(bob, Refusal.BUSY)
    room.now = 1.0
    assert room.says(bob, Pass(TOPIC, a, BLOB)) == [Deliver(alice, Blob(TOPIC, b, BLOB))]


def crowd(room: Room, hosts: Iterator[str]) -> int:
    """How many of these are let in."""
    return sum(room.try_to_enter(host) is not None for host in hosts)


def test_one_customer_of_ipv6_cannot_take_the_server_nor_can_one_network() -> None:
    room = Room()
    site = (f"2001:db8:0:{net:x}::{n + 1:x}" for net in range(256) for n in range(64))
    assert crowd(room, site) == 128
    network = (f"2001:db8:0:{net:x}::{n + 1:x}" for net in range(256, 65536, 64) for n in range(8))
    assert crowd(room, network) == 512 - 128
    assert crowd(room, (f"192.0.2.{n}" for n in range(256) for _ in range(64))) == 512
    assert room.try_to_enter("198.51.100.7") is not None


def test_seats_and_rates_of_a_network_are_capped_too() -> None:
    limits = replace(Limits(), seats_per_address=1, takes_per_address=Rate(1, 0.0), addresses_per_network=2)
    room = Room(limits)
    first, second, third = (room.enter(f"192.0.2.{n}") for n in range(3))
    room.takes(first, MESH)
    room.takes(second, MESH)
    assert room.says(third, Take(TOPIC, MESH)) == refused(third, Refusal.BUSY)
    room.takes(room.enter("198.51.100.7"), MESH)


def test_addresses_are_forgotten_once_forgetting_changes_nothing() -> None:
    room = Room(replace(Limits(), connects_per_address=Rate(10, 1.0), addresses=2))
    room.leaves(room.enter("192.0.2.1"))
    room.broker.tick(room.now)
    assert room.try_to_enter("198.51.100.2") is None, "the table of addresses is full"
    room.now = 1.0
    room.broker.tick(room.now)
    assert room.broker.take_census() == EMPTY
    room.enter("198.51.100.2")


def test_nothing_is_left_when_everybody_has_left() -> None:
    room = Room()
    host, guest, member = (room.enter(f"192.0.2.{n}") for n in range(3))
    room.takes(host, HOST)
    room.takes(guest, GUEST)
    for client in (host, guest, member):
        room.takes(client, MESH, OTHER_TOPIC)
    assert room.broker.take_census() == Census(connections=3, seats=5, topics=2, groups=4)
    for client in (guest, member, host):
        room.leaves(client)
    room.now = 1000.0
    room.broker.tick(room.now)
    assert room.broker.take_census() == EMPTY


def test_a_broker_for_some_topics_refuses_seats_at_others() -> None:
    other = Topic(b"o" * 32)
    broker = Broker(Limits(), random.Random(1), serves=lambda topic: topic == TOPIC)
    client = Connection(1)
    assert broker.on_connect(client, (), 0.0)
    for mode in SeatMode:
        (said,) = broker.on_message(client, encode_client(Take(other, mode)), 0.0)
        assert said == Deliver(client, SeatRefused(other, Refusal.ABSENT))
    (said,) = broker.on_message(client, encode_client(Take(TOPIC, SeatMode.MESH)), 0.0)
    assert isinstance(said, Deliver) and isinstance(said.message, Seated)
    assert (broker.take_census().seats, broker.take_census().topics) == (1, 1)

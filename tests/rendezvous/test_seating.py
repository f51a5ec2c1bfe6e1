"""Seats are taken, freed and told of; caps and other servers' hosts are kept to."""

from __future__ import annotations

import random
from dataclasses import replace

from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import BLOB_BYTES, Refusal, SeatMode, encode_blob
from rendezvous.bus_messages import TopicKind
from rendezvous.clients import Clients, ConnectedClient
from rendezvous.limits import Limits
from rendezvous.outputs import DeliverBytes
from rendezvous.seating import Seating
from rendezvous.topics import Connection

TOPIC = Topic(b"t" * 32)
OWN, OTHER = b"AAAA", b"BBBB"


def seating(limits: Limits | None = None) -> tuple[Seating, ConnectedClient]:
    """Of a server of a cluster, and a client that is let in."""
    clients = Clients(limits or Limits())
    made = Seating(clients, limits or Limits(), random.Random(1), OWN, lambda topic: topic[0] != 0)
    assert clients.let_in(Connection(1), (), 0.0)
    (client,) = clients
    return made, client


def test_a_seat_is_counted_until_it_is_freed() -> None:
    seats, client = seating(replace(Limits(), seats=1))
    place = seats.take_seat(client, TOPIC, SeatMode.MESH, 0.0)
    assert place.seat.startswith(OWN) and not seats.is_foreign(place.seat)
    assert seats.why_not(client, Topic(b"u" * 32), SeatMode.MESH) is Refusal.BUSY
    assert seats.why_not(client, TOPIC, SeatMode.MESH) is None, "it sits there already"
    assert seats.free_seat(place, 7.0) is client
    assert (seats.count, client.seatless_since) == (0, 7.0)


def test_what_is_not_served_or_is_an_invite_elsewhere_is_refused() -> None:
    seats, client = seating()
    assert seats.why_not(client, Topic(bytes(32)), SeatMode.MESH) is Refusal.ABSENT
    seats.directory.enter_seat(OTHER, TOPIC, Seat(OTHER + b"host"), TopicKind.INVITE)
    assert seats.why_not(client, TOPIC, SeatMode.MESH) is Refusal.TAKEN


def test_a_claim_is_told_of_unless_it_yields() -> None:
    seats, client = seating()
    seats.claims[TOPIC] = client.connection
    assert seats.tell_kind(TOPIC, SeatMode.HOST, yields=False) is TopicKind.INVITE
    assert seats.tell_kind(TOPIC, SeatMode.HOST, yields=True) is TopicKind.NOTHING
    assert seats.tell_kind(TOPIC, SeatMode.GUEST, yields=False) is TopicKind.NOTHING


def test_others_come_from_here_and_elsewhere() -> None:
    seats, client = seating()
    place = seats.take_seat(client, TOPIC, SeatMode.MESH, 0.0)
    assert seats.draw_others(place) == ()
    away = Seat(OTHER + b"seat")
    seats.directory.enter_seat(OTHER, TOPIC, away, TopicKind.MESH)
    assert seats.draw_others(place) == (away,)


def test_a_blob_from_another_server_reaches_its_seat_only() -> None:
    seats, client = seating()
    place = seats.take_seat(client, TOPIC, SeatMode.MESH, 0.0)
    blob = encode_blob(TOPIC, Seat(OTHER + b"seat"), bytes(BLOB_BYTES))
    assert seats.carry_in(place.seat, blob) == DeliverBytes(client.connection, blob)
    assert seats.carry_in(Seat(OWN + b"none"), blob) is None

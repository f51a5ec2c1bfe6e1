"""Assigns seats, and decides which clients may take one.

Knows: all topics of this server, what other servers have at them, and the caps on seats. Does not know: what
a client is told.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import assert_never

from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import OTHERS_MAX, Refusal, SeatMode, look_at_blob
from rendezvous.bus_messages import TopicKind
from rendezvous.clients import Clients, ConnectedClient
from rendezvous.directory import Directory
from rendezvous.limits import Limits
from rendezvous.outputs import DeliverBytes, TellSeat
from rendezvous.topics import Connection, InviteTopic, MeshTopic, TakenSeat, mixed, new_seat


class Seating:
    """``server`` and ``serves``: as in ``Broker``."""

    def __init__(
        self,
        clients: Clients,
        limits: Limits,
        rng: random.Random,
        server: bytes,
        serves: Callable[[Topic], bool],
    ) -> None:
        self.directory = Directory(rng)
        """What the others have."""
        self.count = 0
        """Of taken seats."""
        self.claims: dict[Topic, Connection] = {}
        """Clients that wait for the other servers before they may be the host."""
        self.topics: dict[Topic, MeshTopic | InviteTopic] = {}
        self._clients = clients
        self._limits = limits
        self._random = rng
        self._server = server
        self._serves = serves

    # --- permission to sit

    def why_not(self, client: ConnectedClient, topic: Topic, mode: SeatMode) -> Refusal | None:
        """Why it may not have that seat; None: it may, as far as this server knows."""
        if not self._serves(topic):
            return Refusal.ABSENT
        there = self.topics.get(topic)
        match mode:
            case SeatMode.MESH:
                if isinstance(there, InviteTopic) or self.directory.has_invite(topic):
                    return Refusal.TAKEN
            case SeatMode.HOST:
                if there is not None:
                    return Refusal.TAKEN
            case SeatMode.GUEST:
                if client.is_away(topic):
                    return Refusal.FULL
                if not isinstance(there, InviteTopic):
                    return Refusal.ABSENT
                if there.host.connection == client.connection:
                    return Refusal.MALFORMED
                if there.sitting is not None or not there.accepts_guest(client.culprit):
                    return Refusal.FULL
            case _:
                assert_never(mode)
        return None if topic in client.places or self.has_room(client, topic) else Refusal.BUSY

    def has_room(self, client: ConnectedClient, topic: Topic) -> bool:
        """Whether no cap is reached."""
        limits = self._limits
        return (
            client.wishes < limits.seats_per_connection
            and all(group.seats < limits.seats_per_address * group.worth for group in client.groups)
            and self.count < limits.seats
            and (topic in self.topics or len(self.topics) < limits.topics)
        )

    def concerns_all(self, client: ConnectedClient, topic: Topic, mode: SeatMode) -> bool:
        """Whether other servers have a say: at an invite, but not where this one alone knows that it is
        refused, or that the host is here. What they have of meshes is known."""
        if not self._server or mode is SeatMode.MESH or client.is_away(topic):
            return False
        reason = self.why_not(client, topic, mode)
        return reason is Refusal.ABSENT or (reason is None and mode is SeatMode.HOST)

    # --- seats

    def take_seat(self, client: ConnectedClient, topic: Topic, mode: SeatMode, now: float) -> TakenSeat:
        """Take a seat that there is."""
        if mode is SeatMode.MESH:
            mesh = self.topics.get(topic)
            if mesh is None:
                mesh = self.topics[topic] = MeshTopic(self._random, self._server)
            assert isinstance(mesh, MeshTopic), "checked before"
            place = mesh.take_seat(topic, client.connection)
        else:
            place = TakenSeat(topic, new_seat(self._random, self._server), client.connection)
            invite = self.topics.setdefault(topic, InviteTopic(place))
            assert isinstance(invite, InviteTopic), "checked before"
            if invite.host is not place:
                invite.seat_guest(place, client.culprit, now)
        client.places[topic] = place
        self._count_seats(client, 1)
        return place

    def free_seat(self, place: TakenSeat, now: float) -> ConnectedClient:
        """Free a seat and return its client; the caller still has to tell the topic."""
        client = self._clients.find_client(place.connection)
        assert client is not None, "a client that is gone has no seat"
        del client.places[place.topic]
        self._count_seats(client, -1)
        client.seatless_since = now
        return client

    def draw_others(self, place: TakenSeat) -> tuple[Seat, ...]:
        """The host that a guest is led to."""
        there = self.topics[place.topic]
        here = there.other_seats(place, OTHERS_MAX)
        if not self._server or not isinstance(there, MeshTopic):
            return here
        count, elsewhere = self.directory.sample_seats(place.topic, OTHERS_MAX)
        if not here or not elsewhere:
            return here or elsewhere
        return mixed(self._random, [(len(there) - 1, here), (count, elsewhere)], OTHERS_MAX)

    def find_member(self, topic: Topic, seat: Seat) -> TakenSeat | None:
        """The clients there, if it is a mesh."""
        there = self.topics.get(topic)
        return there.find_seat(seat) if isinstance(there, MeshTopic) else None

    def list_movable(self) -> list[Connection]:
        """Clients that can go elsewhere without harm: those in no invite."""
        return [
            client.connection
            for client in self._clients
            if not client.away and all(isinstance(self.topics[topic], MeshTopic) for topic in client.places)
        ]

    # --- for other servers

    def is_foreign(self, seat: Seat) -> bool:
        """Whether it is a seat of another server."""
        return bool(self._server) and not seat.startswith(self._server)

    def tell_kind(self, topic: Topic, mode: SeatMode, yields: bool) -> TopicKind:
        """What there is here, for another server's client that wants to be a host or a guest. A claim of ours
        counts unless it ``yields``: of two servers that claim at once, one has to."""
        there = self.topics.get(topic)
        if isinstance(there, MeshTopic):
            return TopicKind.MESH
        claimed = mode is not SeatMode.GUEST and topic in self.claims and not yields
        return TopicKind.INVITE if there is not None or claimed else TopicKind.NOTHING

    def tell_seat(self, place: TakenSeat, kind: TopicKind) -> list[TellSeat]:
        """Tell the other servers, if there are any."""
        return [TellSeat(place.topic, place.seat, kind)] if self._server else []

    def tell_all(self) -> Iterator[TellSeat]:
        """Yield all that was told of seats and still holds."""
        for topic, there in self.topics.items():
            if isinstance(there, MeshTopic):
                yield from (TellSeat(topic, seat, TopicKind.MESH) for seat in there.list_seats())
            else:
                yield TellSeat(topic, there.host.seat, TopicKind.INVITE)

    def carry_in(self, target: Seat, blob: bytes) -> DeliverBytes | None:
        """A Blob from a seat of another server; None: the seat is empty. Raises Malformed."""
        there = self.topics.get(look_at_blob(blob)[0])
        place = there.find_seat(target) if isinstance(there, MeshTopic) else None
        return None if place is None else DeliverBytes(place.connection, blob)

    def _count_seats(self, client: ConnectedClient, change: int) -> None:
        self.count += change
        for group in client.groups:
            group.seats += change

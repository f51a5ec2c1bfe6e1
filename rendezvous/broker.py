"""Who may meet whom: seats, topics, and the blobs passed between them.

Knows: which connection holds which seat, and what each may still ask for. Does not know: sockets, clocks,
or anything that would be worth keeping: it remembers nothing of a seat, a topic or a blob that is gone.

A client that breaks the protocol is disconnected: bytes that do not parse, more frames than its rate. One
that asks for too much by the rules is refused: BUSY. A Leave of a topic not held is ignored; a Pass from or
to a seat that is not taken is answered by Gone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import assert_never

from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    OTHERS_MAX,
    SEAT_BYTES,
    Blob,
    FromServer,
    Gone,
    Leave,
    Pass,
    Refusal,
    Refused,
    Seated,
    SeatMode,
    Take,
    decode_client,
)
from rendezvous.bucket import Bucket
from rendezvous.limits import Limits
from rendezvous.topics import Connection, InviteTopic, MeshTopic, Place


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message to a client."""

    to: Connection
    message: FromServer


@dataclass(frozen=True, slots=True)
class Close:
    """Disconnect a client that the broker has already forgotten. ``reason`` is fit for a WebSocket close
    frame."""

    connection: Connection
    reason: str


Output = Send | Close


@dataclass(frozen=True, slots=True)
class Census:
    """How many of each there are now."""

    connections: int
    seats: int
    topics: int
    addresses: int


@dataclass(slots=True)
class _Address:
    """What the clients of one address hold and may still ask for."""

    connects: Bucket
    takes: Bucket
    passes: Bucket
    connections: int = 0
    seats: int = 0

    def forgettable(self, now: float) -> bool:
        """Whether a new record would be the same."""
        return not self.connections and all(b.full(now) for b in (self.connects, self.takes, self.passes))


@dataclass(slots=True)
class _Client:
    connection: Connection
    address: _Address | None
    frames: Bucket
    seatless_since: float
    places: dict[Topic, Place] = field(default_factory=dict)


class Broker:
    """Decides; ``now`` is monotonic seconds. ``rng`` draws seats and samples: a ``SystemRandom`` outside
    tests."""

    def __init__(self, limits: Limits, rng: random.Random) -> None:
        self._limits = limits
        self._random = rng
        self._clients: dict[Connection, _Client] = {}
        self._addresses: dict[str, _Address] = {}
        self._topics: dict[Topic, MeshTopic | InviteTopic] = {}
        self._seats = 0

    # --- connections

    def connected(self, connection: Connection, address: str | None, now: float) -> bool:
        """A client has connected; False: a cap is reached, turn it away. ``address`` None: caps over all
        only."""
        if len(self._clients) >= self._limits.connections:
            return False
        record = None
        if address is not None:
            record = self._address(address, now)
            if record is None or record.connections >= self._limits.connections_per_address:
                return False
            if not record.connects.draw(now):
                return False
            record.connections += 1
        frames = Bucket(self._limits.messages_per_connection, now)
        self._clients[connection] = _Client(connection, record, frames, now)
        return True

    def framed(self, connection: Connection, now: float) -> list[Output]:
        """A WebSocket frame of any kind came in: a message, a part of one, a ping, a pong. All cost the same,
        for each has to be parsed, and some have to be answered."""
        client = self._clients.get(connection)
        if client is None or client.frames.draw(now):
            return []
        return self.expel(connection, "too many messages", now)

    def received(self, connection: Connection, data: bytes, now: float) -> list[Output]:
        """A binary message has come in, whose frames were counted."""
        client = self._clients.get(connection)
        if client is None:
            return []
        try:
            message = decode_client(data)
        except Malformed as error:
            return self.expel(connection, str(error), now)
        match message:
            case Take(topic, mode):
                return self._take(client, topic, mode, now)
            case Leave(topic):
                place = client.places.get(topic)
                return self._stand(place, now) if place is not None else []
            case Pass(topic, seat, blob):
                return self._pass(client, topic, seat, blob, now)
            case _:
                assert_never(message)

    def disconnected(self, connection: Connection, now: float) -> list[Output]:
        """A connection has ended: its seats are free. Harmless when it was ended from here."""
        client = self._clients.get(connection)
        if client is None:
            return []
        out = [output for place in list(client.places.values()) for output in self._stand(place, now)]
        if client.address is not None:
            client.address.connections -= 1
        del self._clients[connection]
        return out

    def expel(self, connection: Connection, reason: str, now: float) -> list[Output]:
        """Forget a client and have it disconnected."""
        return [*self.disconnected(connection, now), Close(connection, reason)]

    def tick(self, now: float) -> list[Output]:
        """Every few seconds: close what holds no seat, forget what is as good as new."""
        self._forget_addresses(now)
        too_long = now - self._limits.seatless_seconds
        idle = [c.connection for c in self._clients.values() if not c.places and c.seatless_since <= too_long]
        return [output for connection in idle for output in self.expel(connection, "no seat taken", now)]

    def census(self) -> Census:
        """Count everything that could grow."""
        return Census(len(self._clients), self._seats, len(self._topics), len(self._addresses))

    # --- seats

    def _take(self, client: _Client, topic: Topic, mode: SeatMode, now: float) -> list[Output]:
        reason = self._why_not(client, topic, mode, now)
        if reason is not None:
            return [Send(client.connection, Refused(topic, reason))]
        place = client.places.get(topic)
        if place is None:
            place = self._sit(client, topic, mode)
        others = self._topics[topic].others(place, OTHERS_MAX)
        return [Send(client.connection, Seated(topic, place.seat, others))]

    def _why_not(self, client: _Client, topic: Topic, mode: SeatMode, now: float) -> Refusal | None:
        # The rate comes first, so that not even the existence of topics can be probed faster.
        if client.address is not None and not client.address.takes.draw(now):
            return Refusal.BUSY
        there = self._topics.get(topic)
        match mode:
            case SeatMode.MESH:
                if isinstance(there, InviteTopic):
                    return Refusal.TAKEN
            case SeatMode.HOST:
                if there is not None:
                    return Refusal.TAKEN
            case SeatMode.GUEST:
                if not isinstance(there, InviteTopic):
                    return Refusal.ABSENT
                if there.host.connection == client.connection:
                    return Refusal.MALFORMED
                if there.guest is not None:
                    return Refusal.FULL
            case _:
                assert_never(mode)
        return None if topic in client.places or self._room(client, topic) else Refusal.BUSY

    def _room(self, client: _Client, topic: Topic) -> bool:
        limits = self._limits
        return (
            len(client.places) < limits.seats_per_connection
            and (client.address is None or client.address.seats < limits.seats_per_address)
            and self._seats < limits.seats
            and (topic in self._topics or len(self._topics) < limits.topics)
        )

    def _sit(self, client: _Client, topic: Topic, mode: SeatMode) -> Place:
        if mode is SeatMode.MESH:
            mesh = self._topics.setdefault(topic, MeshTopic(self._random))
            assert isinstance(mesh, MeshTopic), "checked before"
            place = mesh.sit(topic, client.connection)
        else:
            place = Place(topic, Seat(self._random.randbytes(SEAT_BYTES)), client.connection)
            invite = self._topics.setdefault(topic, InviteTopic(place))
            assert isinstance(invite, InviteTopic), "checked before"
            if invite.host is not place:
                invite.guest = place
        client.places[topic] = place
        self._count(client, 1)
        return place

    def _stand(self, place: Place, now: float) -> list[Output]:
        """Free a seat; the end of an invite frees the other seat too and tells who sat there."""
        there = self._topics[place.topic]
        self._vacate(place, now)
        if isinstance(there, MeshTopic):
            there.stand(place)
            if not there:
                del self._topics[place.topic]
            return []
        del self._topics[place.topic]
        other = there.other(place)
        if other is None:
            return []
        self._vacate(other, now)
        return [Send(other.connection, Gone(place.topic, place.seat))]

    def _vacate(self, place: Place, now: float) -> None:
        client = self._clients[place.connection]
        del client.places[place.topic]
        self._count(client, -1)
        client.seatless_since = now

    def _count(self, client: _Client, change: int) -> None:
        self._seats += change
        if client.address is not None:
            client.address.seats += change

    # --- blobs

    def _pass(self, client: _Client, topic: Topic, seat: Seat, blob: bytes, now: float) -> list[Output]:
        if client.address is not None and not client.address.passes.draw(now):
            return [Send(client.connection, Refused(topic, Refusal.BUSY))]
        own = client.places.get(topic)
        target = self._topics[topic].find(seat) if own is not None else None
        if own is None or target is None or target is own:
            return [Send(client.connection, Gone(topic, seat))]
        return [Send(target.connection, Blob(topic, own.seat, blob))]

    # --- addresses

    def _address(self, address: str, now: float) -> _Address | None:
        record = self._addresses.get(address)
        if record is None:
            if len(self._addresses) >= self._limits.addresses:
                return None
            limits = self._limits
            record = self._addresses[address] = _Address(
                Bucket(limits.connects_per_address, now),
                Bucket(limits.takes_per_address, now),
                Bucket(limits.passes_per_address, now),
            )
        return record

    def _forget_addresses(self, now: float) -> None:
        for address in [name for name, record in self._addresses.items() if record.forgettable(now)]:
            del self._addresses[address]

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
from rendezvous.limits import Group, Limits, culprit
from rendezvous.topics import Connection, InviteTopic, MeshTopic, Place, Sitting


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
    groups: int


@dataclass(slots=True)
class _Together:
    """What the clients of one group hold and may still ask for."""

    worth: int
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
    culprit: str | None
    groups: tuple[_Together, ...]
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
        self._groups: dict[str, _Together] = {}
        self._topics: dict[Topic, MeshTopic | InviteTopic] = {}
        self._seats = 0

    # --- connections

    def connected(self, connection: Connection, groups: tuple[Group, ...], now: float) -> bool:
        """A client has connected; False: a cap is reached, turn it away. ``groups``: those it is counted in;
        without any there are only the caps over all."""
        if len(self._clients) >= self._limits.connections:
            return False
        together = self._together(groups, now)
        if together is None or not self._admits(together, now):
            return False
        for group in together:
            group.connections += 1
        frames = Bucket(self._limits.messages_per_connection, now)
        self._clients[connection] = _Client(connection, culprit(groups), together, frames, now)
        return True

    def came_from(self, connection: Connection, groups: tuple[Group, ...], now: float) -> bool:
        """A proxy says where a client that has just connected is; False as in ``connected``: it is forgotten
        then."""
        self.disconnected(connection, now)
        return self.connected(connection, groups, now)

    def _admits(self, together: tuple[_Together, ...], now: float) -> bool:
        most = self._limits.connections_per_address
        if any(group.connections >= most * group.worth for group in together):
            return False
        return _draw([group.connects for group in together], now)

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
        for group in client.groups:
            group.connections -= 1
        del self._clients[connection]
        return out

    def expel(self, connection: Connection, reason: str, now: float) -> list[Output]:
        """Forget a client and have it disconnected."""
        return [*self.disconnected(connection, now), Close(connection, reason)]

    def tick(self, now: float) -> list[Output]:
        """Every few seconds: close what holds no seat, put out guests who say nothing, forget what is as good
        as new."""
        self._forget_groups(now)
        too_long = now - self._limits.seatless_seconds
        idle = [c.connection for c in self._clients.values() if not c.places and c.seatless_since <= too_long]
        out = [output for connection in idle for output in self.expel(connection, "no seat taken", now)]
        return out + [output for topic in list(self._topics) for output in self._clear_the_way(topic, now)]

    def census(self) -> Census:
        """Count everything that could grow."""
        return Census(len(self._clients), self._seats, len(self._topics), len(self._groups))

    # --- seats

    def _take(self, client: _Client, topic: Topic, mode: SeatMode, now: float) -> list[Output]:
        # The rate comes first, so that not even the existence of topics can be probed faster.
        if not _draw([group.takes for group in client.groups], now):
            return [Send(client.connection, Refused(topic, Refusal.BUSY))]
        out = self._clear_the_way(topic, now)
        reason = self._why_not(client, topic, mode)
        if reason is not None:
            return [*out, Send(client.connection, Refused(topic, reason))]
        place = client.places.get(topic)
        if place is None:
            place = self._sit(client, topic, mode, now)
        others = self._topics[topic].others(place, OTHERS_MAX)
        return [*out, Send(client.connection, Seated(topic, place.seat, others))]

    def _clear_the_way(self, topic: Topic, now: float) -> list[Output]:
        """Put out the guest of an invite who has made nothing of its time; both ends are told."""
        there = self._topics.get(topic)
        if not isinstance(there, InviteTopic) or there.sitting is None or not there.sitting.in_the_way(now):
            return []
        guest = there.sitting.place
        there.put_out(self._clients[guest.connection].culprit)
        self._vacate(guest, now)
        return [
            Send(guest.connection, Gone(topic, there.host.seat)),
            Send(there.host.connection, Gone(topic, guest.seat)),
        ]

    def _why_not(self, client: _Client, topic: Topic, mode: SeatMode) -> Refusal | None:
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
                if there.sitting is not None or not there.welcome(client.culprit):
                    return Refusal.FULL
            case _:
                assert_never(mode)
        return None if topic in client.places or self._room(client, topic) else Refusal.BUSY

    def _room(self, client: _Client, topic: Topic) -> bool:
        limits = self._limits
        return (
            len(client.places) < limits.seats_per_connection
            and all(group.seats < limits.seats_per_address * group.worth for group in client.groups)
            and self._seats < limits.seats
            and (topic in self._topics or len(self._topics) < limits.topics)
        )

    def _sit(self, client: _Client, topic: Topic, mode: SeatMode, now: float) -> Place:
        if mode is SeatMode.MESH:
            mesh = self._topics.setdefault(topic, MeshTopic(self._random))
            assert isinstance(mesh, MeshTopic), "checked before"
            place = mesh.sit(topic, client.connection)
        else:
            place = Place(topic, Seat(self._random.randbytes(SEAT_BYTES)), client.connection)
            invite = self._topics.setdefault(topic, InviteTopic(place))
            assert isinstance(invite, InviteTopic), "checked before"
            if invite.host is not place:
                invite.sitting = Sitting(place, now)
        client.places[topic] = place
        self._count(client, 1)
        return place

    def _stand(self, place: Place, now: float) -> list[Output]:
        """Free a seat. The end of an invite frees the other seat too; who sat there is told. A guest who had
        no answer leaves the host to the next."""
        there = self._topics[place.topic]
        self._vacate(place, now)
        if isinstance(there, MeshTopic):
            there.stand(place)
            if not there:
                del self._topics[place.topic]
            return []
        other = there.other(place)
        if there.sitting is not None and place is not there.host and not there.sitting.answered:
            there.put_out(None)
            return [Send(there.host.connection, Gone(place.topic, place.seat))]
        del self._topics[place.topic]
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
        for group in client.groups:
            group.seats += change

    # --- blobs

    def _pass(self, client: _Client, topic: Topic, seat: Seat, blob: bytes, now: float) -> list[Output]:
        if not _draw([group.passes for group in client.groups], now):
            return [Send(client.connection, Refused(topic, Refusal.BUSY))]
        own = client.places.get(topic)
        there = self._topics.get(topic)
        target = there.find(seat) if own is not None and there is not None else None
        if own is None or target is None or target is own:
            return [Send(client.connection, Gone(topic, seat))]
        if isinstance(there, InviteTopic):
            there.passed(own, now)
        return [Send(target.connection, Blob(topic, own.seat, blob))]

    # --- groups

    def _together(self, groups: tuple[Group, ...], now: float) -> tuple[_Together, ...] | None:
        """The records of these groups; None when there are too many to remember one more."""
        new = sum(group.name not in self._groups for group in groups)
        if len(self._groups) + new > self._limits.addresses:
            return None
        return tuple(self._remembered(group, now) for group in groups)

    def _remembered(self, group: Group, now: float) -> _Together:
        record = self._groups.get(group.name)
        if record is None:
            limits, worth = self._limits, group.worth
            record = self._groups[group.name] = _Together(
                worth,
                Bucket(limits.connects_per_address, now, worth),
                Bucket(limits.takes_per_address, now, worth),
                Bucket(limits.passes_per_address, now, worth),
            )
        return record

    def _forget_groups(self, now: float) -> None:
        for name in [name for name, record in self._groups.items() if record.forgettable(now)]:
            del self._groups[name]


def _draw(buckets: list[Bucket], now: float) -> bool:
    """Take one token of each, or none of any."""
    return all(bucket.has(now) for bucket in buckets) and all(bucket.draw(now) for bucket in buckets)

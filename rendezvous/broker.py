"""Who may meet whom: seats, topics, and the blobs passed between them.

Knows: which connection holds which seat, and what each may still ask for. Does not know: sockets, clocks,
or anything that would be worth keeping: it remembers nothing of a seat, a topic or a blob that is gone.

A client that breaks the protocol is disconnected: bytes that do not parse, more frames than its rate. One
that asks for too much by the rules is refused: BUSY. A Leave of a topic not held is ignored; a Pass from or
to a seat that is not taken is answered by Gone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import assert_never

from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    OTHERS_MAX,
    Blob,
    Gone,
    Leave,
    Pass,
    Refusal,
    Seated,
    SeatMode,
    SeatRefused,
    Take,
    decode_client,
    encode_blob,
    look_at_blob,
)
from rendezvous.bucket import Bucket
from rendezvous.bus_messages import TopicKind
from rendezvous.directory import Directory
from rendezvous.limits import ClientGroup, Limits, culprit
from rendezvous.orders import (
    CarryBlob,
    Census,
    Close,
    Deliver,
    DeliverBytes,
    Elsewhere,
    Forward,
    Inquire,
    Output,
    TellSeat,
)
from rendezvous.shares import Share, Shares, draw
from rendezvous.tally import Totals
from rendezvous.topics import Connection, InviteTopic, MeshTopic, Sitting, TakenSeat, mixed, new_seat


@dataclass(slots=True)
class _Client:
    connection: Connection
    culprit: str | None
    groups: tuple[Share, ...]
    frames: Bucket
    seatless_since: float
    places: dict[Topic, TakenSeat] = field(default_factory=dict)
    asked: dict[Topic, SeatMode] | None = None
    """Takes that wait for the answer of other servers."""
    away: set[Topic] | None = None
    """Invites at which it is the guest of another server's host."""

    @property
    def seatless(self) -> bool:
        return not (self.places or self.asked or self.away)

    @property
    def wishes(self) -> int:
        """Seats that it has, or may be about to."""
        return len(self.places) + len(self.asked or ()) + len(self.away or ())


class Broker:
    """Decides; ``now`` is monotonic seconds. ``rng`` draws seats and samples: a ``SystemRandom`` outside
    tests."""

    def __init__(
        self,
        limits: Limits,
        rng: random.Random,
        tally: Totals | None = None,
        server: bytes = b"",
        serves: Callable[[Topic], bool] = lambda topic: True,
    ) -> None:
        """``server``: what its seats begin with, among several; alone it asks nobody. ``serves``: whether a
        topic may be met at here at all."""
        self.directory = Directory(rng)
        """What the others have."""
        self._serves = serves
        self._limits = limits
        self._random = rng
        self.server = server
        self.tally = Totals() if tally is None else tally
        self._claims: dict[Topic, Connection] = {}
        """Who waits to hear from the other servers that it may be the host."""
        self._clients: dict[Connection, _Client] = {}
        self._shares = Shares(limits)
        self._topics: dict[Topic, MeshTopic | InviteTopic] = {}
        self._seats = 0

    # --- connections

    def connected(self, connection: Connection, groups: tuple[ClientGroup, ...], now: float) -> bool:
        """A client has connected; False: a cap is reached, turn it away. ``groups``: those it is counted in;
        without any there are only the caps over all."""
        if len(self._clients) >= self._limits.connections:
            return False
        together = self._shares.of(groups, now)
        if together is None or not self._admits(together, now):
            return False
        for group in together:
            group.connections += 1
        frames = Bucket(self._limits.messages_per_connection, now)
        self._clients[connection] = _Client(connection, culprit(groups), together, frames, now)
        self.tally.let_in += 1
        return True

    def came_from(self, connection: Connection, groups: tuple[ClientGroup, ...], now: float) -> bool:
        """A proxy says where a client that has just connected is; False as in ``connected``: it is forgotten
        then."""
        self.disconnected(connection, now)
        self.tally.let_in -= 1
        return self.connected(connection, groups, now)

    def _admits(self, together: tuple[Share, ...], now: float) -> bool:
        most = self._limits.connections_per_address
        if any(group.connections >= most * group.worth for group in together):
            return False
        return draw([group.connects for group in together], now)

    def framed(self, connection: Connection, now: float) -> list[Output]:
        """A WebSocket frame of any kind came in: a message, a part of one, a ping, a pong. All cost the same,
        for each has to be parsed, and some have to be answered."""
        client = self._clients.get(connection)
        if client is None or client.frames.draw(now):
            return []
        self.tally.hung_up_on["frames"] += 1
        return self.expel(connection, "too many messages", now)

    def receive_message(self, connection: Connection, data: bytes, now: float) -> list[Output]:
        """A binary message has come in, in one frame: ``framed`` and ``received`` at once."""
        return self.framed(connection, now) or self.received(connection, data, now)

    def received(self, connection: Connection, data: bytes, now: float) -> list[Output]:
        """A binary message has come in, whose frames were counted."""
        client = self._clients.get(connection)
        if client is None:
            return []
        try:
            message = decode_client(data)
        except Malformed as error:
            self.tally.hung_up_on["malformed"] += 1
            return self.expel(connection, str(error), now)
        if isinstance(message, Pass):  # by far the most
            return self._pass(client, message, now)
        match message:
            case Take(topic, mode):
                return self._take(client, topic, mode, now)
            case Leave():
                return self._leave(client, message, now)
            case _:
                assert_never(message)

    def _leave(self, client: _Client, leave: Leave, now: float) -> list[Output]:
        topic = leave.topic
        if client.away and topic in client.away:
            return [Forward(client.connection, topic, message=leave)]
        self._forget_wish(client, topic)
        place = client.places.get(topic)
        return self._stand(place, now) if place is not None else []

    def disconnected(self, connection: Connection, now: float) -> list[Output]:
        """A connection has ended: its seats are free. Harmless when it was ended from here."""
        client = self._clients.get(connection)
        if client is None:
            return []
        out = [output for place in list(client.places.values()) for output in self._stand(place, now)]
        for group in client.groups:
            group.connections -= 1
        for topic in list(client.asked or ()):
            self._forget_wish(client, topic)
        del self._clients[connection]
        return out

    def movable(self) -> list[Connection]:
        """Clients that can go elsewhere without harm: those in no invite."""
        return [
            client.connection
            for client in self._clients.values()
            if not client.away and all(isinstance(self._topics[topic], MeshTopic) for topic in client.places)
        ]

    def expel(self, connection: Connection, reason: str, now: float) -> list[Output]:
        """Forget a client and have it disconnected."""
        return [*self.disconnected(connection, now), Close(connection, reason)]

    def tick(self, now: float) -> list[Output]:
        """Every few seconds: close what holds no seat, put out guests who say nothing, forget what is as good
        as new."""
        self._shares.forget(now)
        too_long = now - self._limits.seatless_seconds
        idle = [c.connection for c in self._clients.values() if c.seatless_since <= too_long and c.seatless]
        self.tally.hung_up_on["no seat"] += len(idle)
        out = [output for connection in idle for output in self.expel(connection, "no seat taken", now)]
        return out + [output for topic in list(self._topics) for output in self._clear_the_way(topic, now)]

    def census(self) -> Census:
        """Count everything that could grow."""
        return Census(len(self._clients), self._seats, len(self._topics), len(self._shares))

    # --- seats

    def _take(self, client: _Client, topic: Topic, mode: SeatMode, now: float) -> list[Output]:
        # The rate comes first, so that not even the existence of topics can be probed faster.
        if not draw([group.takes for group in client.groups], now):
            return [self._refuse(client, topic, Refusal.BUSY)]
        out = self._clear_the_way(topic, now)
        if self.server and self._is_for_all(client, topic, mode):
            return [*out, *self._inquire(client, topic, mode)]
        return [*out, *self._seat(client, topic, mode, now)]

    def _seat(self, client: _Client, topic: Topic, mode: SeatMode, now: float) -> list[Output]:
        reason = self._why_not(client, topic, mode)
        if reason is not None:
            return [self._refuse(client, topic, reason)]
        told: list[Output] = []
        place = client.places.get(topic)
        if place is None:
            place = self._sit(client, topic, mode, now)
            self.tally.taken[mode.name.lower()] += 1
            if mode is not SeatMode.GUEST:
                told = self._tell(place, TopicKind.MESH if mode is SeatMode.MESH else TopicKind.INVITE)
        there = self._topics[topic]
        others = there.others(place, OTHERS_MAX)
        if self.server and isinstance(there, MeshTopic):
            elsewhere = self.directory.sample(topic, OTHERS_MAX)
            if elsewhere[0]:
                others = mixed(self._random, [(len(there) - 1, others), elsewhere], OTHERS_MAX)
        return [Deliver(client.connection, Seated(topic, place.seat, others)), *told]

    def _tell(self, place: TakenSeat, kind: TopicKind) -> list[Output]:
        return [TellSeat(place.topic, place.seat, kind)] if self.server else []

    def _refuse(self, client: _Client, topic: Topic, reason: Refusal) -> Deliver:
        self.tally.refused[reason.name.lower()] += 1
        return Deliver(client.connection, SeatRefused(topic, reason))

    def _clear_the_way(self, topic: Topic, now: float) -> list[Output]:
        """Put out the guest of an invite who has made nothing of its time; both ends are told."""
        there = self._topics.get(topic)
        if not isinstance(there, InviteTopic) or there.sitting is None or not there.sitting.in_the_way(now):
            return []
        guest = there.sitting.place
        there.put_out(self._clients[guest.connection].culprit)
        self._vacate(guest, now)
        return [
            Deliver(guest.connection, Gone(topic, there.host.seat)),
            Deliver(there.host.connection, Gone(topic, guest.seat)),
        ]

    def _why_not(self, client: _Client, topic: Topic, mode: SeatMode) -> Refusal | None:
        if not self._serves(topic):
            return Refusal.ABSENT
        there = self._topics.get(topic)
        match mode:
            case SeatMode.MESH:
                if isinstance(there, InviteTopic) or self.directory.has_invite(topic):
                    return Refusal.TAKEN
            case SeatMode.HOST:
                if there is not None:
                    return Refusal.TAKEN
            case SeatMode.GUEST:
                if client.away and topic in client.away:
                    return Refusal.FULL
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
            client.wishes < limits.seats_per_connection
            and all(group.seats < limits.seats_per_address * group.worth for group in client.groups)
            and self._seats < limits.seats
            and (topic in self._topics or len(self._topics) < limits.topics)
        )

    def _sit(self, client: _Client, topic: Topic, mode: SeatMode, now: float) -> TakenSeat:
        if mode is SeatMode.MESH:
            mesh = self._topics.get(topic)
            if mesh is None:
                mesh = self._topics[topic] = MeshTopic(self._random, self.server)
            assert isinstance(mesh, MeshTopic), "checked before"
            place = mesh.sit(topic, client.connection)
        else:
            place = TakenSeat(topic, new_seat(self._random, self.server), client.connection)
            invite = self._topics.setdefault(topic, InviteTopic(place))
            assert isinstance(invite, InviteTopic), "checked before"
            if invite.host is not place:
                invite.sitting = Sitting(place, now)
        client.places[topic] = place
        self._count(client, 1)
        return place

    def _stand(self, place: TakenSeat, now: float) -> list[Output]:
        """Free a seat. The end of an invite frees the other seat too; who sat there is told. A guest who had
        no answer leaves the host to the next."""
        there = self._topics[place.topic]
        self._vacate(place, now)
        if isinstance(there, MeshTopic):
            there.stand(place)
            if not there:
                del self._topics[place.topic]
            return self._tell(place, TopicKind.NOTHING)
        other = there.other(place)
        if there.sitting is not None and place is not there.host and not there.sitting.answered:
            there.put_out(None)
            return [Deliver(there.host.connection, Gone(place.topic, place.seat))]
        del self._topics[place.topic]
        told = self._tell(there.host, TopicKind.NOTHING)
        if other is None:
            return told
        self._vacate(other, now)
        return [Deliver(other.connection, Gone(place.topic, place.seat)), *told]

    def _vacate(self, place: TakenSeat, now: float) -> None:
        client = self._clients[place.connection]
        del client.places[place.topic]
        self._count(client, -1)
        client.seatless_since = now

    def _count(self, client: _Client, change: int) -> None:
        self._seats += change
        for group in client.groups:
            group.seats += change

    # --- blobs

    def _pass(self, client: _Client, message: Pass, now: float) -> list[Output]:
        topic, seat, blob = message.topic, message.seat, message.blob
        if client.groups and not draw([group.passes for group in client.groups], now):
            return [self._refuse(client, topic, Refusal.BUSY)]
        if client.away and topic in client.away:
            return [Forward(client.connection, topic, message=message)]
        own = client.places.get(topic)
        there = self._topics.get(topic)
        target = there.find(seat) if own is not None and there is not None else None
        if own is not None and target is None and isinstance(there, MeshTopic) and self._is_foreign(seat):
            self.tally.passed += 1
            return [CarryBlob(seat, encode_blob(topic, own.seat, blob))]
        if own is None or target is None or target is own:
            self.tally.gone += 1
            return [Deliver(client.connection, Gone(topic, seat))]
        if isinstance(there, InviteTopic):
            there.passed(own, now)
        self.tally.passed += 1
        return [Deliver(target.connection, Blob(topic, own.seat, blob))]

    # --- among several servers

    def _is_foreign(self, seat: Seat) -> bool:
        return bool(self.server) and not seat.startswith(self.server)

    def _is_for_all(self, client: _Client, topic: Topic, mode: SeatMode) -> bool:
        """Whether other servers have a say: at an invite, but not where this one alone knows that it is
        refused, or that the host is here. What they have of meshes is known."""
        if mode is SeatMode.MESH or (client.away and topic in client.away):
            return False
        reason = self._why_not(client, topic, mode)
        return reason is Refusal.ABSENT or (reason is None and mode is SeatMode.HOST)

    def _inquire(self, client: _Client, topic: Topic, mode: SeatMode) -> list[Output]:
        if topic in (client.asked or ()):
            return []  # the answer is on its way
        if mode is SeatMode.HOST and topic in self._claims:
            return [self._refuse(client, topic, Refusal.TAKEN)]
        if not self._room(client, topic):
            return [self._refuse(client, topic, Refusal.BUSY)]
        client.asked = {**(client.asked or {}), topic: mode}
        if mode is SeatMode.HOST:
            self._claims[topic] = client.connection
        return [Inquire(client.connection, topic, mode)]

    def answered(self, about: Inquire, elsewhere: Elsewhere, now: float) -> list[Output]:
        """The other servers have said what they have, as far as they could in time."""
        client = self._clients.get(about.connection)
        topic, mode = about.topic, about.mode
        if client is None or (client.asked or {}).get(topic) is not mode:
            return []  # it has left meanwhile
        self._forget_wish(client, topic)
        if mode is SeatMode.GUEST and topic not in self._topics and elsewhere.host is not None:
            client.away = {*(client.away or ()), topic}
            return [Forward(client.connection, topic, elsewhere.host, client.culprit)]
        if elsewhere.host is not None or (elsewhere.mesh and mode is SeatMode.HOST):
            return [self._refuse(client, topic, Refusal.TAKEN)]
        return self._seat(client, topic, mode, now)

    def _forget_wish(self, client: _Client, topic: Topic) -> None:
        if client.asked and client.asked.pop(topic, None) is SeatMode.HOST:
            del self._claims[topic]

    def known_of(self, topic: Topic, mode: SeatMode, yields: bool) -> TopicKind:
        """What there is here, for another server's client that wants to be a host or a guest. A claim of ours
        counts unless it ``yields``: of two servers that claim at once, one has to."""
        there = self._topics.get(topic)
        if isinstance(there, MeshTopic):
            return TopicKind.MESH
        claimed = mode is not SeatMode.GUEST and topic in self._claims and not yields
        return TopicKind.INVITE if there is not None or claimed else TopicKind.NOTHING

    def told_seats(self) -> Iterator[TellSeat]:
        """Yield all that was told of seats and still holds."""
        for topic, there in self._topics.items():
            if isinstance(there, MeshTopic):
                yield from (TellSeat(topic, seat, TopicKind.MESH) for seat in there.list_seats())
            else:
                yield TellSeat(topic, there.host.seat, TopicKind.INVITE)

    def carried(self, target: Seat, blob: bytes) -> DeliverBytes | None:
        """A Blob from a seat of another server; None: nobody sits there. Raises Malformed."""
        topic, _ = look_at_blob(blob)
        there = self._topics.get(topic)
        place = there.find(target) if isinstance(there, MeshTopic) else None
        return None if place is None else DeliverBytes(place.connection, blob)

    def lost(self, topic: Topic, source: Seat, target: Seat) -> list[Output]:
        """A blob that was to be carried from ``source`` found nobody."""
        there = self._topics.get(topic)
        place = there.find(source) if isinstance(there, MeshTopic) else None
        self.tally.gone += 1
        return [] if place is None else [Deliver(place.connection, Gone(topic, target))]

    def visited(self, connection: Connection, topic: Topic, culprit: str | None, now: float) -> list[Output]:
        """A client of another server asks to be a guest here. What it may ask for was counted there."""
        frames = Bucket(self._limits.messages_per_connection, now)
        client = self._clients[connection] = _Client(connection, culprit, (), frames, now)
        out = self._clear_the_way(topic, now)
        return [*out, *self._seat(client, topic, SeatMode.GUEST, now)]

    def passed(
        self, connection: Connection, topic: Topic, seat: Seat, blob: bytes, now: float
    ) -> list[Output]:
        """What such a guest says to its host."""
        client = self._clients.get(connection)
        return [] if client is None else self._pass(client, Pass(topic, seat, blob), now)

    def holds(self, connection: Connection) -> bool:
        """Whether a client has a seat here."""
        client = self._clients.get(connection)
        return client is not None and bool(client.places)

    def returned(self, connection: Connection, topic: Topic) -> None:
        """A client is no guest elsewhere any more."""
        client = self._clients.get(connection)
        if client is not None and client.away:
            client.away.discard(topic)

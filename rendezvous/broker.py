"""The rules of meeting: handles the requests of clients, and their answers.

Knows: what each message asks for, and how it is answered. Does not know: sockets, clocks, or anything that
would be worth keeping: it remembers nothing of a seat, a topic or a blob that is gone.

A client that breaks the protocol is disconnected: bytes that do not parse, more frames than its rate. One
that asks for too much by the rules is refused: BUSY. A Leave of a topic not held is ignored; a Pass from or
to a seat that is not taken is answered by Gone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import assert_never

from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire import signalling as wire
from p2pchat.wire.signalling import FromClient, Gone, Leave, Pass, Refusal, SeatMode, Take
from rendezvous.bus_messages import TopicKind
from rendezvous.clients import Clients, ConnectedClient
from rendezvous.limits import ClientGroup, Limits
from rendezvous.outputs import CarryBlob, Census, Close, Deliver, Elsewhere, Forward, Inquire, Output
from rendezvous.seating import Seating
from rendezvous.shares import draw
from rendezvous.tally import Totals
from rendezvous.topics import Connection, InviteTopic, MeshTopic, TakenSeat


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
        """``server``: what its seats begin with, among several; alone it asks no other server. ``serves``:
        whether a topic may be met at here at all."""
        self.server = server
        self.tally = Totals() if tally is None else tally
        self.clients = Clients(limits)
        self.seating = Seating(self.clients, limits, rng, server, serves)

    # --- connections

    def on_connect(
        self,
        connection: Connection,
        groups: tuple[ClientGroup, ...],
        now: float,
        drawn: bool = False,
    ) -> bool:
        """A client has connected; False: a cap is reached, turn it away. ``groups``: those it is counted in;
        without any there are only the caps over all. ``drawn``: its rate was looked at before."""
        let_in = self.clients.let_in(connection, groups, now, drawn)
        self.tally.let_in += let_in
        return let_in

    def on_proxied(self, connection: Connection, groups: tuple[ClientGroup, ...], now: float) -> bool:
        """A proxy says where a client that has just connected is; False as in ``on_connect``: it is forgotten
        then."""
        self.on_disconnect(connection, now)
        self.tally.let_in -= 1
        return self.on_connect(connection, groups, now)

    def on_frame(self, connection: Connection, now: float) -> list[Output]:
        """A WebSocket frame of any kind came in: a message, a part of one, a ping, a pong. All cost the same,
        for each has to be parsed, and some have to be answered."""
        client = self.clients.find_client(connection)
        if client is None or client.frames.take_token(now):
            return []
        self.tally.hung_up_on["frames"] += 1
        return self._expel(client, "too many messages", now)

    def on_whole_message(self, connection: Connection, data: bytes, now: float) -> list[Output]:
        """A binary message has come in, in one frame: ``on_frame`` and ``on_message`` at once."""
        return self.on_frame(connection, now) or self.on_message(connection, data, now)

    def on_message(self, connection: Connection, data: bytes, now: float) -> list[Output]:
        """Handle a binary message whose frames are counted already."""
        client = self.clients.find_client(connection)
        if client is None:
            return []
        try:
            message = wire.decode_client(data)
        except Malformed as error:
            self.tally.hung_up_on["malformed"] += 1
            return self._expel(client, str(error), now)
        return self._receive(client, message, now)

    def on_disconnect(self, connection: Connection, now: float) -> list[Output]:
        """A connection has ended: its seats are free. Harmless when it was ended from here."""
        client = self.clients.find_client(connection)
        if client is None:
            return []
        outputs = [
            output
            for topic in list(client.away or ())
            for output in self._leave_topic(client, Leave(topic), now)
        ]
        outputs += [
            output for place in list(client.places.values()) for output in self._free_seat(place, now)
        ]
        for topic in list(client.requested or ()):
            self._forget_wish(client, topic)
        self.clients.let_go(client)
        return outputs

    def tick(self, now: float) -> list[Output]:
        """Every few seconds: close connections without a seat, remove silent guests, forget what is as good
        as new."""
        self.clients.forget_groups(now)
        outputs: list[Output] = []
        for connection in self.clients.list_idle(now):
            client = self.clients.find_client(connection)
            if client is not None:
                self.tally.hung_up_on["no seat"] += 1
                outputs += self._expel(client, "no seat taken", now)
        return outputs + [
            o for topic in list(self.seating.topics) for o in self._evict_idle_guest(topic, now)
        ]

    def take_census(self) -> Census:
        """Count everything that could grow."""
        seating = self.seating
        return Census(len(self.clients), seating.count, len(seating.topics), self.clients.count_groups())

    def _expel(self, client: ConnectedClient, reason: str, now: float) -> list[Output]:
        return [*self.on_disconnect(client.connection, now), Close(client.connection, reason)]

    def _receive(self, client: ConnectedClient, message: FromClient, now: float) -> list[Output]:
        if isinstance(message, Pass):  # by far the most
            return self._pass(client, message, now)
        match message:
            case Take(topic, mode):
                return self._take(client, topic, mode, now)
            case Leave():
                return self._leave_topic(client, message, now)
            case _:
                assert_never(message)

    # --- seats

    def _take(self, client: ConnectedClient, topic: Topic, mode: SeatMode, now: float) -> list[Output]:
        # The rate comes first, so that not even the existence of topics can be probed faster.
        if not draw([group.takes for group in client.groups], now):
            return [self._refuse(client, topic, Refusal.BUSY)]
        outputs = self._evict_idle_guest(topic, now)
        if self.seating.concerns_all(client, topic, mode):
            return [*outputs, *self._inquire(client, topic, mode)]
        return [*outputs, *self._seat(client, topic, mode, now)]

    def _seat(self, client: ConnectedClient, topic: Topic, mode: SeatMode, now: float) -> list[Output]:
        reason = self.seating.why_not(client, topic, mode)
        if reason is not None:
            return [self._refuse(client, topic, reason)]
        told: list[Output] = []
        place = client.places.get(topic)
        if place is None:
            place = self.seating.take_seat(client, topic, mode, now)
            self.tally.taken[mode.name.lower()] += 1
            if mode is not SeatMode.GUEST:
                kind = TopicKind.MESH if mode is SeatMode.MESH else TopicKind.INVITE
                told += self.seating.tell_seat(place, kind)
        seated = wire.Seated(topic, place.seat, self.seating.draw_others(place))
        return [Deliver(client.connection, seated), *told]

    def _refuse(self, client: ConnectedClient, topic: Topic, reason: Refusal) -> Deliver:
        self.tally.refused[reason.name.lower()] += 1
        return Deliver(client.connection, wire.SeatRefused(topic, reason))

    def _evict_idle_guest(self, topic: Topic, now: float) -> list[Output]:
        """Remove a guest of an invite that let its time pass; both ends are told."""
        there = self.seating.topics.get(topic)
        if not isinstance(there, InviteTopic) or there.sitting is None or not there.sitting.is_stalling(now):
            return []
        guest = there.sitting.place
        there.expel_guest(self.seating.free_seat(guest, now).culprit)
        return [
            Deliver(guest.connection, Gone(topic, there.host.seat)),
            Deliver(there.host.connection, Gone(topic, guest.seat)),
        ]

    def _leave_topic(self, client: ConnectedClient, leave: Leave, now: float) -> list[Output]:
        topic = leave.topic
        if client.is_away(topic):
            return [Forward(client.connection, topic, message=leave)]
        self._forget_wish(client, topic)
        place = client.places.get(topic)
        return self._free_seat(place, now) if place is not None else []

    def _free_seat(self, place: TakenSeat, now: float) -> list[Output]:
        """Free a seat. The end of an invite frees the other seat too, and tells its client. A guest without
        an answer leaves the host to the next guest."""
        topics = self.seating.topics
        there = topics[place.topic]
        client = self.seating.free_seat(place, now)
        if isinstance(there, MeshTopic):
            there.leave_seat(place)
            if not there:
                del topics[place.topic]
            return [*self.seating.tell_seat(place, TopicKind.NOTHING)]
        other = there.opposite_seat(place)
        if there.sitting is not None and place is not there.host and not there.sitting.answered:
            there.let_leave(client.culprit, now)
            return [Deliver(there.host.connection, Gone(place.topic, place.seat))]
        del topics[place.topic]
        told = self.seating.tell_seat(there.host, TopicKind.NOTHING)
        if other is None:
            return [*told]
        self.seating.free_seat(other, now)
        return [Deliver(other.connection, Gone(place.topic, place.seat)), *told]

    # --- blobs

    def _pass(self, client: ConnectedClient, message: Pass, now: float) -> list[Output]:
        topic, seat, blob = message.topic, message.seat, message.blob
        if client.groups and not draw([group.passes for group in client.groups], now):
            return [self._refuse(client, topic, Refusal.BUSY)]
        if client.away and topic in client.away:
            return [Forward(client.connection, topic, message=message)]
        own = client.places.get(topic)
        there = self.seating.topics.get(topic)
        target = there.find_seat(seat) if own is not None and there is not None else None
        if (
            own is not None
            and target is None
            and isinstance(there, MeshTopic)
            and self.seating.is_foreign(seat)
        ):
            self.tally.passed += 1
            return [CarryBlob(seat, wire.encode_blob(topic, own.seat, blob))]
        if own is None or target is None or target is own:
            self.tally.gone += 1
            return [Deliver(client.connection, Gone(topic, seat))]
        if isinstance(there, InviteTopic):
            there.note_passed(own)
        self.tally.passed += 1
        return [Deliver(target.connection, wire.Blob(topic, own.seat, blob))]

    # --- among several servers

    def _inquire(self, client: ConnectedClient, topic: Topic, mode: SeatMode) -> list[Output]:
        if topic in (client.requested or ()):
            return []  # the answer is on its way
        if mode is SeatMode.HOST and topic in self.seating.claims:
            return [self._refuse(client, topic, Refusal.TAKEN)]
        if not self.seating.has_room(client, topic):
            return [self._refuse(client, topic, Refusal.BUSY)]
        client.requested = {**(client.requested or {}), topic: mode}
        if mode is SeatMode.HOST:
            self.seating.claims[topic] = client.connection
        return [Inquire(client.connection, topic, mode)]

    def on_inquired(self, about: Inquire, elsewhere: Elsewhere, now: float) -> list[Output]:
        """The other servers have said what they have, as far as they could in time."""
        client = self.clients.find_client(about.connection)
        topic, mode = about.topic, about.mode
        if client is None or (client.requested or {}).get(topic) is not mode:
            return []  # it has left meanwhile
        self._forget_wish(client, topic)
        if mode is SeatMode.GUEST and topic not in self.seating.topics and elsewhere.host is not None:
            client.away = {*(client.away or ()), topic}
            return [Forward(client.connection, topic, elsewhere.host, client.culprit)]
        if elsewhere.host is not None or (elsewhere.mesh and mode is SeatMode.HOST):
            return [self._refuse(client, topic, Refusal.TAKEN)]
        return self._seat(client, topic, mode, now)

    def _forget_wish(self, client: ConnectedClient, topic: Topic) -> None:
        if client.requested and client.requested.pop(topic, None) is SeatMode.HOST:
            del self.seating.claims[topic]

    def on_blob_lost(self, topic: Topic, source: Seat, target: Seat) -> list[Output]:
        """A blob that was to be carried from ``source`` found no seat."""
        place = self.seating.find_member(topic, source)
        self.tally.gone += 1
        return [] if place is None else [Deliver(place.connection, Gone(topic, target))]

    def on_visit(self, connection: Connection, topic: Topic, culprit: str | None, now: float) -> list[Output]:
        """A client of another server asks to be a guest here. What it may ask for was counted there."""
        client = self.clients.let_in_guest(connection, culprit, now)
        return [*self._evict_idle_guest(topic, now), *self._seat(client, topic, SeatMode.GUEST, now)]

    def on_guest_pass(self, connection: Connection, message: Pass, now: float) -> list[Output]:
        """What such a guest says to its host."""
        client = self.clients.find_client(connection)
        return [] if client is None else self._pass(client, message, now)

    def on_return(self, connection: Connection, topic: Topic) -> None:
        """A client is no guest elsewhere any more."""
        client = self.clients.find_client(connection)
        if client is not None and client.away:
            client.away.discard(topic)

"""Whatever clients do, no cap is passed, everybody sits where they were told, and nothing outlives its connection."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    Blob,
    FromClient,
    Gone,
    Leave,
    Pass,
    Refused,
    Seated,
    SeatMode,
    Take,
    encode_client,
)
from rendezvous.broker import Broker, Census, Close, Output
from rendezvous.limits import Limits, Rate
from rendezvous.topics import Connection

TIGHT = Limits(
    connections=6,
    connections_per_address=3,
    seats_per_connection=3,
    seats_per_address=5,
    seats=9,
    topics=4,
    addresses=3,
    connects_per_address=Rate(4, 1.0),
    takes_per_address=Rate(8, 1.0),
    passes_per_address=Rate(4, 1.0),
    messages_per_connection=Rate(20, 1.0),
)

addresses = st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::/64", "192.0.2.4", None])
topics = st.integers(0, 5).map(lambda n: Topic(bytes([n]) * 32))


class Clients(RuleBasedStateMachine):
    """Keeps, from the clients' side, who holds which seat, and compares."""

    connections = Bundle("connections")

    def __init__(self) -> None:
        super().__init__()
        self.broker = Broker(TIGHT, random.Random(7))
        self.now = 0.0
        self.count = 0
        self.address: dict[Connection, str | None] = {}
        self.held: dict[tuple[Connection, Topic], Seat] = {}

    @rule(target=connections, address=addresses)
    def connect(self, address: str | None) -> object:
        self.count += 1
        connection = Connection(self.count)
        if not self.broker.connected(connection, address, self.now):
            return multiple()
        self.address[connection] = address
        return connection

    @rule(connection=connections, topic=topics, mode=st.sampled_from(SeatMode))
    def take(self, connection: Connection, topic: Topic, mode: SeatMode) -> None:
        self.say(connection, Take(topic, mode))

    @rule(connection=connections, topic=topics)
    def leave(self, connection: Connection, topic: Topic) -> None:
        self.held.pop((connection, topic), None)
        self.say(connection, Leave(topic))

    @rule(connection=connections, topic=topics, data=st.data())
    def pass_blob(self, connection: Connection, topic: Topic, data: st.DataObject) -> None:
        seats = [seat for (_, at), seat in self.held.items() if at == topic]
        seat = data.draw(st.sampled_from([*seats, Seat(b"nobody!!")]))
        self.say(connection, Pass(topic, seat, bytes(BLOB_BYTES)))

    @rule(connection=connections, data=st.binary(max_size=40))
    def say_nonsense(self, connection: Connection, data: bytes) -> None:
        self.hear(self.broker.received(connection, b"\0" + data, self.now))

    @rule(connection=consumes(connections))
    def disconnect(self, connection: Connection) -> None:
        self.forget(connection)
        self.hear(self.broker.disconnected(connection, self.now))

    @rule(seconds=st.sampled_from([0.5, 5.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.hear(self.broker.tick(self.now))

    def say(self, connection: Connection, message: FromClient) -> None:
        self.hear(self.broker.received(connection, encode_client(message), self.now))

    def forget(self, connection: Connection) -> None:
        self.address.pop(connection, None)
        self.held = {key: seat for key, seat in self.held.items() if key[0] != connection}

    def hear(self, outputs: list[Output]) -> None:
        for closed in outputs:
            if isinstance(closed, Close):
                self.forget(closed.connection)
        for output in outputs:
            if isinstance(output, Close):
                continue
            to, message = output.to, output.message
            assert to in self.address, "only who is connected hears anything"
            match message:
                case Seated(topic, seat, others):
                    assert self.held.setdefault((to, topic), seat) == seat, "a seat held stays the same"
                    there = {s for (who, at), s in self.held.items() if at == topic and who != to}
                    assert set(others) <= there, "the others are really there"
                case Blob(topic, seat, _):
                    assert (to, topic) in self.held, "a blob comes to a seat we hold"
                    assert any(s == seat and at == topic for (_, at), s in self.held.items())
                case Gone(topic, seat):
                    own = self.held.get((to, topic))
                    others_there = [s for (who, at), s in self.held.items() if at == topic and who != to]
                    if (
                        own is not None
                        and seat != own
                        and seat not in others_there
                        and self.invite_over(to, topic)
                    ):
                        del self.held[(to, topic)]
                case Refused():
                    pass
                case _:
                    raise AssertionError(f"unexpected: {message}")

    def invite_over(self, who: Connection, topic: Topic) -> bool:
        """Whether the end of an invite has taken this seat: the broker holds one seat less than we count."""
        return self.broker.census().seats < len(self.held)

    @invariant()
    def counts_agree_with_what_the_clients_were_told(self) -> None:
        census = self.broker.census()
        assert census.connections == len(self.address)
        assert census.seats == len(self.held)
        assert census.topics == len({topic for _, topic in self.held})

    @invariant()
    def no_cap_is_passed(self) -> None:
        census = self.broker.census()
        assert census.connections <= TIGHT.connections
        assert census.seats <= TIGHT.seats
        assert census.topics <= TIGHT.topics
        assert census.addresses <= TIGHT.addresses
        known = [address for address in self.address.values() if address is not None]
        assert all(known.count(address) <= TIGHT.connections_per_address for address in known)
        sitting = [self.address[who] for who, _ in self.held]
        assert all(
            sitting.count(address) <= TIGHT.seats_per_address for address in sitting if address is not None
        )
        clients = [who for who, _ in self.held]
        assert all(clients.count(who) <= TIGHT.seats_per_connection for who in clients)

    def teardown(self) -> None:
        for connection in list(self.address):
            self.disconnect_quietly(connection)
        self.now += 1000.0
        self.hear(self.broker.tick(self.now))
        assert self.broker.census() == Census(connections=0, seats=0, topics=0, addresses=0)

    def disconnect_quietly(self, connection: Connection) -> None:
        self.forget(connection)
        self.hear(self.broker.disconnected(connection, self.now))


Clients.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestClients = Clients.TestCase

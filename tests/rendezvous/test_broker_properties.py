"""Whatever clients do, no cap is passed, all sit where they were told, nothing outlives its connection."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    Blob,
    FromClient,
    Gone,
    Leave,
    Pass,
    Seated,
    SeatMode,
    SeatRefused,
    Take,
    encode_client,
)
from rendezvous.broker import Broker
from rendezvous.limits import ClientGroup, Limits, Rate, groups
from rendezvous.outputs import Census, Close, Deliver, Output
from rendezvous.topics import Connection

TIGHT = Limits(
    connections=6,
    connections_per_address=3,
    seats_per_connection=2,
    seats_per_address=3,
    seats=5,
    topics=3,
    addresses=6,
    addresses_per_site=1,
    addresses_per_network=1,
    connects_per_address=Rate(4, 1.0),
    takes_per_address=Rate(12, 1.0),
    passes_per_address=Rate(4, 1.0),
    messages_per_connection=Rate(20, 1.0),
)

addresses = st.sampled_from([None, "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1", "203.0.113.4"])
choices = st.integers(0, 1000)
modes = st.sampled_from([SeatMode.MESH, SeatMode.MESH, SeatMode.HOST, SeatMode.GUEST])
topics = st.integers(0, 3).map(lambda n: Topic(bytes([n]) * 32))


def together(address: str | None) -> tuple[ClientGroup, ...]:
    return () if address is None else groups(address, TIGHT)


class Clients(RuleBasedStateMachine):
    """Keeps, from the clients' side, who holds which seat, and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.broker = Broker(TIGHT, random.Random(7))
        self.now = 0.0
        self.count = 0
        self.address: dict[Connection, str | None] = {}
        self.held: dict[tuple[Connection, Topic], Seat] = {}

    @rule(address=addresses, wishes=st.lists(st.tuples(topics, modes), min_size=2, max_size=4))
    def arrive(self, address: str | None, wishes: list[tuple[Topic, SeatMode]]) -> None:
        self.count += 1
        connection = Connection(self.count)
        if self.broker.on_connect(connection, together(address), self.now):
            self.address[connection] = address
        for topic, mode in wishes:
            self.say(connection, Take(topic, mode))

    @rule(who=choices, topic=topics, mode=modes)
    def take(self, who: int, topic: Topic, mode: SeatMode) -> None:
        self.say(self.pick(who), Take(topic, mode))

    @rule(who=choices)
    def take_again_whatever_is_held(self, who: int) -> None:
        connection = self.pick(who)
        for holder, topic in list(self.held):
            if holder == connection:
                self.say(connection, Take(topic, SeatMode.MESH))

    @rule(who=choices)
    def leave(self, who: int) -> None:
        connection, topic = self.pick_seat(who)
        self.held.pop((connection, topic), None)
        self.say(connection, Leave(topic))

    @rule(who=choices, whom=choices)
    def pass_blob(self, who: int, whom: int) -> None:
        connection, topic = self.pick_seat(who)
        seat = self.held.get(self.pick_seat(whom), Seat(b"nobody!!"))
        self.say(connection, Pass(topic, seat, bytes(BLOB_BYTES)))

    @rule(who=choices, data=st.binary(max_size=40))
    def say_nonsense(self, who: int, data: bytes) -> None:
        if who % 4 == 0:
            self.hear(self.broker.on_message(self.pick(who), b"\0" + data, self.now))

    @rule(who=choices)
    def disconnect(self, who: int) -> None:
        if who % 4 == 0:
            self.drop(self.pick(who))

    @rule(seconds=st.sampled_from([0.5, 5.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.hear(self.broker.tick(self.now))

    def pick(self, number: int) -> Connection:
        """One of the connected, or one that never was."""
        return [*self.address, Connection(0)][number % (len(self.address) + 1)]

    def pick_seat(self, number: int) -> tuple[Connection, Topic]:
        """One of the seats held, or one that is not."""
        return [*self.held, (self.pick(number), Topic(bytes(32)))][number % (len(self.held) + 1)]

    def drop(self, connection: Connection) -> None:
        self.forget(connection)
        self.hear(self.broker.on_disconnect(connection, self.now))

    def say(self, connection: Connection, message: FromClient) -> None:
        self.hear(self.broker.on_frame(connection, self.now))
        self.hear(self.broker.on_message(connection, encode_client(message), self.now))

    def forget(self, connection: Connection) -> None:
        self.address.pop(connection, None)
        self.held = {key: seat for key, seat in self.held.items() if key[0] != connection}

    def hear(self, outputs: list[Output]) -> None:
        for closed in outputs:
            if isinstance(closed, Close):
                self.forget(closed.connection)
        for output in outputs:
            if not isinstance(output, Deliver):
                assert isinstance(output, Close), "one server alone asks no others"
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
                    if own is not None and seat != own and not self.sits(own, topic):
                        del self.held[(to, topic)]
                case SeatRefused():
                    pass
                case _:
                    raise AssertionError(f"unexpected: {message}")

    def sits(self, seat: Seat, topic: Topic) -> bool:
        """Whether the end of an invite, or of a guest's patience, has left this seat."""
        there = self.broker.seating.topics.get(topic)
        return there is not None and there.find_seat(seat) is not None

    @invariant()
    def counts_agree_with_what_the_clients_were_told(self) -> None:
        census = self.broker.take_census()
        assert census.connections == len(self.address)
        assert census.seats == len(self.held)
        assert census.topics == len({topic for _, topic in self.held})

    @invariant()
    def no_cap_is_passed(self) -> None:
        census = self.broker.take_census()
        assert census.connections <= TIGHT.connections
        assert census.seats <= TIGHT.seats
        assert census.topics <= TIGHT.topics
        assert census.groups <= TIGHT.addresses
        known = [group for address in self.address.values() for group in together(address)]
        assert all(known.count(group) <= TIGHT.connections_per_address for group in known)
        sitting = [group for who, _ in self.held for group in together(self.address[who])]
        assert all(sitting.count(group) <= TIGHT.seats_per_address for group in sitting)
        clients = [who for who, _ in self.held]
        assert all(clients.count(who) <= TIGHT.seats_per_connection for who in clients)

    def teardown(self) -> None:
        for connection in list(self.address):
            self.drop(connection)
        self.now += 1000.0
        self.hear(self.broker.tick(self.now))
        assert self.broker.take_census() == Census(connections=0, seats=0, topics=0, groups=0)


Clients.TestCase.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
TestClients = Clients.TestCase

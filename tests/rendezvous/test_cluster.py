"""Several servers as one, in a virtual world: what their clients see, whatever is lost."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    Blob,
    FromClient,
    FromServer,
    Gone,
    Leave,
    Pass,
    Refusal,
    Seated,
    SeatMode,
    SeatRefused,
    Take,
    decode_server,
    encode_blob,
    encode_client,
)
from rendezvous.broker import Broker
from rendezvous.bus import TOGETHER_BYTES, joined, split
from rendezvous.bus_messages import (
    Carry,
    GuestRequest,
    Hello,
    Message,
    SeatsFollow,
    SeatsUnknown,
    SeatTaken,
    ToGuest,
    TopicFound,
    TopicKind,
    TopicQuery,
    decode,
    encode,
)
from rendezvous.cluster import (
    ANSWER_SECONDS,
    DEAD_SECONDS,
    HELLO_SECONDS,
    TICK_SECONDS,
    Cluster,
    ClusterOutput,
    Publish,
)
from rendezvous.limits import Limits, Rate
from rendezvous.orders import Close, Deliver, DeliverBytes
from rendezvous.topics import SILENT_S, Connection

TOPIC = Topic(b"t" * 32)
BLOB = b"b" * BLOB_BYTES


class Machine:
    """One server, and what its clients have heard."""

    def __init__(self, name: bytes, seed: int, limits: Limits) -> None:
        self.name = name
        self.broker = Broker(limits, random.Random(seed), server=name)
        self.cluster = Cluster(self.broker)
        self.alive = True
        self.heard: dict[Connection, list[FromServer]] = {}


class Room:
    """Machines, and a bus between them that can be cut."""

    def __init__(self, count: int = 3, limits: Limits | None = None) -> None:
        self.now = 1000.0
        self.machines = [Machine(bytes([65 + n]) * 4, n, limits or Limits()) for n in range(count)]
        self.bus: deque[tuple[bytes | None, bytes]] = deque()
        self.deaf: set[bytes] = set()
        self._numbers = iter(range(1, 10**6))
        self.pass_time(1.5)

    def carry_out(self, machine: Machine, outputs: list[ClusterOutput]) -> None:
        for output in outputs:
            match output:
                case Deliver(to, message):
                    assert to in machine.heard, "only who is connected hears anything"
                    machine.heard[to].append(message)
                case DeliverBytes(to, data):
                    machine.heard[to].append(decode_server(data))
                case Close(connection):
                    del machine.heard[connection]
                case Publish(to, data):
                    if machine.alive:
                        self.bus.append((to, data))

    def deliver(self) -> None:
        while self.bus:
            to, data = self.bus.popleft()
            for machine in self.machines:
                if machine.alive and machine.name not in self.deaf and to in (None, machine.name):
                    self.carry_out(machine, machine.cluster.heard(data, self.now))

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += TICK_SECONDS
            for machine in self.machines:
                if machine.alive:
                    self.carry_out(machine, machine.cluster.look(self.now))
            self.deliver()

    def add(self, machine: Machine) -> None:
        self.machines.append(machine)

    def kill(self, machine: Machine) -> None:
        machine.alive = False

    def client(self, where: int, culprit: str = "") -> Client:
        machine = self.machines[where]
        connection = Connection(next(self._numbers))
        assert machine.cluster.connected(connection, (), self.now)
        machine.heard[connection] = []
        return Client(self, machine, connection)


class Client:
    def __init__(self, room: Room, machine: Machine, connection: Connection) -> None:
        self.room, self.machine, self.connection = room, machine, connection

    def says(self, message: FromClient, wait: bool = True) -> None:
        data = encode_client(message)
        room = self.room
        room.carry_out(self.machine, self.machine.cluster.received(self.connection, data, room.now))
        if wait:
            room.deliver()

    def hears(self) -> list[FromServer]:
        said = self.machine.heard[self.connection]
        self.machine.heard[self.connection] = []
        return said

    def takes(self, mode: SeatMode, topic: Topic = TOPIC) -> FromServer:
        self.says(Take(topic, mode))
        (answer,) = self.hears()
        return answer

    def sits(self, mode: SeatMode, topic: Topic = TOPIC) -> Seated:
        answer = self.takes(mode, topic)
        assert isinstance(answer, Seated), answer
        return answer

    def goes(self) -> None:
        machine, room = self.machine, self.room
        outputs = machine.cluster.disconnected(self.connection, room.now)
        del machine.heard[self.connection]
        room.carry_out(machine, outputs)
        room.deliver()


def test_members_at_several_servers_learn_of_each_other_and_pass_blobs() -> None:
    room = Room()
    ana, ben = room.client(0), room.client(1)
    a = ana.sits(SeatMode.MESH)
    b = ben.sits(SeatMode.MESH)
    assert (a.others, b.others) == ((), (a.seat,))
    assert a.seat[:4] != b.seat[:4]
    ben.says(Pass(TOPIC, a.seat, BLOB))
    assert ana.hears() == [Blob(TOPIC, b.seat, BLOB)]
    ana.says(Pass(TOPIC, b.seat, BLOB))
    assert ben.hears() == [Blob(TOPIC, a.seat, BLOB)]
    ana.goes()
    ben.says(Pass(TOPIC, a.seat, BLOB))
    assert ben.hears() == [Gone(TOPIC, a.seat)]


def test_others_are_drawn_from_all_servers_alike() -> None:
    open_house = replace(Limits(), takes_per_address=Rate(10**6, 1.0))
    room = Room(limits=open_house)
    seats = {room.client(where).sits(SeatMode.MESH).seat for where in [0] * 2 + [1] * 9 + [2] * 19}
    asker = room.client(0)
    own = asker.sits(SeatMode.MESH).seat
    counts = dict.fromkeys(seats, 0)
    for _ in range(600):
        others = asker.sits(SeatMode.MESH).others
        assert len(set(others)) == 6 and own not in others
        for seat in others:
            counts[seat] += 1
        asker.machine.broker._clients[asker.connection].frames._left = 1e6
    assert min(counts.values()) > 60 and max(counts.values()) < 190, "120 each is the mean"


def host_and_guest(room: Room) -> tuple[Client, Seated, Client, Seated]:
    host, guest = room.client(0), room.client(1)
    h = host.sits(SeatMode.HOST)
    return host, h, guest, guest.sits(SeatMode.GUEST)


def test_an_invite_is_one_wherever_its_guest_comes_from() -> None:
    room = Room()
    host, h, guest, g = host_and_guest(room)
    assert g.others == (h.seat,)
    guest.says(Pass(TOPIC, h.seat, BLOB))
    assert host.hears() == [Blob(TOPIC, g.seat, BLOB)]
    host.says(Pass(TOPIC, g.seat, BLOB))
    assert guest.hears() == [Blob(TOPIC, h.seat, BLOB)]
    for where in range(3):
        assert room.client(where).takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.FULL)
        assert room.client(where).takes(SeatMode.HOST) == SeatRefused(TOPIC, Refusal.TAKEN)
        assert room.client(where).takes(SeatMode.MESH) == SeatRefused(TOPIC, Refusal.TAKEN)
    assert guest.takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.FULL), "it sits there already"
    guest.says(Leave(TOPIC))
    assert host.hears() == [Gone(TOPIC, g.seat)]
    assert room.client(2).takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.ABSENT), (
        "one guess, and it was used"
    )


@pytest.mark.parametrize("how", ["leave", "go", "die"])
def test_a_host_that_ends_is_told_to_its_guest_elsewhere(how: str) -> None:
    room = Room()
    host, h, guest, _ = host_and_guest(room)
    match how:
        case "leave":
            host.says(Leave(TOPIC))
        case "go":
            host.goes()
        case _:
            room.kill(host.machine)
            room.pass_time(DEAD_SECONDS + 1)
    assert guest.hears() == [Gone(TOPIC, h.seat)]
    assert guest.takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.ABSENT)
    room.client(2).sits(SeatMode.HOST)


@pytest.mark.parametrize("how", ["go", "die"])
def test_a_guest_that_goes_with_its_connection_or_its_server_makes_way(how: str) -> None:
    room = Room()
    host, _, guest, g = host_and_guest(room)
    if how == "go":
        guest.goes()
    else:
        room.kill(guest.machine)
        room.pass_time(DEAD_SECONDS + 1)
    assert host.hears() == [Gone(TOPIC, g.seat)]
    room.client(2).sits(SeatMode.GUEST)


def test_a_silent_guest_from_elsewhere_is_put_out_and_told() -> None:
    room = Room()
    host, h, guest, g = host_and_guest(room)
    room.now += SILENT_S
    room.carry_out(host.machine, host.machine.cluster.tick(room.now))
    room.deliver()
    assert guest.hears() == [Gone(TOPIC, h.seat)]
    assert host.hears() == [Gone(TOPIC, g.seat)]
    assert guest.machine.broker.census().seats == 0
    room.client(2).sits(SeatMode.GUEST)


def test_nobody_is_there_where_no_server_has_a_host() -> None:
    assert Room().client(1).takes(SeatMode.GUEST) == SeatRefused(TOPIC, Refusal.ABSENT)


def test_of_hosts_that_claim_a_topic_at_once_one_gets_it() -> None:
    room = Room()
    clients = [room.client(where) for where in (2, 0, 1, 0)]
    for client in clients:
        client.says(Take(TOPIC, SeatMode.HOST), wait=False)
    room.deliver()
    answers = [client.hears() for client in clients]
    assert sum(isinstance(answer, Seated) for (answer,) in answers) == 1
    assert [a for (a,) in answers if not isinstance(a, Seated)] == [SeatRefused(TOPIC, Refusal.TAKEN)] * 3


def test_a_server_that_does_not_answer_is_waited_for_once_and_for_a_moment() -> None:
    room = Room()
    room.deaf = {room.machines[2].name}
    client = room.client(0)
    client.says(Take(TOPIC, SeatMode.HOST))
    assert client.hears() == []
    room.pass_time(ANSWER_SECONDS + TICK_SECONDS)
    assert isinstance(client.hears()[0], Seated)
    client.says(Take(OTHER, SeatMode.HOST))
    assert isinstance(client.hears()[0], Seated), "not again"


def test_what_is_left_or_lost_while_the_others_are_asked_leaves_no_seat_behind() -> None:
    room = Room()
    client, other = room.client(0), room.client(0)
    client.says(Take(TOPIC, SeatMode.HOST), wait=False)
    client.says(Leave(TOPIC), wait=False)
    other.says(Take(TOPIC, SeatMode.HOST), wait=False)
    room.deliver()
    assert client.hears() == []
    assert isinstance(other.hears()[0], Seated)
    client.says(Take(Topic(b"u" * 32), SeatMode.HOST), wait=False)
    client.goes()
    room.client(0).sits(SeatMode.HOST, Topic(b"u" * 32))


def test_a_server_killed_takes_its_own_seats_with_it_and_no_others() -> None:
    room = Room()
    clients = [room.client(where) for where in (0, 1, 2)]
    seats = [client.sits(SeatMode.MESH).seat for client in clients]
    room.kill(room.machines[1])
    clients[0].says(Pass(TOPIC, seats[2], BLOB))
    assert clients[2].hears() == [Blob(TOPIC, seats[0], BLOB)], "others go on at once"
    room.pass_time(DEAD_SECONDS + 1)
    clients[0].says(Pass(TOPIC, seats[1], BLOB))
    assert clients[0].hears() == [Gone(TOPIC, seats[1])]
    back = room.client(2).sits(SeatMode.MESH)
    assert set(back.others) == {seats[0], seats[2]}


def test_cut_off_from_the_others_a_server_goes_on_alone() -> None:
    room = Room(2)
    cut = room.machines[0]
    room.carry_out(cut, cut.cluster.cut_off(room.now))
    room.bus.clear()
    ana = room.client(0)
    ana.sits(SeatMode.HOST)
    room.client(0).sits(SeatMode.GUEST)


def test_a_guest_of_another_server_leaves_nothing_when_its_host_goes_first() -> None:
    room = Room(2)
    host, guest = room.client(0), room.client(1)
    host.sits(SeatMode.HOST)
    guest.sits(SeatMode.GUEST)
    host.goes()
    guest.goes()
    room.pass_time(DEAD_SECONDS)
    for machine in room.machines:
        census = machine.broker.census()
        assert (census.connections, census.seats, census.topics) == (0, 0, 0)


def test_who_comes_later_knows_what_the_others_have() -> None:
    room = Room(2)
    seat = room.client(0).sits(SeatMode.MESH).seat
    host = room.client(0)
    host.sits(SeatMode.HOST, OTHER)
    room.add(Machine(b"LATE", 9, Limits()))
    room.pass_time(HELLO_SECONDS + 2 * TICK_SECONDS)
    assert room.client(2).sits(SeatMode.MESH).others == (seat,)
    assert room.client(2).takes(SeatMode.MESH, OTHER) == SeatRefused(OTHER, Refusal.TAKEN)
    host.goes()
    room.client(2).sits(SeatMode.MESH, OTHER)


def test_what_was_lost_on_the_bus_is_missed_and_said_again() -> None:
    room = Room(2)
    stays, goes = room.client(0), room.client(0)
    gone = goes.sits(SeatMode.MESH).seat
    room.deaf = {room.machines[1].name}
    seat = stays.sits(SeatMode.MESH).seat
    goes.goes()
    room.deaf = set()
    assert room.client(1).sits(SeatMode.MESH).others == (gone,)
    room.pass_time(HELLO_SECONDS + 2 * TICK_SECONDS)
    assert room.client(1).sits(SeatMode.MESH).others[-1] != gone
    assert seat in room.client(1).sits(SeatMode.MESH).others
    room.pass_time(HELLO_SECONDS)
    room.bus.clear()
    room.carry_out(room.machines[0], room.machines[0].cluster.look(room.now + HELLO_SECONDS))
    assert [type(decode(data)) for _, data in room.bus] == [Hello], "all is well again"


def test_a_newcomer_is_greeted_at_once() -> None:
    room = Room(2)
    room.client(0).sits(SeatMode.HOST)
    late = Machine(b"LATE", 9, Limits())
    room.add(late)
    room.carry_out(late, late.cluster.hello())
    room.deliver()
    room.client(2).sits(SeatMode.GUEST)


def test_a_take_of_a_mesh_asks_nobody() -> None:
    room = Room()
    client = room.client(0)
    client.sits(SeatMode.MESH)
    client.says(Take(TOPIC, SeatMode.MESH), wait=False)
    assert not room.bus


def test_alone_in_the_cluster_nothing_is_asked() -> None:
    room = Room(1)
    client = room.client(0)
    client.says(Take(TOPIC, SeatMode.MESH), wait=False)
    assert isinstance(client.hears()[0], Seated)


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=60), st.integers(0, 3000))
def test_messages_go_together_and_are_taken_apart_again(parts: list[bytes], cut: int) -> None:
    together = list(joined(parts))
    assert [part for each in together for part in split(each)] == parts
    assert all(len(each) <= TOGETHER_BYTES for each in together)
    whole = list(split(together[0]))
    assert whole[: len(list(split(together[0][:cut])))] == list(split(together[0][:cut]))


MESSAGES: list[Message] = [
    Hello(b"aaaa", 7, 1 << 63),
    SeatTaken(b"aaaa", TOPIC, Seat(b"s" * 8), TopicKind.INVITE),
    SeatsFollow(b"aaaa"),
    SeatsUnknown(b"aaaa"),
    TopicQuery(b"aaaa", 7, TOPIC, SeatMode.GUEST),
    TopicFound(b"aaaa", 7, TopicKind.MESH),
    Carry(b"aaaa", Seat(b"t" * 8), encode_blob(TOPIC, Seat(b"s" * 8), BLOB)),
    GuestRequest(b"aaaa", 7, TOPIC, b"c" * 16),
    ToGuest(b"aaaa", 7, Gone(TOPIC, Seat(b"s" * 8))),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_between_servers_is_read_as_it_was_written(message: Message) -> None:
    assert decode(encode(message)) == message


@given(
    st.one_of(st.binary(max_size=80), st.sampled_from([encode(each) for each in MESSAGES])),
    st.integers(0, 60),
)
def test_what_is_no_message_of_a_server_is_dropped(data: bytes, cut: int) -> None:
    for each in (data, data[:cut], data + b"x"):
        try:
            decode(each)
        except Malformed:
            room = Room(1)
            assert room.machines[0].cluster.heard(each, room.now) == []


OTHER = Topic(b"o" * 32)


class Play:
    """Clients at three servers do things in any order; what they are told has to make sense."""

    def __init__(self) -> None:
        self.room = Room()
        self.clients: list[Client] = []
        self.taken: dict[Seat, Topic] = {}

    def connected(self) -> list[Client]:
        return [c for c in self.clients if c.machine.alive and c.connection in c.machine.heard]

    def understand(self) -> None:
        for client in self.connected():
            for message in client.hears():
                if isinstance(message, Seated):
                    self.taken[message.seat] = message.topic
                    assert message.seat not in message.others
                    assert {self.taken[other] for other in message.others} <= {message.topic}
                elif isinstance(message, Blob):
                    assert self.taken[message.seat] == message.topic, "it comes from a seat of that topic"

    def step(self, what: str, where: int, which: int, mode: SeatMode) -> None:
        self.room.pass_time(0.3)
        self.understand()
        topic = OTHER if mode is SeatMode.MESH else TOPIC
        machine, there = self.room.machines[where], self.connected()
        if what == "come" and machine.alive:
            self.clients.append(self.room.client(where))
        elif what == "kill" and where == 2:
            self.room.kill(machine)
        elif what == "time":
            self.room.pass_time(which / 4)
        elif there:
            self.act(there[which % len(there)], what, topic, which, mode)

    def act(self, client: Client, what: str, topic: Topic, which: int, mode: SeatMode) -> None:
        seats = [seat for seat, at in self.taken.items() if at == topic]
        if what == "take":
            client.says(Take(topic, mode), wait=which % 2 == 0)
        elif what == "pass" and seats:
            client.says(Pass(topic, seats[which % len(seats)], BLOB), wait=which % 2 == 0)
        elif what == "leave":
            client.says(Leave(topic))
        elif what == "go":
            client.goes()

    def end(self) -> None:
        for client in self.connected():
            client.goes()
        self.room.pass_time(DEAD_SECONDS + 2)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["come", "come", "take", "take", "take", "pass", "pass", "leave", "go", "kill", "time"]
            ),
            st.integers(0, 2),
            st.integers(0, 30),
            st.sampled_from(list(SeatMode)),
        ),
        max_size=60,
    )
)
def test_whatever_happens_what_is_told_makes_sense_and_nothing_is_left(
    steps: list[tuple[str, int, int, SeatMode]],
) -> None:
    play = Play()
    for step in steps:
        play.step(*step)
    play.end()
    for machine in play.room.machines:
        if machine.alive:
            census, cluster = machine.broker.census(), machine.cluster
            assert (census.connections, census.seats, census.topics) == (0, 0, 0)
            assert not (cluster._visits or cluster._visiting or cluster._visitors or cluster._homes)
            assert not (cluster._questions or machine.broker._claims)

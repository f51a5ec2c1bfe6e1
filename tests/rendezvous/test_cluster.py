"""Several servers as one, in a virtual world: what their clients see, whatever is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    Blob,
    Gone,
    Leave,
    Pass,
    Refusal,
    Seated,
    SeatMode,
    SeatRefused,
    Take,
    encode_blob,
)
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
from rendezvous.cluster import ANSWER_SECONDS, DEAD_SECONDS, HELLO_SECONDS, TICK_SECONDS
from rendezvous.limits import Limits, Rate
from tests.support.cluster import TOPIC, Client, Machine, Room

BLOB = b"b" * BLOB_BYTES


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
        client = asker.machine.broker.clients.find_client(asker.connection)
        assert client is not None
        client.frames._left = 1e6
    assert min(counts.values()) > 60 and max(counts.values()) < 190, "120 each is the mean"


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


def test_a_late_server_learns_what_the_others_have() -> None:
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
    room.carry_out(room.machines[0], room.machines[0].cluster.tick(room.now + HELLO_SECONDS))
    assert [type(decode(data)) for _, data in room.bus] == [Hello], "all is well again"


def test_a_newcomer_is_greeted_at_once() -> None:
    room = Room(2)
    room.client(0).sits(SeatMode.HOST)
    late = Machine(b"LATE", 9, Limits())
    room.add(late)
    room.carry_out(late, late.cluster.announce_presence())
    room.deliver()
    room.client(2).sits(SeatMode.GUEST)


def test_taking_a_mesh_over_asks_no_question() -> None:
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
            assert room.machines[0].cluster.on_messages([each], room.now) == []


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
def test_any_sequence_is_told_consistently_and_nothing_is_left(
    steps: list[tuple[str, int, int, SeatMode]],
) -> None:
    play = Play()
    for step in steps:
        play.step(*step)
    play.end()
    for machine in play.room.machines:
        if machine.alive:
            census, cluster = machine.broker.take_census(), machine.cluster
            assert (census.connections, census.seats, census.topics) == (0, 0, 0)
            assert not (cluster._visits or cluster._visitors)
            assert not (cluster._questions or machine.broker.seating.claims)

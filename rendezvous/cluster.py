"""Several servers that stand as one: a broker, and what it knows of the others.

Knows: which servers live, what is asked of them, and whose guests sit elsewhere. Does not know: sockets,
clocks, or how messages get from server to server.

- A seat at a mesh belongs to the server of its client; its first bytes say which, so a blob finds its way.
- Each tells the others of its meshes' seats and its invites' hosts as they come and go. A Take of a mesh is
  answered from what they have told. With each Hello goes a sum, so that nothing is missed for longer.
- An invite belongs to the server of its host. A guest from elsewhere sits there by proxy: what it says is
  handed on, and so is what it is told.
- Who wants to be a host or a guest is answered when the others have said what they have at the topic,
  ``ANSWER_SECONDS`` at most: of two hosts at once, one has to yield.
- What a server held is gone with it, and nothing else. Alone, each is a rendezvous like any other.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, assert_never

from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    FromClient,
    FromServer,
    Gone,
    Leave,
    Pass,
    Refusal,
    Seated,
    SeatRefused,
    Take,
    look_at_blob,
)
from rendezvous.broker import Broker
from rendezvous.bus_messages import (
    CULPRIT_BYTES,
    SERVER_BYTES,
    Carry,
    FromGuest,
    GuestRequest,
    Hello,
    Lost,
    Message,
    SeatsFollow,
    SeatsUnknown,
    SeatTaken,
    Server,
    ServerLeaves,
    ToGuest,
    TopicFound,
    TopicKind,
    TopicQuery,
    decode,
    encode,
    encode_carry,
)
from rendezvous.limits import ClientGroup
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
from rendezvous.tally import Totals
from rendezvous.telling import Telling
from rendezvous.topics import Connection

ANSWER_SECONDS: Final = 0.25
"""A host or a guest waits for the others' answer so long; they need a millisecond. A server that is later is
not waited for again until it is heard from."""

HELLO_SECONDS: Final = 1.0

DEAD_SECONDS: Final = 3.5
"""After three lost Hellos a server is gone, and its seats with it."""

TICK_SECONDS: Final = 0.05
"""Between two looks at what is due."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Hand this to a server of the cluster; None: to all of them."""

    to: Server | None
    data: bytes = field(repr=False)


ClusterOutput = Deliver | DeliverBytes | Close | Publish


@dataclass(slots=True)
class _Peer:
    heard_at: float
    late: bool = False


@dataclass(slots=True)
class _Question:
    about: Inquire
    waiting: set[Server]
    due: float
    found: list[TopicFound] = field(default_factory=list)


@dataclass(slots=True)
class _Visit:
    """One of our clients is a guest elsewhere, or has asked to be."""

    server: Server
    connection: Connection
    topic: Topic
    host: Seat | None = None


class Cluster:
    """Does what a broker does, and more of it. ``now`` is monotonic seconds."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.server = broker.server
        self._telling = Telling(broker.server, broker.directory)
        self._peers: dict[Server, _Peer] = {}
        self._questions: dict[int, _Question] = {}
        self._numbers = itertools.count(1)
        self._visits: dict[int, _Visit] = {}
        """By the number under which the host's server knows them."""
        self._visiting: dict[tuple[Connection, Topic], int] = {}
        self._visitors: dict[tuple[Server, int], Connection] = {}
        self._homes: dict[Connection, tuple[Server, int]] = {}
        """The clients of others that are guests of ours. Their connections are counted downwards from -1."""
        self._strangers = itertools.count(-1, -1)
        self._hello_at = 0.0

    @property
    def tally(self) -> Totals:
        """As in ``Broker``."""
        return self._broker.tally

    @property
    def peers(self) -> int:
        """How many other servers live."""
        return len(self._peers)

    # --- what a broker is told

    def connected(self, connection: Connection, groups: tuple[ClientGroup, ...], now: float) -> bool:
        """As in ``Broker``."""
        return self._broker.connected(connection, groups, now)

    def came_from(self, connection: Connection, groups: tuple[ClientGroup, ...], now: float) -> bool:
        """As in ``Broker``."""
        return self._broker.came_from(connection, groups, now)

    def framed(self, connection: Connection, now: float) -> list[ClusterOutput]:
        """As in ``Broker``."""
        return self._resolve(self._broker.framed(connection, now), now)

    def receive_message(self, connection: Connection, data: bytes, now: float) -> list[ClusterOutput]:
        """As in ``Broker``."""
        return self._resolve(self._broker.receive_message(connection, data, now), now)

    def received(self, connection: Connection, data: bytes, now: float) -> list[ClusterOutput]:
        """As in ``Broker``."""
        return self._resolve(self._broker.received(connection, data, now), now)

    def disconnected(self, connection: Connection, now: float) -> list[ClusterOutput]:
        """As in ``Broker``."""
        return self._left(connection) + self._resolve(self._broker.disconnected(connection, now), now)

    def movable(self) -> list[Connection]:
        """As in ``Broker``."""
        return self._broker.movable()

    def tick(self, now: float) -> list[ClusterOutput]:
        """As in ``Broker``."""
        return self._resolve(self._broker.tick(now), now)

    def census(self) -> Census:
        """As in ``Broker``."""
        return self._broker.census()

    # --- the others

    def hello(self) -> list[ClusterOutput]:
        """We have just come, or still live."""
        return [Publish(None, encode(self._telling.say_hello()))]

    def bye(self) -> list[ClusterOutput]:
        """We are about to go."""
        return [Publish(None, encode(ServerLeaves(self.server)))]

    def cut_off(self, now: float) -> list[ClusterOutput]:
        """Nothing gets through to the others: each goes on alone."""
        return [output for server in list(self._peers) for output in self._lose(server, now)]

    def look(self, now: float) -> list[ClusterOutput]:
        """Every ``TICK_SECONDS``: say that we live, give up on who does not, answer what has waited long."""
        out: list[ClusterOutput] = []
        if self._telling.incomplete:
            out.append(Publish(None, encode(self._telling.begin_anew(self._broker.told_seats()))))
        out += [Publish(None, encode(one)) for one in self._telling.tell_some()]
        if now >= self._hello_at:
            self._hello_at = now + HELLO_SECONDS
            out += self.hello()
        for server in [s for s, peer in self._peers.items() if peer.heard_at <= now - DEAD_SECONDS]:
            out += self._lose(server, now)
        for number in [n for n, question in self._questions.items() if question.due <= now]:
            for server in self._questions[number].waiting:
                if server in self._peers:
                    self._peers[server].late = True
            out += self._answer(number, now)
        return out

    def heard(self, data: bytes, now: float) -> list[ClusterOutput]:
        """Another server says something. What does not parse is dropped: it is of another version."""
        try:
            message = decode(data)
            return [] if message.server == self.server else self._heard(message, now)
        except Malformed:
            return []

    def _heard(self, message: Message, now: float) -> list[ClusterOutput]:
        if isinstance(message, Carry):  # by far the most
            return [self._broker.carried(message.target, message.blob) or self._miss(message)]
        match message:
            case Hello(server):
                greeting = [] if server in self._peers else self.hello()
                self._meet(server, now)
                return [
                    *greeting,
                    *(Publish(server, encode(one)) for one in self._telling.check_sum(message)),
                ]
            case SeatTaken(server) | SeatsFollow(server) | SeatsUnknown(server):
                if isinstance(message, SeatsFollow):
                    self._meet(server, now)
                if server in self._peers:
                    self._telling.hear_told(message)
                return []
            case ServerLeaves(server):
                return self._lose(server, now)
            case TopicQuery(server, number, topic, mode):
                found = self._broker.known_of(topic, mode, server < self.server)
                return [Publish(server, encode(TopicFound(self.server, number, found)))]
            case TopicFound(server, number):
                question = self._questions.get(number)
                if question is None or server not in question.waiting:
                    return []
                question.waiting.remove(server)
                question.found.append(message)
                return [] if question.waiting else self._answer(number, now)
            case Lost(_, topic, source, target):
                return self._resolve(self._broker.lost(topic, source, target), now)
            case GuestRequest(server, number, topic, culprit):
                return self._receive_guest(server, number, topic, culprit, now)
            case FromGuest(server, number, said):
                return self._from_guest(server, number, said, now)
            case ToGuest(server, number, told):
                return self._to_visitor(server, number, told)
            case _:
                assert_never(message)

    def _miss(self, carry: Carry) -> Publish:
        """Nobody sits there."""
        topic, source = look_at_blob(carry.blob)
        return Publish(carry.server, encode(Lost(self.server, topic, source, carry.target)))

    def _meet(self, server: Server, now: float) -> None:
        """It lives. A newcomer is told all."""
        self._telling.incomplete = self._telling.incomplete or server not in self._peers
        self._peers[server] = _Peer(now)

    def _lose(self, server: Server, now: float) -> list[ClusterOutput]:
        """A server is gone: nobody waits for it, our guests there are told, its guests here are gone."""
        if self._peers.pop(server, None) is None:
            return []
        self._broker.directory.forget_server(server)
        out: list[ClusterOutput] = []
        for number, question in list(self._questions.items()):
            question.waiting.discard(server)
            if not question.waiting:
                out += self._answer(number, now)
        for number, visit in [(n, v) for n, v in self._visits.items() if v.server == server]:
            out.append(Deliver(visit.connection, _over(visit)))
            self._end_visit(number)
        for key in [each for each in self._visitors if each[0] == server]:
            out += self._dismiss(key, now)
        return out

    # --- asking

    def _resolve(self, outputs: list[Output], now: float) -> list[ClusterOutput]:
        """Carry out what a broker wants of other servers."""
        out: list[ClusterOutput] = []
        for output in outputs:
            if isinstance(output, CarryBlob):  # by far the most
                out += self._carry(output.target, output.blob)
                continue
            match output:
                case Inquire():
                    out += self._ask(output, now)
                case Forward():
                    out += self._forward(output)
                case TellSeat():
                    told = self._telling.tell_seat(output)
                    out += [Publish(None, encode(told))] if told is not None else []
                case Deliver(to, message) if to in self._homes:
                    server, number = self._homes[to]
                    out.append(Publish(server, encode(ToGuest(self.server, number, message))))
                    if isinstance(message, SeatRefused | Gone):  # its server ends the visit with this
                        out += self._dismiss((server, number), now)
                case Close(connection) if connection in self._homes:
                    del self._visitors[self._homes.pop(connection)]
                case Close(connection):
                    out += [*self._left(connection), output]
                case Deliver() | DeliverBytes():
                    out.append(output)
                case _:
                    assert_never(output)
        return out

    def _ask(self, about: Inquire, now: float) -> list[ClusterOutput]:
        others = {server for server, peer in self._peers.items() if not peer.late}
        number = next(self._numbers)
        self._questions[number] = _Question(about, others, now + ANSWER_SECONDS)
        if not others:
            return self._answer(number, now)
        return [Publish(None, encode(TopicQuery(self.server, number, about.topic, about.mode)))]

    def _answer(self, number: int, now: float) -> list[ClusterOutput]:
        question = self._questions.pop(number)
        about, found = question.about, question.found
        host = next((each.server for each in found if each.kind is TopicKind.INVITE), None)
        mesh = any(each.kind is TopicKind.MESH for each in found)
        return self._resolve(self._broker.answered(about, Elsewhere(host, mesh), now), now)

    def _carry(self, target: Seat, blob: bytes) -> list[ClusterOutput]:
        server = target[:SERVER_BYTES]
        if server not in self._peers:
            return list(self._resolve(self._broker.lost(*look_at_blob(blob), target), 0.0))
        return [Publish(server, encode_carry(self.server, target, blob))]

    # --- our clients as guests elsewhere

    def _forward(self, forward: Forward) -> list[ClusterOutput]:
        """A Take, a Pass or a Leave of a client that is, or wants to be, a guest elsewhere."""
        key = (forward.connection, forward.topic)
        if forward.host is not None:
            number = next(self._numbers)
            self._visits[number] = _Visit(forward.host, forward.connection, forward.topic)
            self._visiting[key] = number
            culprit = _blamed(forward.culprit, forward.topic)
            return [Publish(forward.host, encode(GuestRequest(self.server, number, forward.topic, culprit)))]
        number = self._visiting.get(key, 0)
        visit = self._visits.get(number)
        if visit is None or forward.message is None:
            return []
        if isinstance(forward.message, Leave):
            self._end_visit(number)
        return [Publish(visit.server, encode(FromGuest(self.server, number, forward.message)))]

    def _to_visitor(self, server: Server, number: int, told: FromServer) -> list[ClusterOutput]:
        visit = self._visits.get(number)
        if visit is None or visit.server != server:
            return []
        match told:
            case Seated(_, _, others):
                visit.host = others[0] if others else None
            case SeatRefused() | Gone():
                self._end_visit(number)
            case _:
                pass
        return [Deliver(visit.connection, told)]

    def _end_visit(self, number: int) -> None:
        visit = self._visits.pop(number)
        del self._visiting[visit.connection, visit.topic]
        self._broker.returned(visit.connection, visit.topic)

    def _left(self, connection: Connection) -> list[ClusterOutput]:
        """One of our clients is gone; so is it where it was a guest."""
        out: list[ClusterOutput] = []
        for number, visit in [(n, v) for n, v in self._visits.items() if v.connection == connection]:
            leave = encode(FromGuest(self.server, number, Leave(visit.topic)))
            out.append(Publish(visit.server, leave))
            self._end_visit(number)
        return out

    # --- clients of others as guests of ours

    def _receive_guest(
        self, server: Server, number: int, topic: Topic, culprit: bytes, now: float
    ) -> list[ClusterOutput]:
        key = (server, number)
        if key in self._visitors or server not in self._peers:
            return []
        connection = Connection(next(self._strangers))
        self._visitors[key], self._homes[connection] = connection, key
        out = self._resolve(
            self._broker.visited(connection, topic, culprit.hex() if any(culprit) else None, now), now
        )
        if connection in self._homes and not self._broker.holds(connection):
            out += self._dismiss(key, now)
        return out

    def _from_guest(self, server: Server, number: int, said: FromClient, now: float) -> list[ClusterOutput]:
        key = (server, number)
        connection = self._visitors.get(key)
        if connection is None:
            return []
        match said:
            case Leave():
                return self._dismiss(key, now)
            case Pass(topic, seat, blob):
                return self._resolve(self._broker.passed(connection, topic, seat, blob, now), now)
            case Take():
                return []
            case _:
                assert_never(said)

    def _dismiss(self, key: tuple[Server, int], now: float) -> list[ClusterOutput]:
        connection = self._visitors.pop(key)
        del self._homes[connection]
        return self._resolve(self._broker.disconnected(connection, now), now)


def _blamed(culprit: str | None, topic: Topic) -> bytes:
    """Stands for a culprit at one topic alone; zeros for nobody."""
    if culprit is None:
        return bytes(CULPRIT_BYTES)
    return blake2b(culprit.encode(), key=topic, digest_size=CULPRIT_BYTES).digest()


def _over(visit: _Visit) -> FromServer:
    """What a guest is told whose host is gone with its server."""
    if visit.host is None:
        return SeatRefused(visit.topic, Refusal.ABSENT)
    return Gone(visit.topic, visit.host)

"""Several servers that stand as one: what a broker has to do with the others.

Knows: which servers live, and what is asked of them. Does not know: sockets, clocks, or how messages get from
server to server.

- A seat at a mesh belongs to the server of its client; its first bytes say which, so a blob finds its way.
- Each tells the others of its meshes' seats and its invites' hosts as they come and go. A Take of a mesh is
  answered from what they have told. With each Hello goes a sum, so that nothing is missed for longer.
- An invite belongs to the server of its host; a guest from elsewhere sits there by proxy (``visits``).
- Who wants to be a host or a guest is answered when the others have said what they have at the topic,
  ``ANSWER_SECONDS`` at most: of two hosts at once, one has to yield.
- What a server held is gone with it, and nothing else. Alone, each is a rendezvous like any other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, assert_never

from p2pchat.errors import Malformed
from p2pchat.wire.signalling import look_at_blob
from rendezvous.broker import Broker
from rendezvous.bus_messages import (
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
    cut_carry,
    decode,
    encode,
    encode_carry,
)
from rendezvous.outputs import (
    CarryBlob,
    Close,
    Deliver,
    DeliverBytes,
    Elsewhere,
    Forward,
    Inquire,
    Output,
    TellSeat,
)
from rendezvous.telling import Telling
from rendezvous.visits import Visitors, Visits

ANSWER_SECONDS: Final = 0.25
"""A host or a guest waits for the others' answer so long; they need a millisecond. A server that is later is
not waited for again until it is heard from."""

HELLO_SECONDS: Final = 1.0

DEAD_SECONDS: Final = 3.5
"""After three lost Hellos a server is gone, and its seats with it."""

TICK_SECONDS: Final = 0.05
"""Between two looks at what is due."""


@dataclass(slots=True)
class Publish:
    """Hand this to a server of the cluster; None: to all of them."""

    to: Server | None
    data: bytes = field(repr=False)


ClusterOutput = Deliver | DeliverBytes | Close | Publish


@dataclass(slots=True)
class _Peer:
    last_message_at: float
    late: bool = False


@dataclass(slots=True)
class _Question:
    about: Inquire
    waiting: set[Server]
    due: float
    found: list[TopicFound] = field(default_factory=list)


class Cluster:
    """Carries out what a broker wants of other servers, and has it hear them. ``now``: monotonic seconds."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.server = broker.server
        self._directory = broker.seating.directory
        self._telling = Telling(broker.server, self._directory)
        self._visits = Visits(broker)
        self._visitors = Visitors(broker)
        self._peers: dict[Server, _Peer] = {}
        self._questions: dict[int, _Question] = {}
        self._numbers = itertools.count(1)
        self._hello_at = 0.0

    @property
    def peers(self) -> int:
        """How many other servers live."""
        return len(self._peers)

    # --- what the broker wants

    def resolve_outputs(self, produced: Iterable[Output], now: float) -> list[ClusterOutput]:
        """Carry it out, as far as it concerns other servers or their clients."""
        outputs: list[ClusterOutput] = []
        for output in produced:
            if isinstance(output, CarryBlob):  # this and the next are by far the most
                outputs += self._carry(output, now)
            elif isinstance(output, Deliver) and output.to not in self._visitors:
                outputs.append(output)
            else:
                outputs += self._resolve_rare(output, now)
        return outputs

    def _carry(self, carry: CarryBlob, now: float) -> list[ClusterOutput]:
        server = carry.target[:SERVER_BYTES]
        if server in self._peers:
            return [Publish(server, encode_carry(self.server, carry.target, carry.blob))]
        return self.resolve_outputs(self._broker.on_blob_lost(*look_at_blob(carry.blob), carry.target), now)

    def _resolve_rare(self, output: Output, now: float) -> list[ClusterOutput]:
        match output:
            case Inquire():
                return self._ask(output, now)
            case Forward():
                for_host = self._visits.hand_on(output)
                return [] if for_host is None else [Publish(for_host[0], encode(for_host[1]))]
            case TellSeat():
                told = self._telling.tell_seat(output)
                return [] if told is None else [Publish(None, encode(told))]
            case Deliver(to, message):
                server, shown, ended = self._visitors.tell_visitor(to, message, now)
                return [Publish(server, encode(shown)), *self.resolve_outputs(ended, now)]
            case Close(connection) if connection in self._visitors:
                self._visitors.close(connection)
                return []
            case Close() | DeliverBytes():
                return [output]
            case CarryBlob():
                return self._carry(output, now)
            case _:
                assert_never(output)

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
        host = next((seats.server for seats in found if seats.kind is TopicKind.INVITE), None)
        mesh = any(seats.kind is TopicKind.MESH for seats in found)
        return self.resolve_outputs(self._broker.on_inquired(about, Elsewhere(host, mesh), now), now)

    # --- who lives

    def announce_presence(self) -> list[ClusterOutput]:
        """We have just come, or still live."""
        return [Publish(None, encode(self._telling.say_hello()))]

    def announce_departure(self) -> list[ClusterOutput]:
        """We are about to go."""
        return [Publish(None, encode(ServerLeaves(self.server)))]

    def cut_off(self, now: float) -> list[ClusterOutput]:
        """Nothing gets through to the others: each goes on alone."""
        return [output for server in list(self._peers) for output in self._lose(server, now)]

    def tick(self, now: float) -> list[ClusterOutput]:
        """Every ``TICK_SECONDS``: announce that we live, give up on silent servers, answer what has waited
        long."""
        outputs: list[ClusterOutput] = []
        if self._telling.incomplete:
            outputs.append(Publish(None, encode(self._telling.begin_anew(self._broker.seating.tell_all()))))
        outputs += [Publish(None, encode(one)) for one in self._telling.tell_some()]
        if now >= self._hello_at:
            self._hello_at = now + HELLO_SECONDS
            outputs += self.announce_presence()
        for server in [s for s, peer in self._peers.items() if peer.last_message_at <= now - DEAD_SECONDS]:
            outputs += self._lose(server, now)
        for number in [n for n, question in self._questions.items() if question.due <= now]:
            for server in self._questions[number].waiting:
                if server in self._peers:
                    self._peers[server].late = True
            outputs += self._answer(number, now)
        return outputs

    def _meet(self, server: Server, now: float) -> None:
        """Note that a server lives. Tell a new server all seats."""
        self._telling.incomplete = self._telling.incomplete or server not in self._peers
        self._peers[server] = _Peer(now)

    def _lose(self, server: Server, now: float) -> list[ClusterOutput]:
        """A server is gone: its answers are no longer awaited, our guests there are told, its guests here are
        gone."""
        if self._peers.pop(server, None) is None:
            return []
        self._directory.forget_server(server)
        outputs: list[ClusterOutput] = []
        for number, question in list(self._questions.items()):
            question.waiting.discard(server)
            if not question.waiting:
                outputs += self._answer(number, now)
        outputs += self._visits.lose_server(server)
        return outputs + self.resolve_outputs(self._visitors.lose_server(server, now), now)

    # --- what the others say

    def on_messages(self, messages: Iterable[bytes], now: float) -> list[ClusterOutput]:
        """Messages of other servers. What does not parse is dropped: it is of another version."""
        outputs: list[ClusterOutput] = []
        carry_in = self._broker.seating.carry_in
        for data in messages:
            try:
                carried = cut_carry(data)  # by far the most
                if carried is not None:
                    outputs.append(carry_in(*carried) or self._miss(data))
                    continue
                message = decode(data)
            except Malformed:
                continue
            if message.server != self.server:
                outputs += self._hear_message(message, now)
        return outputs

    def _miss(self, data: bytes) -> Publish:
        """Return a message which says that no client has the seat of a Carry."""
        carry = decode(data)
        assert isinstance(carry, Carry), "it was cut as one"
        topic, source = look_at_blob(carry.blob)
        return Publish(carry.server, encode(Lost(self.server, topic, source, carry.target)))

    def _hear_message(self, message: Message, now: float) -> list[ClusterOutput]:
        match message:
            case Hello(server):
                greeting = [] if server in self._peers else self.announce_presence()
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
                found = self._broker.seating.tell_kind(topic, mode, server < self.server)
                return [Publish(server, encode(TopicFound(self.server, number, found)))]
            case TopicFound():
                return self._hear_found(message, now)
            case Carry():
                return []  # it was heard already
            case Lost(_, topic, source, target):
                return self.resolve_outputs(self._broker.on_blob_lost(topic, source, target), now)
            case GuestRequest(server):
                seated = self._visitors.receive_request(message, now) if server in self._peers else []
                return self.resolve_outputs(seated, now)
            case FromGuest():
                return self.resolve_outputs(self._visitors.receive_from_guest(message, now), now)
            case ToGuest():
                return [*self._visits.receive_told(message)]
            case _:
                assert_never(message)

    def _hear_found(self, found: TopicFound, now: float) -> list[ClusterOutput]:
        question = self._questions.get(found.number)
        if question is None or found.server not in question.waiting:
            return []
        question.waiting.remove(found.server)
        question.found.append(found)
        return [] if question.waiting else self._answer(found.number, now)

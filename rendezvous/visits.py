"""Guests of invites whose host sits at another server.

Knows: which client is a guest at which server, from either side. Does not know: which servers live, or how
messages get from server to server.

Where the guest is, it counts as ``away``, and what it says is handed on. Where the host is, the guest is a
client of the broker's without a socket, and what it is told is handed back.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import FromServer, Gone, Leave, Pass, Refusal, Seated, SeatRefused
from rendezvous.broker import Broker
from rendezvous.bus_messages import CULPRIT_BYTES, FromGuest, GuestRequest, Message, Server, ToGuest
from rendezvous.outputs import Deliver, Forward, Output
from rendezvous.topics import Connection


@dataclass(slots=True)
class _Visit:
    """A client of ours that is a guest at another server, or has asked to be one."""

    server: Server
    connection: Connection
    topic: Topic
    host: Seat | None = None


class Visits:
    """Our clients that are guests at other servers."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._numbers = itertools.count(1)
        self._visits: dict[int, _Visit] = {}
        """By the number under which the host's server knows them."""
        self._visiting: dict[tuple[Connection, Topic], int] = {}

    def __len__(self) -> int:
        return len(self._visits)

    def hand_on(self, forward: Forward) -> tuple[Server, Message] | None:
        """A Take, a Pass or a Leave of a client that is, or wants to be, a guest elsewhere: what is said
        there."""
        key = (forward.connection, forward.topic)
        if forward.host is not None:
            number = next(self._numbers)
            self._visits[number] = _Visit(forward.host, forward.connection, forward.topic)
            self._visiting[key] = number
            culprit = _blamed(forward.culprit, forward.topic)
            return forward.host, GuestRequest(self._broker.server, number, forward.topic, culprit)
        number = self._visiting.get(key, 0)
        visit = self._visits.get(number)
        if visit is None or forward.message is None:
            return None
        if isinstance(forward.message, Leave):
            self._end(number)
        return visit.server, FromGuest(self._broker.server, number, forward.message)

    def receive_told(self, message: ToGuest) -> list[Deliver]:
        """Its host's server tells one of them something."""
        visit = self._visits.get(message.number)
        if visit is None or visit.server != message.server:
            return []
        match message.message:
            case Seated(_, _, others):
                visit.host = others[0] if others else None
            case SeatRefused() | Gone():
                self._end(message.number)
            case _:
                pass
        return [Deliver(visit.connection, message.message)]

    def lose_server(self, server: Server) -> Iterator[Deliver]:
        """All guests there are told."""
        for number, visit in [(n, v) for n, v in self._visits.items() if v.server == server]:
            yield Deliver(visit.connection, _over(visit))
            self._end(number)

    def _end(self, number: int) -> None:
        visit = self._visits.pop(number)
        del self._visiting[visit.connection, visit.topic]
        self._broker.on_return(visit.connection, visit.topic)


class Visitors:
    """Clients of other servers, at hosts of ours. Their connections are counted downwards from -1."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._numbers = itertools.count(-1, -1)
        self._visitors: dict[tuple[Server, int], Connection] = {}
        self._homes: dict[Connection, tuple[Server, int]] = {}

    def __len__(self) -> int:
        return len(self._homes)

    def receive_request(self, request: GuestRequest, now: float) -> list[Output]:
        """A client of another server asks to be a guest here."""
        key = (request.server, request.number)
        if key in self._visitors:
            return []
        connection = Connection(next(self._numbers))
        self._visitors[key], self._homes[connection] = connection, key
        culprit = request.culprit.hex() if any(request.culprit) else None
        return self._broker.on_visit(connection, request.topic, culprit, now)

    def receive_from_guest(self, message: FromGuest, now: float) -> list[Output]:
        """A guest from another server sends something to its host, or leaves."""
        connection = self._visitors.get((message.server, message.number))
        if connection is None:
            return []
        match message.message:
            case Leave():
                return self._dismiss(connection, now)
            case Pass() as said:
                return self._broker.on_guest_pass(connection, said, now)
            case _:
                return []

    def tell_visitor(
        self, connection: Connection, told: FromServer, now: float
    ) -> tuple[Server, Message, list[Output]]:
        """The message that its server must send to a guest. A guest that is refused, or without a host, is
        gone too."""
        server, number = self._homes[connection]
        ended = self._dismiss(connection, now) if isinstance(told, SeatRefused | Gone) else []
        return server, ToGuest(self._broker.server, number, told), ended

    def close(self, connection: Connection) -> None:
        """The broker has forgotten it."""
        del self._visitors[self._homes.pop(connection)]

    def lose_server(self, server: Server, now: float) -> list[Output]:
        """All that came from there are gone."""
        gone = [connection for connection, home in self._homes.items() if home[0] == server]
        return [output for connection in gone for output in self._dismiss(connection, now)]

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._homes

    def _dismiss(self, connection: Connection, now: float) -> list[Output]:
        self.close(connection)
        return self._broker.on_disconnect(connection, now)


def _blamed(culprit: str | None, topic: Topic) -> bytes:
    """Stands for a culprit at one topic alone; zeros for none."""
    if culprit is None:
        return bytes(CULPRIT_BYTES)
    return blake2b(culprit.encode(), key=topic, digest_size=CULPRIT_BYTES).digest()


def _over(visit: _Visit) -> FromServer:
    """Return the message to a guest whose host has gone with its server."""
    if visit.host is None:
        return SeatRefused(visit.topic, Refusal.ABSENT)
    return Gone(visit.topic, visit.host)

"""What the other servers of a cluster have: the seats of meshes, and the hosts of invites.

Knows: what they have said, server by server. Does not know: how it came here, or what there is on this one.

A Take is answered from here, so a mesh with members on several servers costs none of them a question. What is
said is kept in the order in which it was said; a count and a sum show whether something was lost on the way.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from p2pchat.types import Seat, Topic
from rendezvous.bus_messages import Server, TopicKind

ENTRIES_MAX: Final = 262_144
"""Of all servers together, 0.5 kB each: sixteen full ones. What goes beyond is not known here: fewer meet."""

Entry = tuple[Topic, Seat]
"""A seat is one of a kind at its topic alone."""


@dataclass(slots=True)
class Sum:
    """Stands for a set of entries, and is as long for many."""

    count: int = 0
    seats: int = 0

    def count_seat(self, seat: Seat) -> None:
        """Add one to the number of seats that the server tells of."""
        self.count += 1
        self.seats ^= int.from_bytes(seat, "big")

    def drop_seat(self, seat: Seat) -> None:
        """Subtract one from the number of seats that the server tells of."""
        self.count -= 1
        self.seats ^= int.from_bytes(seat, "big")


@dataclass(slots=True)
class _Others:
    """The seats of one topic at other servers. Seats of a mesh are in a list, from which a few are drawn in
    constant time."""

    seats: list[Seat] = field(default_factory=list)
    places: dict[Seat, int] = field(default_factory=dict)

    def add_seat(self, seat: Seat) -> None:
        self.places[seat] = len(self.seats)
        self.seats.append(seat)

    def remove_seat(self, seat: Seat) -> None:
        """The last in the list moves into the gap."""
        place, last = self.places.pop(seat), self.seats.pop()
        if last != seat:
            self.seats[place], self.places[last] = last, place


class Directory:
    """``rng`` draws samples."""

    def __init__(self, rng: random.Random) -> None:
        self._random = rng
        self._servers: dict[Server, dict[Entry, TopicKind]] = {}
        self._sums: dict[Server, Sum] = {}
        self._meshes: dict[Topic, _Others] = {}
        self._invites: dict[Topic, int] = {}
        self._entries = 0

    def enter_seat(self, server: Server, topic: Topic, seat: Seat, kind: TopicKind) -> None:
        """That server says what it has at a topic now."""
        known = self._servers.setdefault(server, {})
        if (topic, seat) in known or self._entries >= ENTRIES_MAX:
            return
        known[topic, seat] = kind
        self._entries += 1
        self._sums.setdefault(server, Sum()).count_seat(seat)
        if kind is TopicKind.MESH:
            self._meshes.setdefault(topic, _Others()).add_seat(seat)
        else:
            self._invites[topic] = self._invites.get(topic, 0) + 1

    def strike_seat(self, server: Server, topic: Topic, seat: Seat) -> None:
        """That server no longer has it."""
        kind = self._servers.get(server, {}).pop((topic, seat), None)
        if kind is None:
            return
        self._entries -= 1
        self._sums[server].drop_seat(seat)
        if kind is TopicKind.MESH:
            self._meshes[topic].remove_seat(seat)
            if not self._meshes[topic].seats:
                del self._meshes[topic]
        elif self._invites[topic] == 1:
            del self._invites[topic]
        else:
            self._invites[topic] -= 1

    def forget_server(self, server: Server) -> None:
        """All that it has said."""
        for topic, seat in list(self._servers.get(server, ())):
            self.strike_seat(server, topic, seat)
        self._servers.pop(server, None)
        self._sums.pop(server, None)

    def agrees_with(self, server: Server, theirs: Sum) -> bool:
        """Whether it has what is known of it; or there is no room to know all."""
        return self._entries >= ENTRIES_MAX or self._sums.get(server, Sum()) == theirs

    def has_invite(self, topic: Topic) -> bool:
        """Whether a host sits there."""
        return topic in self._invites

    def sample_seats(self, topic: Topic, most: int) -> tuple[int, tuple[Seat, ...]]:
        """How many seats of a mesh there are, and up to ``most`` of them, uniformly drawn, in random
        order."""
        mesh = self._meshes.get(topic)
        if mesh is None:
            return 0, ()
        count = len(mesh.seats)
        return count, tuple(mesh.seats if count == 1 else self._random.sample(mesh.seats, min(most, count)))

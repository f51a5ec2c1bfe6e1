"""The two kinds of topic, and who sits there.

Knows: the seats of one topic. Does not know: limits, or what is passed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NewType

from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import SEAT_BYTES

Connection = NewType("Connection", int)
"""The server's number for one client's connection; never used twice."""


@dataclass(slots=True, eq=False)
class Place:
    """One taken seat."""

    topic: Topic
    seat: Seat
    connection: Connection
    index: int = 0
    """Where it stands in its mesh's list."""


class MeshTopic:
    """Many seats; a random few can be drawn in constant time, however many there are."""

    __slots__ = ("_by_seat", "_places", "_random")

    def __init__(self, rng: random.Random) -> None:
        self._random = rng
        self._places: list[Place] = []
        self._by_seat: dict[Seat, Place] = {}

    def __len__(self) -> int:
        return len(self._places)

    def sit(self, topic: Topic, connection: Connection) -> Place:
        """Take a new seat."""
        place = Place(topic, self._new_seat(), connection, len(self._places))
        self._places.append(place)
        self._by_seat[place.seat] = place
        return place

    def stand(self, place: Place) -> None:
        """Give the seat up: the last in the list moves into the gap."""
        last = self._places.pop()
        if last is not place:
            last.index = place.index
            self._places[place.index] = last
        del self._by_seat[place.seat]

    def find(self, seat: Seat) -> Place | None:
        """Who sits there."""
        return self._by_seat.get(seat)

    def others(self, place: Place, most: int) -> tuple[Seat, ...]:
        """Up to ``most`` distinct other seats, uniformly drawn, in random order."""
        last = len(self._places) - 1
        drawn = self._random.sample(range(last), min(most, last))
        # The last stands in for our own place, which is thus never drawn.
        return tuple(self._places[last if index == place.index else index].seat for index in drawn)

    def _new_seat(self) -> Seat:
        seat = Seat(self._random.randbytes(SEAT_BYTES))
        while seat in self._by_seat:
            seat = Seat(self._random.randbytes(SEAT_BYTES))
        return seat


@dataclass(slots=True)
class InviteTopic:
    """A host, and the one guest it will ever have; gone when either leaves."""

    host: Place
    guest: Place | None = None

    def __len__(self) -> int:
        return 1 if self.guest is None else 2

    def find(self, seat: Seat) -> Place | None:
        """Who sits there."""
        return next(
            (place for place in (self.host, self.guest) if place is not None and place.seat == seat), None
        )

    def other(self, place: Place) -> Place | None:
        """The opposite seat, if it is taken."""
        return self.guest if place is self.host else self.host

    def others(self, place: Place, most: int) -> tuple[Seat, ...]:
        """The host, for the guest. The host learns of its guest only when that one passes something."""
        return (self.host.seat,) if place is self.guest else ()

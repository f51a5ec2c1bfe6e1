"""The two kinds of topic, and their seats.

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
class TakenSeat:
    """One taken seat."""

    topic: Topic
    seat: Seat
    connection: Connection
    index: int = 0
    """Where it stands in its mesh's list."""


class MeshTopic:
    """Many seats; a random few can be drawn in constant time, however many there are."""

    __slots__ = ("_by_seat", "_places", "_prefix", "_random")

    def __init__(self, rng: random.Random, prefix: bytes = b"") -> None:
        """``prefix``: what every seat begins with."""
        self._random = rng
        self._prefix = prefix
        self._places: list[TakenSeat] = []
        self._by_seat: dict[Seat, TakenSeat] = {}

    def __len__(self) -> int:
        return len(self._places)

    def take_seat(self, topic: Topic, connection: Connection) -> TakenSeat:
        """Take a new seat."""
        place = TakenSeat(topic, self._new_seat(), connection, len(self._places))
        self._places.append(place)
        self._by_seat[place.seat] = place
        return place

    def leave_seat(self, place: TakenSeat) -> None:
        """Give the seat up: the last in the list moves into the gap."""
        last = self._places.pop()
        if last is not place:
            last.index = place.index
            self._places[place.index] = last
        del self._by_seat[place.seat]

    def find_seat(self, seat: Seat) -> TakenSeat | None:
        """The clients at the topic."""
        return self._by_seat.get(seat)

    def other_seats(self, place: TakenSeat, most: int) -> tuple[Seat, ...]:
        """Up to ``most`` distinct other seats, uniformly drawn, in random order."""
        last = len(self._places) - 1
        if not last:
            return ()
        drawn = self._random.sample(range(last), min(most, last))
        # The last stands in for our own place, which is thus never drawn.
        return tuple(self._places[last if index == place.index else index].seat for index in drawn)

    def list_seats(self) -> list[Seat]:
        """All of them."""
        return list(self._by_seat)

    def _new_seat(self) -> Seat:
        seat = new_seat(self._random, self._prefix)
        while seat in self._by_seat:
            seat = new_seat(self._random, self._prefix)
        return seat


def mixed(rng: random.Random, parts: list[tuple[int, tuple[Seat, ...]]], most: int) -> tuple[Seat, ...]:
    """Draw up to ``most`` of all seats uniformly, from each part as many as chance has it: of each, how many
    there are, and as many of them in random order, or ``most``."""
    left = [count for count, _ in parts]
    drawn = [list(seats) for _, seats in parts]
    made: list[Seat] = []
    while len(made) < most and any(drawn):
        (which,) = rng.choices(range(len(parts)), [n if d else 0 for n, d in zip(left, drawn, strict=True)])
        left[which] -= 1
        made.append(drawn[which].pop())
    return tuple(made)


def new_seat(rng: random.Random, prefix: bytes) -> Seat:
    """Draw a seat; one of a mesh may be taken already."""
    return Seat(prefix + rng.randbytes(SEAT_BYTES - len(prefix)))


SILENT_S = 5.0
"""A guest that passed nothing for this time is removed: a friend that knows the words sends first, at
once."""

HELD_S = 15.0
"""For so long in all the guests of one network may hold the seat unless the host answers: less than a guest
waits that finds another there (25 s). Through Tor an answer may take some seconds."""

STAY_MIN_S = 1.0
"""A shorter stay counts as this: the host is told of each."""

HOLDERS_MAX = 64
"""Networks remembered at a topic that have held the seat; beyond these the oldest may come again."""


@dataclass(slots=True)
class Sitting:
    """A guest at an invite, and how far it has come."""

    place: TakenSeat
    since: float
    until: float
    """When the time of its network is used up."""
    spoke: bool = False
    answered: bool = False
    """The host has answered it: it has had its guess, and no guest comes after it."""

    def is_stalling(self, now: float) -> bool:
        """Whether it has had its time and made nothing of it."""
        ends = self.until if self.spoke else min(self.until, self.since + SILENT_S)
        return not self.answered and now >= ends


class InviteTopic:
    """A host, and one guest at a time until the host has answered one; gone when the host leaves, or that
    guest."""

    __slots__ = ("_held", "host", "sitting")

    def __init__(self, host: TakenSeat) -> None:
        self.host = host
        self.sitting: Sitting | None = None
        self._held: dict[str, float] = {}
        """Seconds for which a network has held the guest's seat, without an answer."""

    def __len__(self) -> int:
        return 1 if self.sitting is None else 2

    def find_seat(self, seat: Seat) -> TakenSeat | None:
        """The clients at the topic."""
        there = (self.host,) if self.sitting is None else (self.host, self.sitting.place)
        return next((place for place in there if place.seat == seat), None)

    def opposite_seat(self, place: TakenSeat) -> TakenSeat | None:
        """The opposite seat, if it is taken."""
        return self._guest if place is self.host else self.host

    def other_seats(self, place: TakenSeat, most: int) -> tuple[Seat, ...]:
        """The host, for the guest. The host learns of its guest only when that one passes something."""
        return (self.host.seat,) if place is self._guest else ()

    def seat_guest(self, place: TakenSeat, culprit: str | None, now: float) -> None:
        """Give the guest's seat to a client of ``culprit``, which it accepts."""
        held = self._held.get(culprit, 0.0) if culprit is not None else 0.0
        self.sitting = Sitting(place, now, now + HELD_S - held)

    def note_passed(self, place: TakenSeat) -> None:
        """Note a blob that went from there to the opposite seat."""
        if self.sitting is None:
            return
        if place is self.host:
            self.sitting.answered = True
        else:
            self.sitting.spoke = True

    def let_leave(self, culprit: str | None, now: float) -> None:
        """Free the seat of a guest that leaves by itself, without an answer. A person may begin anew."""
        assert self.sitting is not None, "it leaves"
        self._free_guest(culprit, max(STAY_MIN_S, now - self.sitting.since))

    def expel_guest(self, culprit: str | None) -> None:
        """Free the seat of a guest that made nothing of its time; ``culprit`` does not come again."""
        self._free_guest(culprit, HELD_S)

    def accepts_guest(self, culprit: str | None) -> bool:
        """Whether that client may be the guest."""
        return culprit is None or self._held.get(culprit, 0.0) < HELD_S

    def _free_guest(self, culprit: str | None, held: float) -> None:
        self.sitting = None
        if culprit is not None:
            self._held[culprit] = self._held.get(culprit, 0.0) + held
            while len(self._held) > HOLDERS_MAX:
                del self._held[next(iter(self._held))]

    @property
    def _guest(self) -> TakenSeat | None:
        return None if self.sitting is None else self.sitting.place

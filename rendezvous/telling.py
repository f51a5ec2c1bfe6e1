"""What the servers of a cluster tell each other of their seats.

Knows: what was told, whether all of it came, and what is to be said again. Does not know: which servers live,
or what a seat is for.

All of it goes to all servers, the sums too: so it has one order, and a sum that does not fit shows that
something was lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from p2pchat.types import Seat, Topic
from rendezvous.bus_messages import Hello, Message, SeatsFollow, SeatsUnknown, SeatTaken, Server, TopicKind
from rendezvous.directory import Directory, Sum
from rendezvous.outputs import TellSeat

AT_ONCE: Final = 512
"""Seats that are told in one go where all are to be told: a few milliseconds."""


class Telling:
    """Tells the other servers of our seats. ``directory`` keeps what they tell of theirs."""

    def __init__(self, server: Server, directory: Directory) -> None:
        self._server = server
        self._directory = directory
        self._told = Sum()
        self._untold: dict[tuple[Topic, Seat], TellSeat] = {}
        self.incomplete = False
        """Another server has missed something: everything must be told again."""

    def say_hello(self) -> Message:
        """Make a hello with the sum of all seats that were told."""
        return Hello(self._server, self._told.count, self._told.seats)

    def tell_seat(self, of: TellSeat) -> Message | None:
        """Return the message that a seat was taken or left, or None if that stays untold."""
        if self._untold.pop((of.topic, of.seat), None) is not None and of.kind is TopicKind.NOTHING:
            return None
        if of.kind is TopicKind.NOTHING:
            self._told.drop_seat(of.seat)
        else:
            self._told.count_seat(of.seat)
        return SeatTaken(self._server, of.topic, of.seat, of.kind)

    def begin_anew(self, seats: Iterable[TellSeat]) -> Message:
        """Tell all of them from now on, some at a time."""
        self.incomplete, self._told = False, Sum()
        self._untold = {(of.topic, of.seat): of for of in seats}
        return SeatsFollow(self._server)

    def tell_some(self) -> list[Message]:
        """The next of those, if there are any."""
        some = list(islice(self._untold.values(), AT_ONCE))
        return [told for of in some if (told := self.tell_seat(of)) is not None]

    def check_sum(self, hello: Hello) -> list[Message]:
        """Ask each server with a gap in its messages for everything."""
        fits = self._directory.agrees_with(hello.server, Sum(hello.count, hello.sum))
        return [] if fits else [SeatsUnknown(self._server)]

    def hear_told(self, message: SeatTaken | SeatsFollow | SeatsUnknown) -> None:
        """Another server tells of its seats, or has missed something of ours."""
        match message:
            case SeatTaken(server, topic, seat, TopicKind.NOTHING):
                self._directory.strike_seat(server, topic, seat)
            case SeatTaken(server, topic, seat, kind):
                self._directory.enter_seat(server, topic, seat, kind)
            case SeatsFollow(server):
                self._directory.forget_server(server)
            case SeatsUnknown():
                self.incomplete = True

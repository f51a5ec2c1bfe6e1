"""What a node remembers of the seats at a rendezvous."""

from __future__ import annotations

from p2pchat.core.rendezvous.known_seats import AVOID_S, REMEMBERED_CAP, KnownSeats
from p2pchat.types import NodeId, Seat

URL, SEAT, NODE = "ws://meeting.test", Seat(b"s" * 16), NodeId(b"n" * 16)


def test_the_owner_of_a_seat_is_known_once_it_was_met() -> None:
    seats = KnownSeats()
    assert seats.owner_of(URL, SEAT) is None
    seats.learn_owner(URL, SEAT, NODE)
    assert seats.owner_of(URL, SEAT) == NODE
    assert seats.owner_of("ws://other.test", SEAT) is None


def test_a_seat_that_failed_is_left_alone_for_a_while() -> None:
    seats = KnownSeats()
    assert not seats.has_failed(URL, SEAT, 0.0)
    seats.avoid_seat(URL, SEAT, 0.0)
    assert seats.has_failed(URL, SEAT, AVOID_S - 1.0) and not seats.has_failed(URL, SEAT, AVOID_S)


def test_everybody_can_be_tried_anew_and_owners_stay_known() -> None:
    seats = KnownSeats()
    seats.learn_owner(URL, SEAT, NODE)
    seats.mark_reached(URL, SEAT)
    seats.avoid_seat(URL, SEAT, 0.0)
    assert seats.is_reached(URL, SEAT)
    seats.forget_attempts()
    assert not seats.is_reached(URL, SEAT) and not seats.has_failed(URL, SEAT, 1.0)
    assert seats.owner_of(URL, SEAT) == NODE


def test_the_oldest_are_forgotten_beyond_the_cap() -> None:
    seats = KnownSeats()
    for number in range(REMEMBERED_CAP + 1):
        seats.mark_reached(URL, Seat(number.to_bytes(16, "big")))
    assert not seats.is_reached(URL, Seat(bytes(16)))
    assert seats.is_reached(URL, Seat(REMEMBERED_CAP.to_bytes(16, "big")))

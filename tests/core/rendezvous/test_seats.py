"""Which nodes stay at the rendezvous: enough reachable ones."""

from __future__ import annotations

from p2pchat.core.rendezvous.known_seats import AVOID_S
from p2pchat.core.rendezvous.partition import TORN_FOR_S
from p2pchat.core.rendezvous.seats import RELEASE_SHARE, Seats
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import OTHERS_MAX

URL, TOPIC, SEAT = "ws://meeting.test", Topic(b"t" * 32), Seat(b"s" * 16)


def leaves(linked: int, failed: int, declined: int = 0) -> float:
    """How readily a greeter that sees a full sample of others leaves, after such attempts."""
    count = 0
    for seed in range(400):
        seats = Seats(b"m" * 32, (URL,), SeededEntropy(seed))
        seats.on_seat_taken(URL, TOPIC, OTHERS_MAX)
        for _ in range(linked):
            seats.count_success()
        for _ in range(failed):
            seats.on_attempt_failed(URL, SEAT, 0.0)
        for _ in range(declined):
            seats.on_attempt_failed(URL, SEAT, 0.0, declined=True)
        count += seats.should_release_seats()
    return count / 400


def test_a_node_that_is_hard_to_reach_leaves_first() -> None:
    assert abs(leaves(linked=5, failed=0) - RELEASE_SHARE) < 0.1
    assert abs(leaves(linked=4, failed=0, declined=4) - RELEASE_SHARE) < 0.1
    assert leaves(linked=3, failed=1) > 0.6
    assert leaves(linked=2, failed=2) == 1.0


def test_no_node_leaves_where_few_sit() -> None:
    seats = Seats(b"m" * 32, (URL,), SeededEntropy(1))
    seats.on_seat_taken(URL, TOPIC, OTHERS_MAX - 1)
    seats.on_attempt_failed(URL, SEAT, 0.0)
    assert not seats.should_release_seats()


def test_a_seat_that_failed_is_left_alone_but_not_while_the_mesh_may_be_in_pieces() -> None:
    seats = Seats(b"m" * 32, (URL,), SeededEntropy(1))
    seats.on_attempt_failed(URL, SEAT, 0.0)
    assert seats.is_avoided(URL, SEAT, 1.0) and not seats.is_avoided(URL, SEAT, AVOID_S)
    seats.on_mass_link_loss(30.0)
    seats.on_attempt_failed(URL, SEAT, 40.0)
    assert not seats.is_avoided(URL, SEAT, 41.0)
    healed = 30.0 + TORN_FOR_S
    seats.on_attempt_failed(URL, SEAT, healed)
    assert seats.is_avoided(URL, SEAT, healed + 1.0)

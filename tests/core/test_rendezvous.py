"""Keeping connections and seats, with patience."""

from __future__ import annotations

from p2pchat.core.orders import CloseRendezvous, ConnectRendezvous, Signal
from p2pchat.core.rendezvous import FIRST_BACKOFF_S, LAST_BACKOFF_S, Rendezvous
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Topic
from p2pchat.wire.signalling import Leave, SeatMode, Take

URL = "ws://a"
ONE, TWO = Topic(b"1" * 32), Topic(b"2" * 32)
MESH = SeatMode.MESH


def test_the_first_wish_connects_and_every_connection_takes_all_seats() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    assert rendezvous.want(URL, ONE, MESH, 0.0) == [ConnectRendezvous(URL)]
    assert rendezvous.want(URL, TWO, MESH, 0.0) == []
    assert rendezvous.up(URL) == [Signal(URL, Take(ONE, MESH)), Signal(URL, Take(TWO, MESH))]
    assert rendezvous.want(URL, ONE, MESH, 1.0) == [Signal(URL, Take(ONE, MESH))]
    (status,) = rendezvous.status()
    assert (status.url, status.up, status.reason) == (URL, True, "")


def test_the_last_seat_left_closes_the_connection() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.want(URL, ONE, MESH, 0.0)
    rendezvous.up(URL)
    rendezvous.want(URL, TWO, MESH, 0.0)
    assert rendezvous.unwant(URL, ONE) == [Signal(URL, Leave(ONE))]
    assert rendezvous.unwant(URL, ONE) == []
    assert rendezvous.unwant(URL, TWO) == [Signal(URL, Leave(TWO)), CloseRendezvous(URL)]
    assert rendezvous.unwant(URL, TWO) == []
    assert rendezvous.status() == ()


def test_a_lost_server_is_asked_again_with_growing_gaps() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.want(URL, ONE, MESH, 0.0)
    now, gaps = 0.0, []
    for _ in range(10):
        rendezvous.down(URL, "nothing listens there", now)
        due = rendezvous.next_wakeup()
        assert due is not None
        gaps.append(due - now)
        assert rendezvous.tick(due - 0.01) == []
        now = due
        assert rendezvous.tick(now) == [ConnectRendezvous(URL)]
        assert rendezvous.tick(now) == []
        assert rendezvous.next_wakeup() is None
    assert 0.75 * FIRST_BACKOFF_S <= gaps[0] <= 1.25 * FIRST_BACKOFF_S
    assert 0.75 * LAST_BACKOFF_S <= gaps[-1] <= 1.25 * LAST_BACKOFF_S
    assert rendezvous.status()[0].reason == "nothing listens there"
    rendezvous.up(URL)
    rendezvous.down(URL, "lost", now)
    due = rendezvous.next_wakeup()
    assert due is not None
    assert due - now <= 1.25 * FIRST_BACKOFF_S


def test_a_connection_nobody_wants_any_more_is_closed() -> None:
    rendezvous = Rendezvous(SeededEntropy(0))
    rendezvous.want(URL, ONE, MESH, 0.0)
    assert rendezvous.unwant(URL, ONE) == [CloseRendezvous(URL)]
    assert rendezvous.up(URL) == [CloseRendezvous(URL)]
    rendezvous.down(URL, "late", 0.0)
    assert rendezvous.next_wakeup() is None

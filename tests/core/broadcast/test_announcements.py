"""Ids wait for company, a while of their own on each link."""

from __future__ import annotations

from p2pchat.core.broadcast.announcements import Announcements, in_batches
from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.broadcast.strategy import SendGossip
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import IDS_MAX, Ihave

A, B = LinkId(1), LinkId(2)
NOW = 1000.0
ONE, TWO, OLD = CellId(b"one"), CellId(b"two"), CellId(b"old")
BATCH_S = Damping().batch_s[1]


def with_links() -> Announcements:
    announcements = Announcements(SeededEntropy("announcements"), Damping())
    announcements.link_up(A)
    announcements.link_up(B)
    return announcements


def test_nothing_is_due_before_something_waits() -> None:
    announcements = with_links()
    assert announcements.next_wakeup() is None
    assert announcements.tick(NOW) == []


def test_the_first_id_says_when_all_leave_and_what_is_late_leaves_by_itself() -> None:
    announcements = with_links()
    announcements.announce_cell(A, ONE, NOW)
    due = announcements.next_wakeup()
    announcements.announce_cell(A, TWO, NOW + 0.1)
    announcements.announce_cell(A, OLD, NOW + 0.1, late=True)
    assert due is not None and due <= NOW + BATCH_S
    assert announcements.next_wakeup() == due
    assert announcements.tick(due) == [
        SendGossip(A, Ihave((ONE, TWO), late=False)),
        SendGossip(A, Ihave((OLD,), late=True)),
    ]
    assert announcements.next_wakeup() is None


def test_each_link_has_a_moment_of_its_own() -> None:
    announcements = with_links()
    announcements.announce_cell(A, ONE, NOW)
    announcements.announce_cell(B, ONE, NOW)
    first = announcements.next_wakeup()
    assert first is not None
    (one,) = announcements.tick(first)
    last = announcements.next_wakeup()
    assert last is not None and last > first
    (other,) = announcements.tick(last)
    assert {one.link, other.link} == {A, B}


def test_what_waits_on_a_link_goes_with_it() -> None:
    announcements = with_links()
    announcements.announce_cell(A, ONE, NOW)
    announcements.link_down(A)
    announcements.link_down(A)
    assert announcements.tick(NOW + BATCH_S) == []


def test_a_batch_is_no_larger_than_a_message() -> None:
    waiting = dict.fromkeys(CellId(number.to_bytes(2, "big")) for number in range(IDS_MAX + 1))
    assert [len(ids) for ids in in_batches(waiting)] == [IDS_MAX, 1]
    assert in_batches({}) == []

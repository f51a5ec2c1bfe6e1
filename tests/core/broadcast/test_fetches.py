"""What was announced and has not come is fetched from one announcer after the other."""

from __future__ import annotations

from collections import Counter

from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.broadcast.fetches import FETCHED_BURST, Fetches, FetchRequest
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import CellId, LinkId

A, B = LinkId(1), LinkId(2)
NOW = 1000.0
ONE, TWO = CellId(b"one"), CellId(b"two")
RULES = Damping()


def with_links() -> Fetches:
    fetches = Fetches(SeededEntropy("fetches"), Counter(), RULES)
    fetches.link_up(A)
    fetches.link_up(B)
    return fetches


def tick_when_due(fetches: Fetches) -> list[FetchRequest]:
    due = fetches.next_wakeup()
    assert due is not None
    return fetches.tick(due)


def test_what_comes_by_itself_is_not_fetched_and_its_announcers_are_told() -> None:
    fetches = with_links()
    fetches.on_announced(ONE, A, late=False, now=NOW)
    fetches.on_announced(ONE, B, late=False, now=NOW)
    fetches.on_announced(ONE, B, late=False, now=NOW)
    assert fetches.on_arrival(ONE) == [A, B]
    assert fetches.on_arrival(ONE) == []
    assert tick_when_due(fetches) == []
    assert fetches.next_wakeup() is None


def test_a_push_that_failed_is_counted_and_what_is_late_is_none() -> None:
    fetches = with_links()
    fetches.on_announced(ONE, A, late=False, now=NOW)
    fetches.on_announced(TWO, A, late=True, now=NOW)
    assert tick_when_due(fetches) == [FetchRequest(A, {TWO: None}, pushes_failed=0)]
    assert fetches.tick(NOW + RULES.patience_s[1]) == [FetchRequest(A, {ONE: None}, pushes_failed=1)]


def test_the_next_announcer_is_one_whose_link_is_there() -> None:
    fetches = with_links()
    for link in (A, B):
        fetches.on_announced(ONE, link, late=False, now=NOW)
    fetches.link_down(A)
    assert [fetch.link for fetch in tick_when_due(fetches)] == [B]
    assert tick_when_due(fetches) == []
    assert fetches.next_wakeup() is None, "no other announced it"


def test_a_link_that_is_gone_awaits_nothing() -> None:
    fetches = with_links()
    fetches.on_announced(ONE, A, late=False, now=NOW)
    fetches.link_down(A)
    assert fetches.on_arrival(ONE) == [A]


def test_a_neighbour_fetches_a_burst_and_then_so_much_a_second() -> None:
    fetches = with_links()
    assert sum(fetches.may_serve(A, NOW) for _ in range(2 * int(FETCHED_BURST))) == FETCHED_BURST
    assert not fetches.may_serve(A, NOW)
    assert fetches.may_serve(A, NOW + 1.0)
    assert fetches.may_serve(B, NOW)

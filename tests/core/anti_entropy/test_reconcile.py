"""In the end each of two neighbours has all cells of both, at a cost that follows the difference."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.core.anti_entropy.hold import SETTLE_S, SLOT_S, slot_at
from p2pchat.core.anti_entropy.keyset import WHOLE
from p2pchat.core.anti_entropy.reconcile import START_S, SendReconcile
from p2pchat.core.anti_entropy.requester import PROGRESS_S
from p2pchat.types import Epoch, LinkId
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.reconcile import CellDelivery, Horizon, InSync, RoleSwap, SketchRequest
from tests.support.holds import EPOCH, NOW, STEP_S, Pair, Side, body, name

CELL = GEOMETRY.cell


def bound(missing: int) -> float:
    """What finding so many cells may cost, beside the cells."""
    return 0.05 * missing * GEOMETRY.frame + 100_000


def reconciled(first: Side, second: Side, seconds: float = 60.0) -> Pair:
    pair = Pair(first, second)
    pair.run(seconds)
    return pair


# --- what is found


@settings(max_examples=30, deadline=None)
@given(
    st.sets(st.integers(0, 400)),
    st.sets(st.integers(0, 400)),
    st.sampled_from([range(0), range(1000, 1400), range(1000, 3000)]),
)
def test_in_the_end_both_have_what_either_had(a: set[int], b: set[int], common: range) -> None:
    first, second = Side([*sorted(a), *common]), Side([*sorted(b), *common])
    reconciled(first, second)
    everything = [*(a | b), *common]
    assert first.has(everything) and second.has(everything)
    assert sorted(first.got) == sorted(name(each) for each in b - a)
    assert sorted(second.got) == sorted(name(each) for each in a - b)


@pytest.mark.parametrize("away", [0, 1])
def test_an_hour_away_at_fifty_members_costs_a_twentieth_of_what_is_missing(away: int) -> None:
    sides = [Side(range(18_000)), Side(range(18_000))]
    sides[away] = Side(range(3_000, 18_000))
    pair = reconciled(sides[0], sides[1])
    assert len(sides[away].got) == 3_000
    assert pair.overhead <= bound(3_000) / 2


@pytest.mark.slow
def test_an_hour_away_at_a_thousand_members_costs_a_twentieth_of_what_is_missing() -> None:
    """A quarter of it, which takes a quarter of the time: 15 000 of 90 000 cells."""
    away, present = Side(range(15_000, 90_000)), Side(range(90_000))
    pair = reconciled(away, present, 200.0)
    assert len(away.got) == 15_000
    assert pair.overhead <= bound(15_000) * 0.7


@pytest.mark.parametrize("sizes", [(0, 6_000), (6_000, 0)])
def test_an_empty_node_is_told_everything(sizes: tuple[int, int]) -> None:
    first, second = Side(range(sizes[0])), Side(range(sizes[1]))
    pair = reconciled(first, second)
    assert first.has(range(6_000)) and second.has(range(6_000))
    assert pair.overhead <= bound(6_000) / 3


def test_two_halves_of_a_torn_mesh_learn_from_each_other() -> None:
    first, second = Side(range(12_000)), Side(range(2_000, 14_000))
    pair = reconciled(first, second)
    assert first.has(range(14_000)) and second.has(range(14_000))
    assert pair.overhead <= bound(4_000)


@pytest.mark.parametrize("count", [0, 100, 20_000])
def test_between_equals_one_frame_asks_and_one_says_so(count: int) -> None:
    pair = reconciled(Side(range(count)), Side(range(count)))
    assert pair.seen == {"SketchRequest": 1, "InSync": 1}


def test_cells_in_flight_make_no_difference() -> None:
    first, second = Side(range(500)), Side(range(500))
    pair = Pair(first, second)
    pair.run(START_S - 1.0)
    first.add(1001, pair.now)
    second.add(1002, pair.now)
    pair.run(5.0)
    assert pair.seen == {"SketchRequest": 1, "InSync": 1}


def test_what_one_has_noticed_a_little_later_is_not_fetched_again() -> None:
    first, second = Side(range(500)), Side(range(500))
    pair = Pair(first, second)
    for number in range(1000, 1020):
        first.add(number, NOW + START_S - SETTLE_S - 0.1)
        second.add(number, NOW + START_S - SETTLE_S + 0.2)
    pair.run(20.0)
    assert pair.seen == {"SketchRequest": 1, "Summary": 1}
    assert first.got == second.got == []


# --- when


def test_it_begins_when_cells_on_their_way_have_settled_and_the_offerer_asks() -> None:
    first, second = Side(range(5)), Side(range(5))
    pair = Pair(first, second)
    pair.run(START_S - 0.1)
    assert not pair.seen
    assert second.reconcile.next_wakeup() is None
    pair.run(1.0)
    assert pair.seen["SketchRequest"] == 1


def test_one_neighbour_is_asked_at_a_time() -> None:
    side = Side(range(5))
    links = LinkId(1), LinkId(2)
    for link in links:
        side.reconcile.link_up(link, True, NOW)
    first = side.reconcile.tick(NOW + START_S)
    assert [each.link for each in first if isinstance(each, SendReconcile)] == [links[0]]
    assert side.reconcile.pulling == links[0]
    ask = first[0]
    assert isinstance(ask, SendReconcile) and isinstance(ask.message, SketchRequest)
    then = side.reconcile.receive(links[0], InSync(ask.message.serial), NOW + START_S)
    assert [each.link for each in then if isinstance(each, SendReconcile)] == [links[1]]


def test_a_link_that_goes_down_makes_way_for_the_next() -> None:
    side = Side(range(5))
    for link in (LinkId(1), LinkId(2)):
        side.reconcile.link_up(link, True, NOW)
    side.reconcile.tick(NOW + START_S)
    assert [type(each) for each in side.reconcile.link_down(LinkId(1), NOW + START_S)] == [SendReconcile]
    assert side.reconcile.pulling == LinkId(2)
    assert side.reconcile.link_down(LinkId(2), NOW + START_S) == []
    assert side.reconcile.next_wakeup() is None


def test_nothing_is_heard_from_a_link_that_is_down() -> None:
    side = Side(range(5))
    assert side.reconcile.receive(LinkId(1), InSync(1), NOW) == []
    assert side.reconcile.take_cells(LinkId(1), 5, NOW) == []


def test_what_came_another_way_is_not_waited_for() -> None:
    first, second = Side(range(460)), Side(range(500))
    pair = Pair(first, second)
    while not pair.seen["CellRequest"]:
        assert pair.now < NOW + 60.0, "no node asks"
        pair.run(STEP_S)
    assert all(first.reconcile.on_arrival(name(number)) for number in range(460, 500))
    assert not first.reconcile.on_arrival(name(460)), "it was wanted once"
    due = first.reconcile.next_wakeup()
    assert due is not None and due <= pair.now
    pair.run(1.0)
    assert first.counters["reconcile: done"] == 1
    assert first.got == []


# --- budgets


def test_a_node_that_keeps_less_is_not_offered_again_what_it_dropped() -> None:
    small, large = Side(range(3_000, 6_000), 3_000 * CELL, 100), Side(range(6_000), per_slot=100)
    pair = reconciled(small, large)
    assert small.got == large.got == []
    assert sum(pair.seen.values()) <= 4


def test_two_full_holds_leave_each_other_alone() -> None:
    one, other = Side(range(50, 3_050), 3_000 * CELL, 100), Side(range(3_000), 3_000 * CELL, 100)
    one_more = Side(range(40, 3_040), 3_000 * CELL, 100)
    reconciled(one, other)
    reconciled(one_more, one)
    assert len(other.got) == 50, "only what is new"
    assert one.got == []


def test_a_node_that_keeps_little_still_gets_all_it_missed() -> None:
    away, present = Side(range(200), 200 * CELL, 100), Side(range(2_000), per_slot=100)
    reconciled(away, present)
    assert sorted(away.got) == sorted(name(each) for each in range(200, 2_000))
    assert away.hold.get_status().cells <= 200
    assert away.has(range(1_900, 2_000)), "of which it keeps the newest"


def test_a_recovered_cell_is_as_old_as_where_it_comes_from() -> None:
    away, present = Side(), Side(range(300), per_slot=100)
    reconciled(away, present)
    assert away.hold.get_status().oldest == present.hold.get_status().oldest == (slot_at(NOW) - 60) * SLOT_S


def test_cells_that_vanish_from_the_disk_meanwhile_are_let_be() -> None:
    away, present = Side(range(100)), Side(range(200))
    for number in range(150, 160):
        del present.disk[number]
    reconciled(away, present, PROGRESS_S + START_S + 5.0)
    assert len(away.got) == 90
    assert away.reconcile.pulling is None
    assert away.counters["reconcile: abandoned"] == 1


def test_what_it_cost_is_counted() -> None:
    away, present = Side(range(900)), Side(range(1_000))
    pair = reconciled(away, present)
    frames = away.counters["reconcile: frames sent"] + present.counters["reconcile: frames sent"]
    assert frames * GEOMETRY.frame == pair.overhead
    assert away.counters["reconcile: frames received"] == present.counters["reconcile: frames sent"]
    assert away.counters["reconcile: cells recovered"] == present.counters["reconcile: cells served"] == 100


def test_a_node_without_an_index_of_bodies_serves_from_the_disk_what_left_its_memory() -> None:
    away, present = Side(), Side(range(50))
    present.hold.add(name(60), EPOCH, body(60), NOW - 60)
    reconciled(away, present)
    assert away.has([*range(50), 60])
    assert away.hold.find_body(name(49)) == body(49)


# --- neighbours that break the rules


def test_an_unrequested_cell_is_not_taken() -> None:
    side = Side(range(5))
    side.reconcile.link_up(LinkId(1), True, NOW)
    side.reconcile.link_up(LinkId(2), True, NOW)
    side.reconcile.tick(NOW + START_S)
    for link in (LinkId(1), LinkId(2)):
        assert side.reconcile.receive(link, CellDelivery(slot_at(NOW), body(9)), NOW + START_S) == []
    assert side.counters["reconcile: cells unasked for"] == 2


def test_only_the_asked_neighbour_can_answer() -> None:
    side = Side(range(5))
    side.reconcile.link_up(LinkId(1), True, NOW)
    side.reconcile.link_up(LinkId(2), False, NOW)
    side.reconcile.tick(NOW + START_S)
    assert side.reconcile.receive(LinkId(2), InSync(1), NOW + START_S) == []
    assert side.reconcile.pulling == LinkId(1)


@pytest.mark.parametrize("began", [False, True])
def test_the_turn_is_not_taken_from_a_node_that_did_not_ask_first(began: bool) -> None:
    side = Side(range(5))
    side.reconcile.link_up(LinkId(1), began, NOW)
    assert side.reconcile.receive(LinkId(1), RoleSwap(last=True), NOW) == []
    assert side.reconcile.pulling is None


def test_the_asking_is_taken_over_once_a_link() -> None:
    side = Side(range(5))
    side.reconcile.link_up(LinkId(1), False, NOW)
    side.reconcile.receive(LinkId(1), SketchRequest(1, Horizon(Epoch(0), 0), (WHOLE,), b""), NOW)
    (say,) = side.reconcile.receive(LinkId(1), RoleSwap(last=True), NOW)
    assert isinstance(say, SendReconcile) and isinstance(say.message, SketchRequest)
    assert side.reconcile.receive(LinkId(1), InSync(say.message.serial), NOW) == []
    assert side.reconcile.receive(LinkId(1), RoleSwap(last=False), NOW) == []
    assert side.reconcile.pulling is None

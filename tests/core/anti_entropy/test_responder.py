"""A neighbour is told what is here and sent what it lacks; one that asks without end has a bounded share."""

from __future__ import annotations

import pytest

from p2pchat.core.anti_entropy.hold import Hold, cell_key, slot_at
from p2pchat.core.anti_entropy.keyset import WHOLE
from p2pchat.core.anti_entropy.responder import (
    FETCH_MAX,
    QUEUE_CAP,
    SERVED_FOR_S,
    STEPS_BURST,
    STEPS_PER_S,
    Responder,
)
from p2pchat.core.kit.allowance import CELLS_BURST, CELLS_PER_S, DAY_S, LEAST, Allowance
from p2pchat.core.kit.budget import Budget
from p2pchat.core.values.records import HeldCell
from p2pchat.types import CellKey, Epoch
from p2pchat.wire.reconcile import KEYS_MAX, CellDelivery, Horizon, InSync, KeyList, SketchRequest, Summary
from tests.support.holds import EPOCH, NOW, Side, body, name, serving_of

LAST = 2**32 - 1
VIEW = Horizon(Epoch(0), 0)


def keys(*numbers: int) -> list[CellKey]:
    return [cell_key(name(number)) for number in numbers]


def recent(count: int) -> Hold:
    """A hold with all bodies in memory."""
    hold = Side().hold
    for number in range(count):
        hold.add(name(number), EPOCH, body(number), NOW - 100)
    return hold


def test_few_keys_are_listed_and_many_summed_up() -> None:
    serving = serving_of(Side(range(KEYS_MAX)).hold)
    (listing,) = serving.answer_request(SketchRequest(7, VIEW, (WHOLE,)), NOW)
    assert isinstance(listing, KeyList) and sorted(listing.keys) == sorted(keys(*range(KEYS_MAX)))
    serving = serving_of(Side(range(KEYS_MAX + 1)).hold)
    (summary,) = serving.answer_request(SketchRequest(7, VIEW, (WHOLE,)), NOW)
    assert isinstance(summary, Summary) and summary.size == KEYS_MAX + 1


def test_each_interval_has_its_answer_and_all_of_them_are_the_whole() -> None:
    serving = serving_of(Side(range(300)).hold)
    pieces = tuple((each << 62, each + 1 << 62) for each in range(4))
    answers = serving.answer_request(SketchRequest(7, VIEW, pieces), NOW)
    assert [answer.index for answer in answers if isinstance(answer, KeyList)] == [0, 1, 2, 3]
    listed = [key for answer in answers if isinstance(answer, KeyList) for key in answer.keys]
    assert sorted(listed) == sorted(keys(*range(300)))


def test_the_same_sketch_over_the_same_view_is_the_same() -> None:
    hold = Side(range(300)).hold
    view = hold.horizon_at(NOW)
    digest = hold.sketch_interval(WHOLE, view, NOW)[0].digest()
    assert serving_of(hold).answer_request(SketchRequest(7, view, (WHOLE,), digest), NOW) == [InSync(7)]
    (other,) = serving_of(hold).answer_request(SketchRequest(7, VIEW, (WHOLE,), digest), NOW)
    assert isinstance(other, Summary) and other.view == view, "the later of the two"


def test_what_is_in_memory_is_sent_as_there_is_room() -> None:
    serving = serving_of(recent(10))
    serving.queue_cells(keys(*range(10), 11), NOW)
    cells, fetch = serving.take_cells(4, NOW)
    assert cells == [CellDelivery(slot_at(NOW - 100), body(number)) for number in range(4)]
    assert fetch == ()
    assert len(serving.take_cells(64, NOW)[0]) == 6
    assert serving.take_cells(64, NOW) == ([], ())
    assert not serving.ready


def test_what_is_on_disk_is_read_in_portions_one_at_a_time() -> None:
    side = Side(range(FETCH_MAX + 5))
    serving = serving_of(side.hold)
    serving.queue_cells(keys(*range(FETCH_MAX + 5)), NOW)
    cells, first = serving.take_cells(10, NOW)
    assert (cells, len(first)) == ([], FETCH_MAX)
    serving.on_fetched((1,), ())
    assert serving.take_cells(10, NOW) == ([], ()), "that was another's"
    serving.on_fetched(first, side._read(first))
    cells, then = serving.take_cells(10, NOW)
    assert (len(cells), then) == (10, ())
    cells, then = serving.take_cells(64, NOW)
    assert (len(cells), len(then)) == (FETCH_MAX - 10, 5)


def test_a_cell_is_sent_once_a_minute_however_often_it_is_wanted() -> None:
    serving = serving_of(recent(5))
    for _ in range(3):
        serving.queue_cells(keys(1, 1, 2), NOW)
    assert len(serving.take_cells(64, NOW)[0]) == 2
    serving.queue_cells(keys(1), NOW + SERVED_FOR_S - 1)
    assert serving.take_cells(64, NOW) == ([], ())
    serving.queue_cells(keys(1), NOW + SERVED_FOR_S)
    assert len(serving.take_cells(64, NOW + SERVED_FOR_S)[0]) == 1


def test_a_neighbour_waits_for_a_limited_number_of_cells() -> None:
    serving = serving_of(recent(QUEUE_CAP + 10))
    serving.queue_cells(keys(*range(QUEUE_CAP + 10)), NOW)
    sent = 0
    while serving.ready:
        sent += len(serving.take_cells(64, NOW)[0])
    assert sent == QUEUE_CAP
    serving.queue_cells(keys(QUEUE_CAP + 5), NOW)
    assert serving.ready, "what was not queued was not refused for good"


def test_cells_beyond_the_allowance_wait_for_it() -> None:
    count = int(CELLS_BURST) + 100
    hold = recent(count)
    serving, sent = serving_of(hold), 0
    for start in range(0, count, KEYS_MAX):
        serving.queue_cells(keys(*range(start, min(count, start + KEYS_MAX))), NOW)
        while cells := serving.take_cells(64, NOW)[0]:
            sent += len(cells)
    assert sent == CELLS_BURST
    due = serving.next_wakeup()
    assert due is not None and NOW < due <= NOW + 2 / CELLS_PER_S
    serving.tick(due)
    assert serving.next_wakeup() is None, "now it is for the link to have room"
    assert len(serving.take_cells(64, NOW + 0.1)[0]) == int(CELLS_PER_S / 10)


def test_endless_questions_are_not_answered_beyond_the_allowance() -> None:
    hold = Side(range(3000)).hold
    serving = serving_of(hold)
    piece = ((1, 1 << 31),)
    each = hold.sketch_interval(piece[0], VIEW, NOW)[1]
    answered = 0
    while serving.answer_request(SketchRequest(7, VIEW, piece), NOW):
        answered += 1
    assert answered * each <= STEPS_BURST
    assert not serving.answer_request(SketchRequest(7, VIEW, piece), NOW)
    assert serving.answer_request(SketchRequest(7, VIEW, piece), NOW + STEPS_BURST / STEPS_PER_S)


@pytest.mark.parametrize(
    "view", [Horizon(Epoch(floor), since) for floor, since in ((LAST, 0), (0, LAST), (LAST, LAST))]
)
def test_a_view_of_nothing_is_answered_with_nothing(view: Horizon) -> None:
    (answer,) = serving_of(Side(range(300)).hold).answer_request(SketchRequest(7, view, (WHOLE,)), NOW)
    assert isinstance(answer, KeyList) and answer.keys == ()


def test_an_allowance_fills_up_again_and_no_further() -> None:
    allowance = Budget(NOW, 10.0, 50.0)
    allowance.spend_tokens(70.0)
    assert allowance.tokens_left(NOW) == -20.0
    assert allowance.available_at() == pytest.approx(NOW + 2.1)
    assert allowance.tokens_left(NOW - 5.0) == -20.0, "a clock set back gives nothing"
    assert allowance.tokens_left(NOW + 1000.0) == 50.0
    assert allowance.available_at() is None


def test_one_neighbour_gets_at_most_in_a_day_what_it_would_take() -> None:
    """A neighbour that says that it has nothing could else have us upload without end."""
    side, given, now = Side(range(30_000)), 0, NOW
    serving = Responder(side.hold, Allowance(0, NOW), NOW)
    wanted = keys(*range(30_000))
    while now < NOW + 600.0:
        now += 0.5
        serving.queue_cells(wanted[given : given + QUEUE_CAP], now)
        while True:
            cells, numbers = serving.take_cells(64, now)
            serving.on_fetched(
                numbers, [HeldCell(each, CellKey(b"k" * 8), EPOCH, 0, body(each)) for each in numbers]
            )
            given += len(cells)
            if not cells:
                break
    assert LEAST - 1 <= given <= LEAST + LEAST * 600.0 / DAY_S + 1

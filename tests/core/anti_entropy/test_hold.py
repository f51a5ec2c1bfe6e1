"""A hold keeps what came, in memory and on disk, drops the oldest first, and knows what it can vouch for."""

from __future__ import annotations

import tracemalloc

import pytest

from p2pchat.core.anti_entropy.hold import (
    DROP_MAX,
    DROP_PAUSE_S,
    RECENT_CAP,
    SETTLE_S,
    SLOT_S,
    WRITE_MAX,
    WRITE_S,
    Hold,
    cell_key,
    floor_at,
    slot_at,
)
from p2pchat.core.anti_entropy.keyset import WHOLE
from p2pchat.core.values.changes import DropCells, PutCells
from p2pchat.core.values.effects import Effect, Persist
from p2pchat.core.values.records import HeldCell
from p2pchat.crypto.envelope import EPOCH_SECONDS, PAST_EPOCHS
from p2pchat.crypto.kdf import digest
from p2pchat.types import CellId, CellKey, Epoch, MeshId
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.reconcile import Horizon

MESH = MeshId(b"m" * 16)
EPOCH = Epoch(1000)
NOW = EPOCH * EPOCH_SECONDS + 600.0
BODY = b"c" * GEOMETRY.cell


def name(number: int) -> CellId:
    return CellId(digest(b"cell %d" % number, 16))


def key(number: int) -> CellKey:
    return cell_key(name(number))


def hold(capacity: int = 1000, kept: list[HeldCell] | None = None) -> Hold:
    return Hold(MESH, kept or [], capacity * GEOMETRY.cell)


def kept(count: int, slot: int = slot_at(NOW)) -> list[HeldCell]:
    return [HeldCell(number + 1, key(number), EPOCH, slot) for number in range(count)]


def put(effects: list[Effect]) -> list[int]:
    """Numbers of the cells written."""
    changes = [effect.change for effect in effects if isinstance(effect, Persist)]
    return [cell.number for change in changes if isinstance(change, PutCells) for cell in change.cells]


def dropped(effects: list[Effect]) -> list[int]:
    """Numbers of the cells forgotten."""
    changes = [effect.change for effect in effects if isinstance(effect, Persist)]
    return [number for change in changes if isinstance(change, DropCells) for number in change.numbers]


def test_a_cell_is_kept_once_and_at_hand_at_once() -> None:
    held = hold()
    held.add(name(1), EPOCH, BODY, NOW)
    held.add(name(1), EPOCH, b"x" * 925, NOW)
    assert held.knows_key(key(1)) and not held.knows_key(key(2))
    assert held.find_body(name(1)) == BODY and held.find_body(name(2)) is None
    assert held.get_status().cells == 1


def test_cells_are_written_together_and_once() -> None:
    held = hold()
    assert held.next_wakeup() is None
    for number in range(3):
        held.add(name(number), EPOCH, BODY, NOW + number)
    assert held.next_wakeup() == NOW + WRITE_S
    assert held.tick(NOW + WRITE_S - 1) == []
    cell = HeldCell(1, key(0), EPOCH, slot_at(NOW), BODY)
    effects = held.tick(NOW + WRITE_S)
    assert put(effects) == [1, 2, 3]
    assert effects == [Persist(PutCells(MESH, (cell, *effects[0].change.cells[1:])))]  # type: ignore[union-attr]
    assert held.tick(NOW + 100) == held.flush(NOW + 100) == []


def test_what_is_not_written_yet_is_at_leaving() -> None:
    held = hold()
    held.add(name(1), EPOCH, BODY, NOW)
    assert put(held.flush(NOW)) == [1]


def test_many_at_once_are_written_at_once() -> None:
    held = hold(WRITE_MAX * 2)
    for number in range(WRITE_MAX):
        held.add(name(number), EPOCH, BODY, NOW)
    assert held.next_wakeup() == NOW
    assert len(put(held.tick(NOW))) == WRITE_MAX


def test_numbers_go_on_after_a_restart_and_cells_are_known_without_their_bodies() -> None:
    held = hold(kept=kept(5))
    assert held.knows_key(key(4)) and held.find_body(name(4)) is None
    assert held.number_on_disk(key(4)) == 5 and held.number_on_disk(key(5)) is None
    held.add(name(5), EPOCH, BODY, NOW)
    assert held.number_on_disk(key(5)) == 6


def test_a_large_index_is_summed_up_bit_by_bit_after_the_start() -> None:
    held = hold(20_000, kept(20_000))
    now = NOW
    held.tick(now)
    steps = 0
    while (due := held.next_wakeup()) is not None and due < NOW + 60:
        now, steps = due, steps + 1
        assert held.tick(now) == []
    assert steps > 1 and now < NOW + SETTLE_S
    fresh = hold(20_000, kept(20_000))
    assert (
        held.sketch_interval(WHOLE, Horizon(Epoch(0), 0), now)[0].digest()
        == fresh.sketch_interval(WHOLE, Horizon(Epoch(0), 0), NOW)[0].digest()
    )


def test_recent_bodies_have_a_cap_but_none_goes_before_it_is_written() -> None:
    held = hold(RECENT_CAP * 2)
    for number in range(RECENT_CAP + 2):
        held.add(name(number), EPOCH, BODY, NOW)
    assert held.find_body(name(0)) == BODY
    held.flush(NOW)
    assert held.find_body(name(0)) is None and held.find_body(name(1)) is None
    assert held.find_body(name(2)) == BODY


def test_beyond_the_budget_the_oldest_go_and_are_counted() -> None:
    held = hold(capacity=10)
    for number in range(14):
        held.add(name(number), EPOCH, BODY, NOW + number * SLOT_S)
    effects = held.flush(NOW + 14 * SLOT_S)
    assert [number for number in range(14) if not held.knows_key(key(number))] == [0, 1, 2, 3]
    assert put(effects) == list(range(5, 15)), "what is dropped at once is not written"
    assert dropped(effects) == []
    status = held.get_status()
    assert (status.cells, status.bytes, status.dropped) == (10, 9250, 4)
    assert status.oldest == (NOW + 4 * SLOT_S) // SLOT_S * SLOT_S


def test_what_is_dropped_leaves_the_disk_too_and_a_smaller_budget_holds_at_once() -> None:
    held = hold(capacity=2, kept=kept(5))
    effects = held.tick(NOW)
    assert len(dropped(effects)) == 3
    assert held.get_status().cells == 2


def test_a_cell_that_came_late_is_as_old_as_its_neighbour_says() -> None:
    held = hold(capacity=1)
    held.add(name(1), EPOCH, BODY, NOW)
    held.add(name(2), EPOCH, BODY, NOW + 300, slot=slot_at(NOW) - 30)
    held.flush(NOW + 300)
    assert held.knows_key(key(1)) and not held.knows_key(key(2))


@pytest.mark.parametrize("claimed", [0, 2**40])
def test_a_claim_makes_a_cell_neither_older_than_its_life_nor_newer_than_now(claimed: int) -> None:
    held = hold()
    held.add(name(1), EPOCH, BODY, NOW, slot=claimed)
    oldest = held.get_status().oldest
    assert oldest is not None
    assert (EPOCH - 1) * EPOCH_SECONDS <= oldest <= NOW


def test_what_is_past_its_life_goes_by_itself_and_does_not_count_as_lost() -> None:
    held = hold(kept=kept(5))
    held.tick(NOW)
    held.add(name(9), Epoch(EPOCH + 1), BODY, NOW)
    held.tick(NOW + WRITE_S)
    end = (EPOCH + PAST_EPOCHS + 1) * EPOCH_SECONDS
    while (due := held.next_wakeup()) is not None and due < end:
        assert dropped(held.tick(due)) == []
    assert due == end
    assert dropped(held.tick(due)) == [each + 1 for each in sorted(range(5), key=key)]
    assert (held.get_status().cells, held.get_status().dropped) == (1, 0)


def test_a_great_many_go_in_portions() -> None:
    held = hold(capacity=10, kept=kept(2 * DROP_MAX))
    assert len(dropped(held.tick(NOW))) == DROP_MAX
    assert held.tick(NOW + DROP_PAUSE_S / 2) == []
    assert len(dropped(held.tick(NOW + DROP_PAUSE_S))) == DROP_MAX - 10
    assert held.get_status().dropped == 2 * DROP_MAX - 10


def test_a_cell_in_flight_makes_no_difference() -> None:
    held, view = hold(), Horizon(floor_at(NOW), 0)
    held.add(name(1), EPOCH, BODY, NOW)
    assert held.keys_in(WHOLE, view, NOW + SETTLE_S - 0.1) == []
    assert held.sketch_interval(WHOLE, view, NOW + SETTLE_S - 0.1)[0].size == 0
    assert held.keys_in(WHOLE, view, NOW + SETTLE_S) == [key(1)]
    assert held.settled_lately(key(1))
    assert held.sketch_interval(WHOLE, view, NOW + 2 * SETTLE_S)[0].size == 1
    assert not held.settled_lately(key(1))


def test_a_cell_that_came_late_counts_at_once_since_no_neighbour_pushes_it() -> None:
    held = hold()
    held.add(name(1), EPOCH, BODY, NOW, slot=slot_at(NOW))
    assert held.keys_in(WHOLE, Horizon(floor_at(NOW), 0), NOW) == [key(1)]


def test_cells_dropped_while_in_flight_leave_nothing_behind() -> None:
    held = hold(capacity=0)
    held.add(name(1), EPOCH, BODY, NOW)
    assert held.flush(NOW) == []
    assert held.sketch_interval(WHOLE, Horizon(Epoch(0), 0), NOW + 60)[0].size == 0
    assert held.keys_in(WHOLE, Horizon(Epoch(0), 0), NOW + 60) == []


@pytest.mark.parametrize("since", range(-1, 8))
@pytest.mark.parametrize("floor", [EPOCH - 1, EPOCH, EPOCH + 1])
def test_a_view_leaves_out_what_is_too_old_for_one_of_the_two(since: int, floor: int) -> None:
    held, start = hold(), slot_at(NOW)
    for number in range(21):
        held.add(name(number), Epoch(EPOCH + number % 2), BODY, NOW + number % 7 * SLOT_S)
    view, later = Horizon(Epoch(floor), start + since), NOW + 7 * SLOT_S
    shown = [n for n in range(21) if EPOCH + n % 2 >= floor and n % 7 >= since]
    for interval in (WHOLE, (0, 1 << 63), (1 << 63, 1 << 64)):
        low, high = (each / 2**64 for each in interval)
        inside = [n for n in shown if low <= int.from_bytes(key(n), "big") / 2**64 < high]
        fresh = hold(kept=[HeldCell(n + 1, key(n), EPOCH, start) for n in inside])
        expected, _ = fresh.sketch_interval(WHOLE, Horizon(Epoch(0), 0), later)
        assert sorted(held.keys_in(interval, view, later)) == sorted(key(n) for n in inside)
        assert held.sketch_interval(interval, view, later)[0].to_bytes() == expected.to_bytes()


def test_a_hold_vouches_for_all_it_saw_after_the_last_it_dropped() -> None:
    held = hold(capacity=10)
    assert held.horizon_at(NOW).since == 0
    for number in range(14):
        held.add(name(number), EPOCH, BODY, NOW + number * SLOT_S)
    held.flush(NOW + 14 * SLOT_S)
    assert held.horizon_at(NOW) == Horizon(Epoch(EPOCH - PAST_EPOCHS), slot_at(NOW) + 4)


def test_a_hold_found_full_is_taken_to_have_dropped_something() -> None:
    assert hold(capacity=20, kept=kept(19)).horizon_at(NOW).since == slot_at(NOW) + 1
    assert hold(capacity=20, kept=kept(18)).horizon_at(NOW).since == 0
    assert hold(capacity=0).horizon_at(NOW).since == 0


def test_what_is_known_of_a_cell_takes_little_memory() -> None:
    count = 20_000
    cells = [HeldCell(n + 1, key(n), EPOCH, slot_at(NOW) + n // 2000) for n in range(count)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        copies = (
            HeldCell(c.number + 10**6, CellKey(bytes(bytearray(c.key))), c.epoch, c.slot) for c in cells
        )
        held = Hold(MESH, copies, count * GEOMETRY.cell)
        held.sketch_interval(WHOLE, Horizon(Epoch(0), 0), NOW)
        size = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert held.get_status().cells == count
    assert size / count < 214, "140 000 cells within 30 MB"


def test_a_link_that_floods_loses_its_own_cells_and_what_others_brought_stays() -> None:
    held = hold(capacity=300)
    now = NOW
    for each in range(100):
        now += SLOT_S
        held.add(name(each), EPOCH, BODY, now, by=1 + each % 2)
    for each in range(100, 3000):
        now += 0.01
        held.add(name(each), EPOCH, BODY, now, by=3)
    held.flush(now)
    assert held.get_status().cells == 300
    assert all(held.number_on_disk(key(each)) is not None for each in range(100))
    assert sum(held.number_on_disk(key(each)) is not None for each in range(100, 3000)) == 200


def test_what_went_before_its_time_is_known_and_not_fetched_again() -> None:
    held = hold(capacity=10)
    held.add(name(0), EPOCH, BODY, NOW, by=1)
    for each in range(1, 30):
        held.add(name(each), EPOCH, BODY, NOW + 2 * SLOT_S, by=2)
    held.flush(NOW + 3 * SLOT_S)
    assert held.number_on_disk(key(1)) is None and held.knows_key(key(1))
    held.add(name(1), EPOCH, BODY, NOW + 3 * SLOT_S, by=3)
    assert held.number_on_disk(key(1)) is None
    assert held.horizon_at(NOW + 3 * SLOT_S).since == 0  # what was seen first is all there


def test_links_that_are_gone_share_one_lane() -> None:
    """A link that comes and goes gets no share of its own each time."""
    held = hold(capacity=100)
    for each in range(40):
        held.add(name(each), EPOCH, BODY, NOW, by=1)
    for link in range(2, 12):
        for each in range(30):
            held.add(name(link * 1000 + each), EPOCH, BODY, NOW + link * SLOT_S, by=link)
        held.link_down(link)
    held.flush(NOW + 20 * SLOT_S)
    assert all(held.number_on_disk(key(each)) is not None for each in range(40))

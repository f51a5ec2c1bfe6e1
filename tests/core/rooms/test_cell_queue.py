"""Cells of a room leave in their order, a few at once, and those that matter outlive a restart."""

from __future__ import annotations

from p2pchat.core.rooms.cell_queue import (
    LEAVES_S,
    LEAVING_MAX,
    PATIENT_MAX,
    RETURNS_S,
    SENT_MAX,
    TRIES_MAX,
    CellQueue,
)
from p2pchat.core.values.user_inputs import Haste
from p2pchat.wire.cell import tag_of
from p2pchat.wire.geometry import GEOMETRY


def cell(number: int) -> bytes:
    return number.to_bytes(4, "big").rjust(16, b"\0").ljust(GEOMETRY.cell, b"c")


def keep(queue: CellQueue, records: dict[bytes, bytes]) -> None:
    for name, data in queue.records.items():
        if data is None:
            records.pop(name, None)
        else:
            records[name] = data
    queue.records = {}


def test_few_leave_at_once_and_others_in_their_place() -> None:
    queue = CellQueue({})
    for number in range(LEAVING_MAX + 2):
        queue.put_cell(cell(number), number=7, patient=number == 1)
    handed = queue.hand_over(1.0)
    assert [one for one, _ in handed] == [cell(number) for number in range(LEAVING_MAX)]
    assert [haste for _, haste in handed[:2]] == [Haste.SOON, Haste.PATIENT]
    assert queue.hand_over(1.0) == [] and not queue.has_space
    queue.on_cell_left(tag_of(cell(0)), 1.0)
    assert [one for one, _ in queue.hand_over(2.0)] == [cell(LEAVING_MAX)]
    for number in range(1, LEAVING_MAX + 1):
        queue.on_cell_left(tag_of(cell(number)), 1.0)
    queue.hand_over(3.0)
    queue.on_cell_left(tag_of(cell(LEAVING_MAX + 1)), 1.0)
    assert len(queue) == 0 and queue.messages == 1


def sent(count: int) -> CellQueue:
    """A message of so many cells has left."""
    queue = CellQueue({})
    for number in range(count):
        queue.put_cell(cell(number), number=7, patient=False)
        queue.hand_over(1.0)
        queue.on_cell_left(tag_of(cell(number)), 1.0)
    return queue


def returned(queue: CellQueue, *numbers: int) -> list[int]:
    return [queue.on_cell_returned(tag_of(cell(number))) for number in numbers]


def test_a_message_has_come_back_with_the_last_of_its_cells() -> None:
    assert returned(sent(3), 2, 99, 0, 0, 1, 1) == [0, 0, 0, 0, 7, 0]


def test_a_cell_that_was_thought_lost_may_come_back() -> None:
    queue = sent(2)
    queue.on_cell_lost(tag_of(cell(1)))
    assert returned(queue, 0, 1) == [0, 7], "it waits to be handed over once more"
    assert queue.hand_over(2.0) == [] and queue.messages == 0


def test_a_message_with_a_cell_that_was_given_up_has_not_come_back() -> None:
    queue, now = sent(1), 1.0
    queue.put_cell(cell(1), number=7, patient=False)
    for _ in range(TRIES_MAX + 1):
        queue.hand_over(now)
        now += LEAVES_S + 1.0
    assert returned(queue, 0) == [0]
    assert returned(sent(SENT_MAX + 1), *range(SENT_MAX + 1)) == [0] * (SENT_MAX + 1), "too many to follow"


def test_what_has_not_come_back_is_there_after_a_restart_but_for_what_is_said_again() -> None:
    records: dict[bytes, bytes] = {}
    queue = CellQueue({})
    for number in range(4):
        queue.put_cell(cell(number), number=7, patient=number == 3)
    keep(queue, records)
    queue.hand_over(1.0)
    for number in (0, 1, 3):
        queue.on_cell_left(tag_of(cell(number)), 1.0)
    assert returned(queue, 0, 3) == [0, 0]
    keep(queue, records)
    after = CellQueue(records)
    assert [one for one, _ in after.hand_over(9.0)] == [cell(1), cell(2)]
    assert returned(after, 1, 2) == [0, 7]
    after.put_cell(cell(5), 0, patient=False)
    assert len(records) == 2 and set(after.records) - set(records), "no name is used twice"


def test_what_does_not_come_back_is_handed_over_again_but_not_for_ever() -> None:
    records: dict[bytes, bytes] = {}
    queue, now, handed = CellQueue({}), 1.0, 0
    queue.put_cell(cell(1), 7, patient=False)
    queue.put_cell(cell(2), 7, patient=False)
    for _ in range(TRIES_MAX + 2):
        for one, _ in queue.hand_over(now):
            handed += one == cell(1)
            queue.on_cell_left(tag_of(one), now)
            queue.on_cell_returned(tag_of(cell(2)))
        keep(queue, records)
        assert len(queue) == 0, "it waits for nothing but its return"
        now += RETURNS_S
    assert handed == TRIES_MAX and records == {} and queue.messages == 0


def test_after_a_restart_a_message_with_a_cell_that_was_given_up_has_not_come_back_either() -> None:
    records: dict[bytes, bytes] = {}
    queue, now = CellQueue({}), 1.0
    queue.put_cell(cell(1), 7, patient=False)
    for _ in range(TRIES_MAX):
        queue.hand_over(now)
        now += LEAVES_S
    queue.put_cell(cell(2), 7, patient=False)
    queue.hand_over(now)
    keep(queue, records)
    after = CellQueue(records)
    assert [one for one, _ in after.hand_over(now)] == [cell(2)]
    assert returned(after, 2) == [0]


def test_what_does_not_leave_is_handed_over_again_but_not_for_ever() -> None:
    queue, now, handed = CellQueue({}), 1.0, 0
    queue.put_cell(cell(1), 1, patient=False)
    for _ in range(TRIES_MAX + 2):
        handed += len(queue.hand_over(now))
        now += LEAVES_S + 1.0
    assert handed == TRIES_MAX and len(queue) == 0


def test_a_cell_that_is_lost_is_handed_over_once_more() -> None:
    queue = CellQueue({})
    queue.put_cell(cell(1), 1, patient=False)
    queue.hand_over(1.0)
    queue.on_cell_left(tag_of(cell(1)), 1.0)
    queue.on_cell_lost(tag_of(cell(1)))
    queue.on_cell_lost(tag_of(cell(2)))
    assert [one for one, _ in queue.hand_over(2.0)] == [cell(1)]
    assert queue.next_wakeup() == 2.0 + LEAVES_S


def test_of_what_is_not_urgent_few_wait() -> None:
    queue = CellQueue({})
    for number in range(PATIENT_MAX + 9):
        queue.put_cell(cell(number), 0, patient=True)
    assert len(queue) == PATIENT_MAX

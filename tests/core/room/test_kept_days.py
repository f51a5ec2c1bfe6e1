"""What was kept for others is erased after thirty days, however many it is and whatever the clock did."""

from __future__ import annotations

from p2pchat.core.room.kept_days import SENDERS_MAX, SPANS_MAX, KeptDays
from p2pchat.core.room.pairs import KEPT_S
from p2pchat.types import MemberId
from tests.support.room_world import DAY_S, RoomWorld

ANN, BOB = MemberId(b"a" * 32), MemberId(b"b" * 32)
NOW = 20_000 * DAY_S


def kept(*messages: tuple[MemberId, int], now: float = NOW) -> KeptDays:
    days = KeptDays()
    for member, number in messages:
        assert days.note_kept(member, number, now)
    return days


def test_after_thirty_days_and_not_before_all_is_named_once() -> None:
    days = kept((ANN, 1), (ANN, 2), (ANN, 3), (BOB, 7), (ANN, 5))
    assert list(days.forget_old(NOW + KEPT_S)) == []
    gone = list(days.forget_old(NOW + KEPT_S + DAY_S))
    assert gone == [(ANN, 1), (ANN, 2), (ANN, 3), (ANN, 5), (BOB, 7)]
    assert list(days.forget_old(NOW + 2 * KEPT_S)) == []


def test_by_a_clock_that_was_ahead_nothing_is_kept_for_longer() -> None:
    days = kept((ANN, 1), now=NOW + 9 * KEPT_S)
    assert days.note_kept(ANN, 2, NOW) and list(days.forget_old(NOW)) == []
    assert list(days.forget_old(NOW + KEPT_S + DAY_S)) == [(ANN, 1), (ANN, 2)]


def test_who_leaves_out_numbers_at_will_has_few_kept() -> None:
    days, number = KeptDays(), 1
    while days.note_kept(ANN, number, NOW):
        number += 2
    assert number // 2 == SPANS_MAX
    assert days.note_kept(BOB, 1, NOW) and days.note_kept(ANN, 2, NOW), "one that fills a gap"
    for sender in range(SENDERS_MAX - 2):
        assert days.note_kept(MemberId(sender.to_bytes(32, "big")), 1, NOW)
    assert not days.note_kept(MemberId(b"x" * 32), 1, NOW)


def test_records_are_read_back_and_only_what_changes_is_written() -> None:
    days, again = kept((ANN, 1), (ANN, 2), (BOB, 7)), KeptDays()
    for name, record in days.pop_records().items():
        assert record is not None
        again.read_record(name, record)
    assert days.pop_records() == {} == again.pop_records()
    assert again.note_kept(ANN, 4, NOW + DAY_S) and len(again.pop_records()) == 1
    assert list(again.forget_old(NOW + KEPT_S + DAY_S)) == [(ANN, 1), (ANN, 2), (BOB, 7)]
    assert list(again.pop_records().values()) == [None]


def test_a_home_erases_what_it_has_kept_for_others() -> None:
    world = RoomWorld(1, "anna", "ben")
    for text in ("first", "second"):
        world.say("anna", text)
        world.run(60.0)
        world.kill("ben")
        world.now += KEPT_S / 2 + DAY_S
        world.run(3600.0)
    for name in ("anna", "ben"):
        kinds = [key[:1] for key in world[name].records]
        assert kinds.count(b"m") == kinds.count(b"d") == 1, "that of the second message"
    assert world["ben"].texts == ["first", "second"]

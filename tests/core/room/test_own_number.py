"""A home that was put back takes no number twice; members that lie can do little with that."""

from __future__ import annotations

import pytest

from p2pchat.core.room.own_number import DOUBT_S, JUMP_MAX, OwnNumber
from p2pchat.types import MemberId
from p2pchat.wire.room_cells import NUMBER_MAX

BEN, CARL, DORA = (MemberId(name * 32) for name in (b"b", b"c", b"d"))


def unsure(last: int = 5) -> OwnNumber:
    own = OwnNumber(last)
    own.begin_doubt(0.0)
    return own


def test_who_was_not_put_back_is_in_no_doubt() -> None:
    own = OwnNumber(5)
    assert not own.note_told(BEN, 5, 2, 0.0) and not own.note_told(CARL, 4, 2, 0.0)
    assert not own.is_unsure and own.last == 5


def test_who_was_put_back_goes_on_behind_what_two_members_have() -> None:
    own = unsure()
    assert not own.note_told(BEN, 9, 3, DOUBT_S)
    assert own.note_told(CARL, 8, 3, DOUBT_S)
    assert not own.is_unsure and own.last == 8


def test_what_comes_first_is_old_and_ends_nothing() -> None:
    own = unsure()
    assert not own.note_told(BEN, 6, 2, 1.0) and not own.note_told(CARL, 6, 2, 2.0)
    assert not own.note_told(BEN, 9, 2, 3.0)
    assert own.note_told(CARL, 9, 2, DOUBT_S) and own.last == 9


def test_the_only_other_member_is_believed() -> None:
    own = unsure()
    assert own.note_told(BEN, 9, 1, DOUBT_S) and own.last == 9


def test_who_has_less_than_we_know_of_takes_nothing_back() -> None:
    own = unsure()
    assert own.note_told(BEN, 1, 1, DOUBT_S) and own.last == 5


def test_two_members_who_have_more_begin_a_doubt() -> None:
    own = OwnNumber(5)
    assert not own.note_told(BEN, 9, 3, 0.0)
    assert own.note_told(CARL, 9, 3, 0.0)
    assert own.is_unsure
    assert not own.note_told(BEN, 9, 3, DOUBT_S)
    assert own.note_told(CARL, 9, 3, DOUBT_S)
    assert own.last == 9


def test_one_member_that_lies_begins_none() -> None:
    own = OwnNumber(5)
    for number in range(6, 1000):
        assert not own.note_told(BEN, number, 2, float(number))
    assert not own.is_unsure


def test_two_that_lie_use_up_few_numbers_and_seldom_keep_us_silent() -> None:
    own, silent = OwnNumber(5), 0
    for minute in range(7 * 1440):
        for member in (BEN, CARL):
            own.note_told(member, NUMBER_MAX, 2, minute * 60.0)
        silent += own.is_unsure
    assert silent * 60.0 <= 7 * (DOUBT_S + 60.0)
    assert own.last <= 5 + 8 * JUMP_MAX


@pytest.mark.parametrize("last", [NUMBER_MAX - 2, NUMBER_MAX - 1])
def test_numbers_have_an_end(last: int) -> None:
    own = OwnNumber(last)
    own.begin_doubt(0.0)
    own.note_told(BEN, NUMBER_MAX, 1, DOUBT_S)
    assert own.last < NUMBER_MAX

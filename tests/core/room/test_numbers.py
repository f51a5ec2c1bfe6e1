"""A frontier goes up to the first message that is missing."""

from __future__ import annotations

from random import Random

from p2pchat.core.room.numbers import SENDERS_MAX, SPANS_MAX, SeenNumbers
from p2pchat.types import MemberId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_words import NumberSpan

ANNA = MemberId(b"a" * 32)
BEN = MemberId(b"b" * 32)


def missing(seen: SeenNumbers, member: MemberId = ANNA) -> list[tuple[int, int]]:
    return [(span.first, span.count) for span in seen.list_missing(member)]


def test_a_frontier_goes_up_to_the_first_message_that_is_missing() -> None:
    seen = SeenNumbers()
    for number in (1, 2, 5, 6, 9):
        seen.note_number(ANNA, number)
    assert seen.frontier_of(ANNA) == 2
    assert missing(seen) == [(3, 2), (7, 2)]
    seen.note_span(ANNA, 3, 2)
    assert seen.frontier_of(ANNA) == 6
    assert [seen.has_number(ANNA, number) for number in (6, 7, 9, 10)] == [True, False, True, False]


def test_in_any_order_of_arrival_all_that_came_is_known_and_nothing_else() -> None:
    random = Random(1)
    for _ in range(200):
        numbers = [random.randrange(1, 40) for _ in range(25)]
        seen = SeenNumbers()
        for number in numbers:
            seen.note_number(ANNA, number)
        lacking = {
            at for span in seen.list_missing(ANNA) for at in range(span.first, span.first + span.count)
        }
        assert lacking == set(range(1, max(numbers))) - set(numbers)
        assert seen.frontier_of(ANNA) == min(lacking, default=max(numbers) + 1) - 1


def test_claimed_messages_of_a_member_are_missing_until_no_member_has_them() -> None:
    seen = SeenNumbers()
    seen.note_number(ANNA, 1)
    seen.note_claim(ANNA, 4)
    assert missing(seen) == [(2, 3)]
    assert list(seen.list_behind()) == [ANNA]
    seen.withdraw_claim(ANNA, 2)
    assert missing(seen) == [(2, 1)]
    seen.withdraw_claim(ANNA, 0)
    seen.withdraw_claim(BEN, 0)
    assert not missing(seen) and not missing(seen, BEN)


def test_a_newcomer_misses_nothing_of_before_its_time() -> None:
    seen = SeenNumbers()
    seen.begin_after(ANNA, 7)
    seen.begin_after(BEN, 0)
    seen.note_number(ANNA, 9)
    assert seen.frontier_of(ANNA) == 7
    assert seen.list_missing(ANNA) == [NumberSpan(b"a" * 8, 8, 1)]
    assert seen.frontier_of(BEN) == 0


def test_who_leaves_out_numbers_at_will_loses_its_oldest_gaps() -> None:
    seen = SeenNumbers()
    for number in range(1, 1000):
        seen.note_number(ANNA, 2 * number)
    assert len(missing(seen)) == SPANS_MAX
    assert seen.has_number(ANNA, 1)


def test_a_limited_number_of_senders_is_remembered() -> None:
    seen = SeenNumbers()
    for number in range(SENDERS_MAX + 9):
        seen.note_number(MemberId(number.to_bytes(32, "big")), 1)
    assert len(seen.as_values()["seen"]) == SENDERS_MAX


def test_what_is_kept_comes_back() -> None:
    seen = SeenNumbers()
    seen.note_span(ANNA, 3, 4)
    seen.note_claim(ANNA, 12)
    seen.begin_after(BEN, 5)
    kept = SeenNumbers.read_kept(Reader(codec.unpack(codec.pack(seen.as_values()), 9999)))
    assert kept.as_values() == seen.as_values()
    assert missing(kept) == [(1, 2), (7, 6)]


def test_what_is_settled_on_the_word_of_others_is_new_when_it_comes() -> None:
    seen = SeenNumbers()
    seen.note_number(ANNA, 2)
    seen.note_settled(ANNA, 1, 5)
    assert seen.frontier_of(ANNA) == 5
    assert [seen.is_settled(ANNA, number) for number in range(1, 7)] == [True, False, True, True, True, False]
    seen.note_number(ANNA, 4)
    assert [seen.is_settled(ANNA, number) for number in (3, 4, 5)] == [True, False, True]
    again = SeenNumbers.read_kept(Reader(codec.unpack(codec.pack(seen.as_values()), 1 << 16)))
    assert again.as_values() == seen.as_values()


def test_what_was_settled_beyond_a_members_own_word_is_void() -> None:
    seen = SeenNumbers()
    for number in (1, 2, 7):
        seen.note_number(ANNA, number)
    seen.note_claim(ANNA, 4_000_000_000)
    seen.note_settled(ANNA, 3, 3_999_999_998)
    assert seen.frontier_of(ANNA) == 4_000_000_000
    seen.withdraw_settled(ANNA, 5)
    assert seen.frontier_of(ANNA) == 5 and missing(seen) == [(6, 1)]
    assert [seen.has_number(ANNA, number) for number in (5, 6, 7, 8)] == [True, False, True, False]
    seen.withdraw_settled(ANNA, 0)
    assert seen.frontier_of(ANNA) == 2 and missing(seen) == [(3, 4)]


def test_what_is_here_is_void_by_no_word() -> None:
    seen = SeenNumbers()
    seen.note_settled(BEN, 1, 3)
    seen.withdraw_settled(BEN, 0)
    assert seen.frontier_of(BEN) == 0 and missing(seen, BEN) == []
    for number in (1, 2):
        seen.note_number(ANNA, number)
    seen.withdraw_settled(ANNA, 0)
    assert seen.frontier_of(ANNA) == 2

"""Fragments become whole, in order, and never grow without bound."""

from __future__ import annotations

from p2pchat.core.messaging.inbox import AHEAD, FRAGMENTS_CAP, Inbox, missing
from p2pchat.wire.fragment import Fragment, Lane


def piece(number: int, index: int = 0, count: int = 1, data: bytes = b"x") -> Fragment:
    return Fragment(Lane.ORDERED, number, 0, index, count, 0, 0, data)


def test_fragments_in_any_order_make_the_whole() -> None:
    inbox = Inbox()
    for index in (2, 0, 1):
        assert inbox.pop(0) is None
        assert inbox.put_fragment(piece(0, index, 3, b"%d" % index), 0)
    assert inbox.pop(0) == b"012"
    assert inbox.pop(0) is None


def test_repeats_disagreements_and_strays_are_nothing_new() -> None:
    inbox = Inbox()
    assert inbox.put_fragment(piece(5, 0, 2), 5)
    assert not inbox.put_fragment(piece(5, 0, 2), 5)
    assert not inbox.put_fragment(piece(5, 1, 3), 5)
    assert not inbox.put_fragment(piece(4), 5)
    assert not inbox.put_fragment(piece(5 + AHEAD), 5)


def test_what_is_held_is_told_as_a_bitmap() -> None:
    inbox = Inbox()
    assert inbox.make_bitmap(0) == b""
    for index in (0, 3, 9):
        inbox.put_fragment(piece(0, index, 10), 0)
    assert inbox.make_bitmap(0) == bytes([0b1001, 0b10])
    assert list(missing(inbox.make_bitmap(0), 10)) == [1, 2, 4, 5, 6, 7, 8]
    assert list(missing(b"", 2)) == [0, 1]


def test_a_flood_of_fragments_costs_the_furthest_number() -> None:
    inbox = Inbox()
    for number in range(10):
        for index in range(100):
            inbox.put_fragment(piece(number, index, 128), 0)
    assert inbox.dropped
    assert sum(len(inbox.make_bitmap(number)) > 0 for number in range(10)) <= FRAGMENTS_CAP // 100 + 1
    assert inbox.make_bitmap(0)


def test_what_will_not_be_sent_again_is_forgotten() -> None:
    inbox = Inbox()
    inbox.put_fragment(piece(0, 0, 2), 0)
    inbox.put_fragment(piece(1, 0, 2), 0)
    inbox.skip_to(1)
    assert inbox.make_bitmap(0) == b""
    assert inbox.make_bitmap(1)

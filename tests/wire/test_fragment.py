"""Fragments: one size, counters that make sense, nothing hidden in the padding."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.content import TEXT_LIMIT
from p2pchat.wire.fragment import (
    COUNT_MAX,
    NOTHING_SEEN,
    Fragment,
    Lane,
    decode_fragment,
    encode_fragment,
    split,
)
from p2pchat.wire.geometry import GEOMETRY

FIRST = Fragment(Lane.ORDERED, 7, 5, 1, 3, 1000, NOTHING_SEEN, b"abc")

u32 = st.integers(0, 2**32 - 1)


@st.composite
def fragments(draw: st.DrawFn) -> Fragment:
    lane, count = draw(st.sampled_from(Lane)), draw(st.integers(1, COUNT_MAX))
    number = draw(u32)
    floor = draw(st.integers(0, number)) if lane is Lane.ORDERED else draw(u32)
    index = draw(st.integers(0, count - 1))
    seen_epoch, seen_index = draw(u32), draw(st.integers(0, 2**16 - 1))
    return Fragment(lane, number, floor, index, count, seen_epoch, seen_index, draw(st.binary(max_size=860)))


@given(fragments())
def test_fragments_come_back_equal_and_all_have_one_size(fragment: Fragment) -> None:
    plain = encode_fragment(fragment)
    assert len(plain) == 881
    assert decode_fragment(plain) == fragment


@given(fragments(), st.integers(0, 880), st.integers(1, 255))
def test_a_changed_byte_gives_another_fragment_or_malformed(
    fragment: Fragment, position: int, flip: int
) -> None:
    plain = bytearray(encode_fragment(fragment))
    plain[position] ^= flip
    try:
        other = decode_fragment(bytes(plain))
    except Malformed:
        return
    assert other != fragment
    assert encode_fragment(other) == plain


def test_the_bytes_are_as_documented() -> None:
    header = b"\0" + b"\0\0\0\7" + b"\0\0\0\5" + b"\0\1" + b"\0\3" + b"\0\3" + b"\0\0\3\xe8" + b"\xff\xff"
    assert encode_fragment(FIRST) == header + b"abc" + bytes(857)


@pytest.mark.parametrize(
    "change",
    [
        {"index": 3},
        {"index": -1},
        {"count": 0, "index": 0},
        {"count": COUNT_MAX + 1},
        {"floor": 8},
        {"number": 2**32},
        {"floor": -1},
        {"seen_epoch": 2**32},
        {"seen_index": 2**16},
        {"data": bytes(861)},
    ],
)
def test_no_fragment_has_impossible_counters(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(FIRST, **change)


def test_the_floor_of_a_notice_is_free() -> None:
    assert replace(FIRST, lane=Lane.NOTICE, floor=8).floor == 8


@pytest.mark.parametrize(("position", "value"), [(0, 200), (10, 3), (12, 0), (13, 4), (880, 1)])
def test_bytes_that_are_no_fragment_are_malformed(position: int, value: int) -> None:
    plain = bytearray(encode_fragment(FIRST))
    plain[position] = value
    with pytest.raises(Malformed):
        decode_fragment(bytes(plain))


@pytest.mark.parametrize("size", [0, 20, 880, 882])
def test_another_size_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        decode_fragment(bytes(size))


@given(st.binary(max_size=4000))
def test_the_pieces_of_a_payload_join_to_it(data: bytes) -> None:
    pieces = split(data)
    assert b"".join(pieces) == data
    assert all(len(piece) == GEOMETRY.data for piece in pieces[:-1])
    assert len(pieces[-1]) <= GEOMETRY.data


def test_even_nothing_is_one_piece() -> None:
    assert split(b"") == [b""]
    assert len(split(bytes(860))) == 1
    assert len(split(bytes(861))) == 2


def test_the_longest_text_fits_and_a_payload_beyond_the_count_does_not() -> None:
    assert len(split(bytes(TEXT_LIMIT + 1000))) < COUNT_MAX
    assert len(split(bytes(860 * COUNT_MAX))) == COUNT_MAX
    with pytest.raises(ValueError):
        split(bytes(860 * COUNT_MAX + 1))

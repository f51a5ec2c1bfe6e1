"""Frontiers and asks come back equal, or are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import EntryId
from p2pchat.wire.room_words import (
    FrontierWord,
    NumberSpan,
    RepairAsk,
    decode_ask,
    decode_room_word,
    encode_ask,
    encode_frontier,
    encode_room_word,
    split_frontier,
)

NUMBERS = st.lists(st.integers(0, 2**32 - 1), max_size=50).map(tuple)
SPAN = NumberSpan(b"sender 1", 7, 3)
ASK = RepairAsk(b"h" * 64, (EntryId(b"e" * 32),), (SPAN, SPAN), (b"p" * 8,), b"p" * 32)


@given(NUMBERS, st.binary(max_size=20))
def test_a_frontier_comes_back_with_what_stands_behind_it(numbers: tuple[int, ...], rest: bytes) -> None:
    assert split_frontier(encode_frontier(numbers) + rest) == (numbers, rest)


@given(st.binary(max_size=30))
def test_a_frontier_has_one_encoding(data: bytes) -> None:
    try:
        numbers, rest = split_frontier(data)
    except Malformed:
        return
    assert encode_frontier(numbers) + rest == data


def test_a_frontier_of_fifty_who_have_said_thousands_of_things_takes_101_bytes() -> None:
    assert len(encode_frontier((9_000,) * 50)) == 101


@pytest.mark.parametrize("word", [FrontierWord((1, 0, 500), wants=True), FrontierWord(())])
def test_a_word_comes_back(word: FrontierWord) -> None:
    assert decode_room_word(encode_room_word(word)) == word


@pytest.mark.parametrize("ask", [ASK, RepairAsk(b"")])
def test_an_ask_comes_back(ask: RepairAsk) -> None:
    assert decode_ask(encode_ask(ask)) == ask


def test_an_ask_takes_1060_bytes_at_most() -> None:
    ask = RepairAsk(b"h" * 256, (EntryId(b"e" * 32),) * 8, (SPAN,) * 16, (b"p" * 8,) * 32, b"p" * 32)
    assert len(encode_ask(ask)) == 1060


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\1" + bytes(31),
        b"\x09" + bytes(9 * 32 + 2),
        b"\0\1" + bytes(31),
        b"\0\0\1" + bytes(16),
        b"\0\0\1" + bytes(15),
        b"\0\0\0",
        b"\0\0\0\1" + bytes(7),
        b"\0\0\0\0half a period",
        b"\0\x09" + bytes(9 * 32 + 1),
    ],
)
def test_asks_that_cannot_be_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_ask(data)


def test_a_word_of_a_later_version_is_none() -> None:
    assert decode_room_word(b"\x01something") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\0\2\0",
        b"\0\0\1\5more",
        b"\0\0\2\5",
        b"\0\0\2\x85\0",
        b"\0\0\1\x85",
        b"\0\0\6\xff\xff\xff\xff\xff\1",
        b"\0\0\x33" + bytes(51),
    ],
)
def test_words_that_cannot_be_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_room_word(data)


@pytest.mark.parametrize(
    "fields", [(b"sender", 1, 1), (b"sender 1", 0, 1), (b"sender 1", 1, 0), (b"sender 1", 2**32 - 1, 2)]
)
def test_spans_that_cannot_be_are_refused(fields: Any) -> None:
    with pytest.raises(Malformed):
        NumberSpan(*fields)

"""Entries come back in their order out of pieces of any size, and a size says little."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.backup import ENTRY_MAX, PADDED_MIN, EntryKind, EntryStream, encode_entry, padded_size

ENTRIES = [
    encode_entry(EntryKind.SETTING, {"name": "theme", "value": "dark"}),
    encode_entry(EntryKind.END, {"lines": 0}),
]


def kinds(stream: EntryStream, *pieces: bytes) -> list[int]:
    return [kind for piece in pieces for kind, _ in stream.take_piece(piece)]


@given(st.lists(st.integers(0, 80), max_size=6))
def test_entries_come_back_out_of_pieces_of_any_size(cuts: list[int]) -> None:
    data = b"".join(ENTRIES) + bytes(20)
    places = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    stream = EntryStream()
    pieces = [data[start:end] for start, end in pairwise(places)]
    assert kinds(stream, *pieces) == [EntryKind.SETTING, EntryKind.END]
    stream.check_end()


def test_what_is_no_entry_is_refused() -> None:
    for data in (
        bytes(4) + b"\0\0x",
        (ENTRY_MAX + 1).to_bytes(4, "big"),
        b"\0\0\0\1\x90",
        b"\0\0\0\1\xc1",
    ):
        with pytest.raises(Malformed):
            kinds(EntryStream(), data)
    half = EntryStream()
    assert kinds(half, ENTRIES[0][:-1]) == []
    with pytest.raises(Malformed):
        half.check_end()
    with pytest.raises(ValueError):
        encode_entry(EntryKind.LINE, {"text": "x" * ENTRY_MAX})


@given(st.integers(0, 1 << 43))
def test_a_padded_size_is_never_smaller_and_little_more(size: int) -> None:
    padded = padded_size(size)
    assert padded >= max(size, PADDED_MIN)
    assert padded <= max(size * 1.033, PADDED_MIN)
    assert padded_size(padded) == padded
    exponent = padded.bit_length() - 1
    assert len(f"{padded:b}".rstrip("0")) <= exponent.bit_length() + 1  # bits that say anything


def test_small_homes_look_alike_and_large_ones_lose_little() -> None:
    assert {padded_size(size) for size in (0, 1, 1000, PADDED_MIN)} == {PADDED_MIN}
    assert padded_size(5_000_000_000) / 5_000_000_000 < 1.014

"""Cells of rooms have the size of a pair's, and what is hidden in them has limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.content import TEXT_LIMIT
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.room_cells import (
    HEADS_BYTES_MAX,
    INDEX_MAX,
    MEMBERS_MAX,
    MESSAGE_MAC_BYTES,
    NO_LINK,
    PLACE_BYTES,
    ROOM_DATA,
    ROOM_PAYLOAD_LIMIT,
    ROOM_PLAIN,
    Parents,
    RoomFragment,
    RoomHead,
    RoomKind,
    RoomPlace,
    decode_place,
    decode_room_fragment,
    decode_room_head,
    encode_place,
    encode_room_fragment,
    encode_room_head,
    pieces_of,
)

FIRST = RoomFragment(RoomKind.MESSAGE, 0, 2, b"l" * 16, b"d" * ROOM_DATA)
LAST = RoomFragment(RoomKind.COMMIT, 1, 2, NO_LINK, b"end")
PARENTS = Parents(((b"sender 1", 7), (b"sender 2", 2**32 - 1)), b"h" * 32)
HEAD = RoomHead(7, b"", PARENTS, b"", b"m" * 49 * MESSAGE_MAC_BYTES)


def test_a_cell_of_a_room_is_filled_to_the_byte() -> None:
    assert PLACE_BYTES + GEOMETRY.mac + ROOM_PLAIN == GEOMETRY.box
    assert len(encode_room_fragment(FIRST)) == len(encode_room_fragment(LAST)) == ROOM_PLAIN == 870


@pytest.mark.parametrize("fragment", [FIRST, LAST])
def test_a_fragment_comes_back_equal(fragment: RoomFragment) -> None:
    assert decode_room_fragment(encode_room_fragment(fragment)) == fragment


@pytest.mark.parametrize(
    "change",
    [
        {"at": 2},
        {"at": -1},
        {"count": 129},
        {"count": 0},
        {"link": NO_LINK},
        {"link": b"short"},
        {"data": b"not whole, and not the last"},
        {"data": bytes(ROOM_DATA + 1)},
    ],
)
def test_no_fragment_is_impossible(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(FIRST, **change)


def test_the_last_fragment_says_that_nothing_follows() -> None:
    with pytest.raises(Malformed):
        replace(LAST, link=b"l" * 16)


@pytest.mark.parametrize(("position", "value"), [(0, 9), (1, 4), (3, 200), (869, 1)])
def test_bytes_that_are_no_fragment_are_malformed(position: int, value: int) -> None:
    plain = bytearray(encode_room_fragment(LAST))
    plain[position] = value
    with pytest.raises(Malformed):
        decode_room_fragment(bytes(plain))


@pytest.mark.parametrize("size", [0, 869, 871])
def test_another_size_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        decode_room_fragment(bytes(size))


@given(st.binary(min_size=8, max_size=8), st.integers(0, MEMBERS_MAX - 1), st.integers(0, INDEX_MAX))
def test_a_place_comes_back_equal(period: bytes, sender: int, index: int) -> None:
    place = RoomPlace(period, sender, index)
    assert decode_place(encode_place(place)) == place


@pytest.mark.parametrize(("sender", "index"), [(MEMBERS_MAX, 0), (0, INDEX_MAX + 1)])
def test_no_place_is_beyond_its_limits(sender: int, index: int) -> None:
    with pytest.raises(Malformed):
        RoomPlace(bytes(8), sender, index)
    for data in (bytes(10), bytes(12)):
        with pytest.raises(Malformed):
            decode_place(data)
    with pytest.raises(Malformed):
        RoomPlace(bytes(7), 0, 0)


def test_macs_for_all_and_a_line_fit_the_first_cell() -> None:
    """49 × 8 bytes, four parents and their hash leave a third of it to what is said."""
    parents = Parents(tuple((b"sender %d" % number, number) for number in range(4)), b"h" * 32)
    head = RoomHead(7, b"", parents, b"", bytes(49 * MESSAGE_MAC_BYTES))
    assert ROOM_DATA - len(encode_room_head(head)) == 370
    longest = replace(head, heads=bytes(HEADS_BYTES_MAX), digest=bytes(32))
    assert ROOM_DATA - len(encode_room_head(longest)) > 0
    assert TEXT_LIMIT + 2000 < ROOM_PAYLOAD_LIMIT


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("heads", [b"", b"heads" * 10])
def test_a_head_comes_back_equal_with_what_follows(several: bool, heads: bytes) -> None:
    head = replace(HEAD, digest=b"d" * 32 if several else b"", heads=heads)
    assert decode_room_head(encode_room_head(head) + b"payload", 49, several) == (head, b"payload")


@given(st.binary(max_size=600), st.integers(0, 49), st.booleans())
def test_any_bytes_are_a_head_or_malformed(data: bytes, others: int, several: bool) -> None:
    try:
        head, rest = decode_room_head(data, others, several)
    except Malformed:
        return
    assert encode_room_head(head) + rest == data


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2**32},
        {"number": -1},
        {"heads": bytes(HEADS_BYTES_MAX + 1)},
        {"digest": bytes(31)},
        {"macs": bytes(9)},
        {"macs": bytes(MEMBERS_MAX * MESSAGE_MAC_BYTES)},
    ],
)
def test_no_head_is_impossible(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(HEAD, **change)


@pytest.mark.parametrize(
    ("messages", "digest"),
    [
        (((b"sender 1", 1),) * 5, bytes(32)),
        (((b"short", 1),), bytes(32)),
        (((b"sender 1", 2**32),), bytes(32)),
        ((), bytes(32)),
        (((b"sender 1", 1),), b""),
    ],
)
def test_no_parents_are_impossible(messages: Any, digest: bytes) -> None:
    with pytest.raises(Malformed):
        Parents(messages, digest)


@given(st.binary(max_size=4000))
def test_pieces_join_to_what_was_cut(data: bytes) -> None:
    pieces = pieces_of(data)
    assert b"".join(pieces) == data
    assert all(len(piece) == ROOM_DATA for piece in pieces[:-1])


def test_what_takes_too_many_cells_is_not_cut() -> None:
    with pytest.raises(ValueError):
        pieces_of(bytes(128 * ROOM_DATA + 1))

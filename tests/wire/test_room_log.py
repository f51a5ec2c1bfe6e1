"""An entry has one encoding, names its parents once, and fits its cells with the MACs of a whole room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.fragment import split
from p2pchat.wire.geometry import ENCAPSULATION_KEY_BYTES
from p2pchat.wire.room_actions import (
    AddMember,
    FoundRoom,
    LeaveRoom,
    NewMember,
    RemoveMember,
    StrikeEntries,
    UnknownAction,
)
from p2pchat.wire.room_log import (
    ENTRY_MAX,
    HEADS_MAX,
    NUMBER_MAX,
    RECIPIENTS_MAX,
    SENT_ENTRY_MAX,
    RecipientMac,
    RoomEntry,
    SentEntry,
    decode_entry,
    decode_sent_entry,
    encode_entry,
    encode_sent_entry,
    found_room,
    make_sent_entry,
)

AUTHOR = MemberId(b"a" * 32)
PREVIOUS = EntryId(b"p" * 32)
NEWCOMER = NewMember(b"k" * 32, b"r" * 32, b"e" * ENCAPSULATION_KEY_BYTES, "bob")
LONGEST = "\N{GRINNING FACE}" * 64
NOTHING = StrikeEntries()


def ids(count: int) -> tuple[EntryId, ...]:
    return tuple(EntryId(bytes([number]) * 32) for number in range(count))


def table(count: int) -> list[tuple[MemberId, bytes]]:
    return [(MemberId(bytes([number, *b"m" * 31])), bytes([number]) * 16) for number in range(count)]


@given(
    st.integers(1, NUMBER_MAX),
    st.sets(st.binary(min_size=32, max_size=32), max_size=HEADS_MAX),
    st.integers(9, 255),
    st.binary(max_size=100),
)
def test_any_entry_comes_back_equal_and_keeps_what_a_later_version_says(
    number: int, heads: set[bytes], kind: int, body: bytes
) -> None:
    named = tuple(sorted(map(EntryId, heads - {PREVIOUS})))
    entry = RoomEntry(AUTHOR, number, PREVIOUS, named, UnknownAction(kind, body))
    assert decode_entry(encode_entry(entry)) == entry


def test_the_founding_has_no_author_and_no_parents() -> None:
    founding = found_room("walkers", NEWCOMER)
    assert decode_entry(encode_entry(founding)) == founding
    assert founding.parents == ()
    assert RoomEntry(AUTHOR, 1, PREVIOUS, ids(2), NOTHING).parents == (PREVIOUS, *ids(2))


def test_the_largest_entry_fits_its_bound() -> None:
    largest = NewMember(b"k" * 32, b"r" * 32, b"e" * ENCAPSULATION_KEY_BYTES, LONGEST)
    entry = RoomEntry(AUTHOR, NUMBER_MAX, PREVIOUS, ids(HEADS_MAX), AddMember(largest))
    assert len(encode_entry(entry)) <= ENTRY_MAX
    assert len(encode_sent_entry(make_sent_entry(entry, table(RECIPIENTS_MAX)))) <= SENT_ENTRY_MAX
    assert len(split(bytes(SENT_ENTRY_MAX))) == 4


@pytest.mark.parametrize(
    ("action", "cells"), [(AddMember(NEWCOMER), 3), (RemoveMember(AUTHOR, 12), 2), (LeaveRoom(12), 2)]
)
def test_with_the_macs_of_a_whole_room_an_addition_takes_three_cells_and_others_two(
    action: AddMember | RemoveMember | LeaveRoom, cells: int
) -> None:
    entry = RoomEntry(AUTHOR, 1, PREVIOUS, ids(1), action)
    assert len(split(encode_sent_entry(make_sent_entry(entry, table(49))))) == cells


@pytest.mark.parametrize(
    ("author", "number", "previous", "heads"),
    [
        (AUTHOR, 0, PREVIOUS, ()),
        (AUTHOR, NUMBER_MAX + 1, PREVIOUS, ()),
        (MemberId(AUTHOR[1:]), 1, PREVIOUS, ()),
        (AUTHOR, 1, EntryId(PREVIOUS[1:]), ()),
        (AUTHOR, 1, PREVIOUS, ids(HEADS_MAX + 1)),
        (AUTHOR, 1, PREVIOUS, ids(2)[::-1]),
        (AUTHOR, 1, PREVIOUS, ids(1) * 2),
        (AUTHOR, 1, PREVIOUS, (EntryId(b"short"),)),
        (AUTHOR, 1, PREVIOUS, (PREVIOUS,)),
        (MemberId(bytes(32)), 0, EntryId(bytes(32)), ()),
    ],
)
def test_an_entry_out_of_bounds_is_malformed(
    author: MemberId, number: int, previous: EntryId, heads: tuple[EntryId, ...]
) -> None:
    with pytest.raises(Malformed):
        RoomEntry(author, number, previous, heads, NOTHING)


def test_a_founding_with_an_author_is_malformed() -> None:
    with pytest.raises(Malformed):
        RoomEntry(AUTHOR, 1, PREVIOUS, (), FoundRoom("walkers", NEWCOMER))


def test_what_is_cut_or_has_something_behind_it_is_malformed() -> None:
    entry = RoomEntry(AUTHOR, 1, PREVIOUS, ids(2), RemoveMember(AUTHOR, 3))
    whole = encode_entry(entry)
    for data in (b"", whole[:67], whole[:100], whole[:-1], whole + b"!", bytes(ENTRY_MAX + 1)):
        with pytest.raises(Malformed):
            decode_entry(data)
    sent = encode_sent_entry(make_sent_entry(entry, table(3)))
    for data in (b"\0", sent[:-1], sent[: 2 + len(whole) - 1], bytes(SENT_ENTRY_MAX + 1)):
        with pytest.raises(Malformed):
            decode_sent_entry(data)


def test_each_recipient_finds_its_own_mac() -> None:
    sent = make_sent_entry(found_room("walkers", NEWCOMER), table(3))
    assert decode_sent_entry(encode_sent_entry(sent)) == sent
    for member, mac in table(3):
        assert sent.list_macs_for(member) == [mac]
    assert sent.list_macs_for(AUTHOR) == []


def test_two_ids_that_begin_alike_have_both_their_macs_tried() -> None:
    twins = [(MemberId(b"same" + bytes([number]) * 28), bytes([number]) * 16) for number in range(2)]
    sent = make_sent_entry(found_room("walkers", NEWCOMER), twins)
    assert sent.list_macs_for(twins[0][0]) == [twins[0][1], twins[1][1]]


def test_a_table_of_macs_has_one_order_and_as_many_rows_as_a_room_has_members() -> None:
    founding = found_room("walkers", NEWCOMER)
    rows = make_sent_entry(founding, table(2)).macs
    for macs in (
        rows[::-1],
        rows[:1] * 2,
        (RecipientMac(b"abc", bytes(16)),),
        (RecipientMac(b"abcd", bytes(15)),),
    ):
        with pytest.raises(Malformed):
            SentEntry(founding, macs)
    with pytest.raises(Malformed):
        make_sent_entry(founding, table(RECIPIENTS_MAX + 1))

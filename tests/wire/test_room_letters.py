"""Letters come back item by item, or are refused."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchat.errors import Malformed
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import LeaveRoom
from p2pchat.wire.room_cells import Parents
from p2pchat.wire.room_commits import CommitHead, KeptShare
from p2pchat.wire.room_letters import (
    AnswerEnd,
    KeptMessage,
    LetterItem,
    NotForMember,
    NotHere,
    PeriodSecret,
    decode_kept_message,
    decode_letter,
    encode_item,
    encode_kept_message,
    encode_letter,
)
from p2pchat.wire.room_log import RoomEntry, make_sent_entry
from p2pchat.wire.room_words import NumberSpan, RepairAsk

HEAD = CommitHead(b"p" * 32, b"a" * 32, 7, b"h" * 64, b"k" * 32, b"s" * 32, b"c" * 32, 81_000)
PARENTS = Parents(((b"sender 1", 7), (b"sender 2", 9)), b"d" * 32)
MESSAGE = KeptMessage(b"s" * 32, b"p" * 32, 7, 9, 1, bytes(16), b"h" * 32, PARENTS, b"text", b"m" * 8)
ENTRY = RoomEntry(MemberId(b"m" * 32), 1, EntryId(b"p" * 32), (), LeaveRoom(7))
SPAN = NumberSpan(b"sender 1", 7, 3)
ITEMS: list[LetterItem] = [
    make_sent_entry(ENTRY, [(MemberId(b"r" * 32), b"a" * 16)]),
    KeptShare(HEAD, b"m" * 16, b"s" * 32),
    MESSAGE,
    NotForMember(SPAN),
    NotHere(SPAN),
    PeriodSecret(b"p" * 32, b"s" * 32),
    RepairAsk(b"h" * 32, (), (SPAN,)),
    AnswerEnd(3),
]


def test_a_letter_comes_back_item_by_item() -> None:
    assert decode_letter(encode_letter(ITEMS)) == ITEMS
    assert encode_letter(ITEMS) == b"".join(map(encode_item, ITEMS))


def test_items_of_later_versions_are_left_out() -> None:
    later = b"\x63" + (4).to_bytes(4, "big") + b"more"
    assert decode_letter(later + encode_item(AnswerEnd(1))) == [AnswerEnd(1)]


@pytest.mark.parametrize("item", ITEMS)
def test_a_letter_that_is_cut_off_is_refused(item: LetterItem) -> None:
    data = encode_item(item)
    for end in (1, 4, len(data) - 1):
        with pytest.raises(Malformed):
            decode_letter(data[:end])


@pytest.mark.parametrize(
    "fields",
    [
        (b"s" * 31, b"p" * 32, 7, 9, 1, bytes(16), b"", PARENTS, b""),
        (b"s" * 32, b"p" * 32, 1024, 9, 1, bytes(16), b"", PARENTS, b""),
        (b"s" * 32, b"p" * 32, 7, 0, 1, bytes(16), b"", PARENTS, b""),
        (b"s" * 32, b"p" * 32, 7, 9, 1, bytes(16), bytes(257), PARENTS, b""),
        (b"s" * 32, b"p" * 32, 7, 9, 1, bytes(16), b"", PARENTS, b"", b"half"),
    ],
)
def test_messages_that_cannot_be_are_refused(fields: Any) -> None:
    with pytest.raises(Malformed):
        KeptMessage(*fields)


def test_a_message_without_a_mac_or_heads_comes_back() -> None:
    bare = KeptMessage(b"s" * 32, b"p" * 32, 7, 9, 1, bytes(16), b"", Parents(), b"")
    assert decode_kept_message(encode_kept_message(bare)) == bare
    with pytest.raises(Malformed):
        decode_kept_message(encode_kept_message(bare)[:90])


@pytest.mark.parametrize("body", [b"\5" + bytes(4), b"\6" + bytes(4), b"\6\0\0\0\4" + bytes(4)])
def test_secrets_and_ends_that_cannot_be_are_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode_letter(body)

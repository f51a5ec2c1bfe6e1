"""What is said of letting somebody into a room comes back equal, or is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import RoomOfferId
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.content import read_content
from p2pchat.wire.payload import PAYLOAD_LIMIT, decode_payload, encode_payload
from p2pchat.wire.room_actions import NewMember
from p2pchat.wire.room_offers import (
    OFFER_TYPE,
    PART_BYTES,
    PARTS_MAX,
    OfferEnd,
    RoomAccepted,
    RoomOffer,
    RoomOfferEnded,
    RoomWelcomePart,
    RoomWord,
    split_welcome,
)

ID = RoomOfferId(b"i" * 16)
MEMBER = NewMember(b"k" * 32, b"r" * 32, b"e" * 1184, "anna")


@pytest.mark.parametrize(
    "word",
    [
        RoomOffer(ID, 7.0, "walkers", 50),
        RoomAccepted(ID, MEMBER),
        *(RoomOfferEnded(ID, end) for end in OfferEnd),
        RoomWelcomePart(ID, 23, 24, b"p" * PART_BYTES),
    ],
    ids=lambda word: type(word).__name__,
)
def test_each_word_comes_back_and_fits_a_payload(word: RoomWord) -> None:
    encoded = encode_payload(word)
    assert decode_payload(encoded) == word and len(encoded) <= PAYLOAD_LIMIT


def test_a_version_that_knows_no_rooms_shows_that_something_came() -> None:
    reader = Reader(unpack(encode_payload(RoomOffer(ID, 7.0, "walkers", 3)), PAYLOAD_LIMIT))
    assert read_content(OFFER_TYPE, reader).at == 7.0


def test_an_end_that_is_not_known_ends_the_offer_all_the_same() -> None:
    later = pack({"t": 18, "offer": ID, "end": 99})
    assert decode_payload(later) == RoomOfferEnded(ID, OfferEnd.VOID)


@pytest.mark.parametrize(
    "fields",
    [
        {"t": 35, "id": ID, "at": 1.0, "name": "walkers", "size": 51},
        {"t": 35, "id": ID, "at": 1.0, "name": "", "size": 5},
        {"t": 17, "offer": ID, "member": b"m" * 99},
        {"t": 19, "offer": ID, "index": 2, "count": 2, "part": b"p"},
        {"t": 19, "offer": ID, "index": 0, "count": 25, "part": b"p"},
        {"t": 19, "offer": ID, "index": 0, "count": 1, "part": b""},
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        decode_payload(pack(fields))


@given(st.integers(1, 3 * PART_BYTES))
def test_a_welcome_is_cut_into_pieces_that_make_it_up(size: int) -> None:
    welcome = bytes(size)
    parts = split_welcome(ID, welcome)
    assert b"".join(part.part for part in parts) == welcome
    assert [(part.index, part.count) for part in parts] == [(at, len(parts)) for at in range(len(parts))]


def test_too_large_a_welcome_is_not_cut() -> None:
    with pytest.raises(ValueError, match="large"):
        split_welcome(ID, bytes(PARTS_MAX * PART_BYTES + 1))

"""The words of an introduction, in a session of two and in a letter within a room."""

from __future__ import annotations

import pytest

from p2pchat.errors import Malformed
from p2pchat.types import Epoch, IntroductionId
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.content import read_content
from p2pchat.wire.introductions import (
    ASK_TYPE,
    WORD_LIMIT,
    IntroductionAgreed,
    IntroductionAnswer,
    IntroductionAsk,
    IntroductionEnd,
    IntroductionEnded,
    IntroductionKeys,
    IntroductionWelcome,
    IntroductionWord,
    decode_word,
    encode_word,
)
from p2pchat.wire.pairing import HELLO_MAX, WELCOME_MAX
from p2pchat.wire.payload import PAYLOAD_LIMIT, decode_payload, encode_payload
from p2pchat.wire.room_letters import decode_letter, encode_letter

ID, KEY = IntroductionId(b"i" * 16), b"k" * 32


@pytest.mark.parametrize(
    "word",
    [
        IntroductionAsk(ID, 7.0, True, KEY),
        IntroductionAsk(ID, 7.0, False, KEY, "\N{GRINNING FACE}" * 64),
        IntroductionAgreed(ID),
        IntroductionKeys(ID, KEY, KEY, b"e" * 1184, Epoch(2**32 - 1)),
        IntroductionAnswer(ID, KEY, b"c" * 1088, b"o" * HELLO_MAX),
        IntroductionWelcome(ID, b"o" * WELCOME_MAX),
        *(IntroductionEnded(ID, end) for end in IntroductionEnd),
    ],
    ids=lambda word: type(word).__name__,
)
def test_each_word_comes_back_by_either_way(word: IntroductionWord) -> None:
    assert decode_payload(encode_payload(word)) == word
    assert decode_letter(encode_letter([word])) == [word]
    assert len(encode_word(word)) <= WORD_LIMIT


def test_a_version_that_knows_no_introductions_shows_that_something_came() -> None:
    reader = Reader(unpack(encode_payload(IntroductionAsk(ID, 7.0, True, KEY, "bob")), PAYLOAD_LIMIT))
    assert read_content(ASK_TYPE, reader).at == 7.0


def test_an_end_that_is_not_known_ends_it_all_the_same() -> None:
    assert decode_word(pack({"t": 26, "id": ID, "end": 99})) == IntroductionEnded(ID, IntroductionEnd.VOID)


def test_a_word_of_a_later_version_is_left_out_of_a_letter() -> None:
    assert decode_word(pack({"t": 99, "id": ID})) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"t": 37, "id": ID, "at": 1.0, "host": True, "seed": KEY, "name": "two\nlines"},
        {"t": 37, "id": ID, "at": -1.0, "host": True, "seed": KEY, "name": ""},
        {"t": 37, "id": ID, "at": 1.0, "host": True, "seed": b"short", "name": ""},
        {"t": 37, "id": b"i", "at": 1.0, "host": True, "seed": KEY, "name": ""},
        {"t": 23, "id": ID, "who": KEY, "otk": KEY, "ek": bytes(1183), "epoch": 1},
        {"t": 24, "id": ID, "who": KEY, "ct": bytes(1088), "olm": bytes(HELLO_MAX + 1)},
        {"t": 25, "id": ID, "olm": bytes(WELCOME_MAX + 1)},
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        decode_word(pack(fields))


def test_an_ask_from_outside_the_calendar_is_not_made() -> None:
    with pytest.raises(Malformed):
        IntroductionAsk(ID, 1e13, True, KEY)

"""What is said outside a session fits its two cells and comes back; anything else is malformed."""

from __future__ import annotations

import pytest

from p2pchat.errors import Malformed
from p2pchat.types import Epoch
from p2pchat.wire.codec import pack
from p2pchat.wire.geometry import CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES
from p2pchat.wire.recovery import (
    ASK_BYTES,
    MESSAGE_LIMIT,
    NAME_BYTES,
    AnswerKeys,
    AskKeys,
    Challenge,
    Knock,
    Living,
    RecoveryAnswer,
    RecoveryAsk,
    SessionPosition,
    UnknownWord,
    Word,
    decode_answer_keys,
    decode_ask_keys,
    decode_word,
    encode_answer_keys,
    encode_ask_keys,
    encode_word,
)

SIV_BYTES = 16
NAME = b"n" * ASK_BYTES
CIPHERTEXT = b"c" * CIPHERTEXT_BYTES
ASK_KEYS = AskKeys(b"o" * 32, b"e" * ENCAPSULATION_KEY_BYTES, b"u" * NAME_BYTES)
ANSWER_KEYS = AnswerKeys(Epoch(83_333), CIPHERTEXT, b"m" * 220)


@pytest.mark.parametrize(
    "word",
    [
        Knock(CIPHERTEXT, NAME[:8], NAME * 4),
        Challenge(NAME, bytes(SIV_BYTES) + CIPHERTEXT),
        RecoveryAsk(NAME, bytes(SIV_BYTES) + encode_ask_keys(ASK_KEYS)),
        RecoveryAnswer(NAME, bytes(SIV_BYTES) + encode_answer_keys(ANSWER_KEYS)),
        Living(NAME, bytes(SIV_BYTES)),
        SessionPosition(b"s" * NAME_BYTES, 7, 2**32 - 1),
        UnknownWord(99),
    ],
)
def test_a_word_comes_back_equal_and_fits_its_cells(word: Word) -> None:
    said = encode_word(word)
    assert len(said) <= MESSAGE_LIMIT
    assert decode_word(said) == word


def test_keys_come_back_equal() -> None:
    assert decode_ask_keys(encode_ask_keys(ASK_KEYS)) == ASK_KEYS
    assert decode_answer_keys(encode_answer_keys(ANSWER_KEYS)) == ANSWER_KEYS


@pytest.mark.parametrize(
    "fields",
    [
        {"t": 1, "ct": CIPHERTEXT[:-1]},
        {"t": 2, "knock": NAME[:-1], "box": b""},
        {"t": 3, "knock": NAME, "box": bytes(MESSAGE_LIMIT + 1)},
        {"t": 4, "box": b""},
        {"t": 6, "session": b"s" * NAME_BYTES, "next": -1, "sent": 0},
        {"t": 6, "session": b"s" * NAME_BYTES, "next": 0, "sent": 2**32},
        {"t": 2**16},
        {},
    ],
)
def test_what_is_no_word_is_malformed(fields: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        decode_word(pack(fields))


@pytest.mark.parametrize("change", [-1, 1])
def test_keys_of_another_size_are_malformed(change: int) -> None:
    said = encode_ask_keys(ASK_KEYS)
    with pytest.raises(Malformed):
        decode_ask_keys(said[:change] if change < 0 else said + b"!")

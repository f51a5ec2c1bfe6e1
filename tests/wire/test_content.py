"""What people say: it comes back as it was written, within bounds, and what is unknown is told apart."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import ContactId, MessageId, MessageName
from p2pchat.wire.codec import pack
from p2pchat.wire.content import (
    CONTENT_TYPES,
    MENTIONS_MAX,
    SIGN_LIMIT,
    TEXT_LIMIT,
    TIME_MAX,
    TURN_MAX,
    Content,
    Correction,
    Reaction,
    Text,
    UnknownContent,
    Withdrawal,
    is_content,
)
from p2pchat.wire.payload import PAYLOAD_LIMIT, UnknownPayload, decode_payload, encode_payload

ID, OTHER, NAME, BOB = (
    MessageId("01" * 16),
    MessageId("02" * 16),
    MessageName("03" * 16),
    ContactId("b0" * 32),
)
EVERYBODY = (BOB,) * MENTIONS_MAX
CONTENTS: list[Content] = [
    Text(ID, 1.0, "yes", NAME),
    Text(ID, 1.0, "yes", NAME, (BOB,)),
    Text(ID, 1.0, "x" * TEXT_LIMIT, NAME, EVERYBODY),
    Reaction(ID, 1.0, NAME, "👍", 1),
    Reaction(ID, TIME_MAX, NAME, "", TURN_MAX),
    Correction(ID, 1.0, OTHER, "at nine", 1),
    Correction(ID, 1.0, OTHER, "x" * TEXT_LIMIT, TURN_MAX, EVERYBODY),
    Withdrawal(ID, 1.0, OTHER),
    UnknownContent(63, ID, 1.0),
]


@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_content_comes_back_equal_and_within_the_limit(content: Content) -> None:
    data = encode_payload(content)
    assert len(data) <= PAYLOAD_LIMIT
    assert decode_payload(data) == content


@given(st.text(), st.text(max_size=16), st.integers(1, TURN_MAX), st.floats(0, TIME_MAX))
def test_any_correction_and_reaction_arrives_as_written(text: str, sign: str, turn: int, at: float) -> None:
    for content in (Correction(ID, at, OTHER, text, turn), Reaction(ID, at, NAME, sign, turn)):
        assert decode_payload(encode_payload(content)) == content


@given(st.binary(max_size=200))
def test_any_bytes_are_malformed_or_something_said(data: bytes) -> None:
    with suppress(Malformed):
        assert decode_payload(encode_payload(decode_payload(data))) == decode_payload(data)


def test_a_reader_that_knows_no_replies_sees_the_text() -> None:
    fields = {"t": 1, "id": bytes(16), "at": 1.0, "text": "yes"}
    plain, reply = decode_payload(pack(fields)), decode_payload(pack({**fields, "re": b"\3" * 16}))
    assert isinstance(plain, Text) and isinstance(reply, Text)
    assert replace(reply, answers=None) == plain and reply.answers == NAME


def test_what_is_for_people_and_not_known_is_told_apart_from_what_is_for_nodes() -> None:
    later = {"t": 40, "id": b"\1" * 16, "at": 2.0, "poll": ["yes", "no"]}
    assert decode_payload(pack(later)) == UnknownContent(40, ID, 2.0)
    assert decode_payload(pack({"t": 64})) == UnknownPayload(64)
    assert [type for type in range(128) if is_content(type)] == [1, *CONTENT_TYPES]


@pytest.mark.parametrize(
    "fields",
    [
        {"t": 1, "text": "", "re": bytes(15)},
        {"t": 1, "text": "", "re": None},
        {"t": 1, "text": "", "who": b""},
        {"t": 1, "text": "", "who": bytes(33)},
        {"t": 1, "text": "", "who": bytes(32 * (MENTIONS_MAX + 1))},
        {"t": 32, "re": bytes(16), "sign": "x" * (SIGN_LIMIT + 1), "turn": 1},
        {"t": 32, "re": bytes(16), "sign": "x", "turn": 0},
        {"t": 32, "re": bytes(16), "sign": "x", "turn": TURN_MAX + 1},
        {"t": 32, "of": bytes(16), "sign": "x", "turn": 1},
        {"t": 33, "of": bytes(16), "text": "x" * (TEXT_LIMIT + 1), "turn": 1},
        {"t": 33, "of": bytes(16), "text": "x"},
        {"t": 33, "of": bytes(17), "text": "x", "turn": 1},
        {"t": 34},
        {"t": 34, "of": bytes(16), "id": bytes(15)},
        {"t": 34, "of": bytes(16), "at": -1.0},
        {"t": 63, "id": b""},
        {"t": 63, "at": 1},
    ],
)
def test_what_is_not_said_so_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        decode_payload(pack({"id": bytes(16), "at": 1.0, **fields}))


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (Text(ID, 1.0, ""), {"mentions": (*EVERYBODY, BOB)}),
        (Reaction(ID, 1.0, NAME, "", 1), {"sign": "x" * (SIGN_LIMIT + 1)}),
        (Reaction(ID, 1.0, NAME, "", 1), {"turn": 0}),
        (Reaction(ID, 1.0, NAME, "", 1), {"sign": "\ud83d"}),
        (Correction(ID, 1.0, OTHER, "", 1), {"text": "x" * (TEXT_LIMIT + 1)}),
        (Correction(ID, 1.0, OTHER, "", 1), {"turn": TURN_MAX + 1}),
        (Correction(ID, 1.0, OTHER, "", 1), {"mentions": (*EVERYBODY, BOB)}),
        (Withdrawal(ID, 1.0, OTHER), {"at": float("nan")}),
    ],
)
def test_nothing_beyond_the_limits_can_be_said(content: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(content, **fields)


def test_what_was_corrected_is_not_shown_by_accident() -> None:
    assert "nine" not in repr(Correction(ID, 1.0, OTHER, "at nine", 1))

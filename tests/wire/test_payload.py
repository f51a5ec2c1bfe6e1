"""What contacts say: texts arrive as written, limits hold, later versions are understood as such."""

import math
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import Epoch, MessageId
from p2pchat.wire.codec import pack
from p2pchat.wire.content import TEXT_LIMIT, TIME_MAX, Text, text_size
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.payload import (
    MESH_GENERATION_MAX,
    NAMES_MAX,
    PAYLOAD_LIMIT,
    RETENTION_MAX_S,
    DeliveryReceipt,
    MeshRenewed,
    Notice,
    Payload,
    PresenceNotice,
    RekeyAnswer,
    RekeyOffer,
    Retention,
    UnknownNotice,
    UnknownPayload,
    decode_notice,
    decode_payload,
    encode_notice,
    encode_payload,
)

HELLO = Text(MessageId("0123456789abcdef" * 2), 1767323045.5, "hi")
PAYLOADS: list[Payload] = [
    HELLO,
    replace(HELLO, at=0.0, text=""),
    RekeyOffer(3, Epoch(80_000), b"k" * 1184),
    RekeyAnswer(3, b"c" * 1088),
    Retention(86_400.0, 7),
    Retention(0.0, 1),
    MeshRenewed(1, b"m" * 32),
    MeshRenewed(MESH_GENERATION_MAX, b"m" * 32),
    UnknownPayload(77),
]
NOTICES: list[Notice] = [
    DeliveryReceipt(0, b""),
    DeliveryReceipt(2**32 - 1, b"\x05" * 16, bytes(range(6)) * NAMES_MAX),
    PresenceNotice(True, False, DeliveryReceipt(9, b"\x05" * 16, b"name 1" * NAMES_MAX)),
    PresenceNotice(False, True, DeliveryReceipt(0, b"")),
    UnknownNotice(77),
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_come_back_equal(payload: Payload) -> None:
    assert decode_payload(encode_payload(payload)) == payload


@pytest.mark.parametrize("notice", NOTICES)
def test_notices_come_back_equal_and_fit_one_cell(notice: Notice) -> None:
    data = encode_notice(notice)
    assert len(data) <= GEOMETRY.data
    assert decode_notice(data) == notice


@given(st.text(), st.floats(0, TIME_MAX))
def test_any_text_arrives_as_written(text: str, at: float) -> None:
    written = replace(HELLO, text=text, at=at)
    assert decode_payload(encode_payload(written)) == written


@pytest.mark.parametrize("text", ["\x1b[2J\x07\0", "שלום \u202e", "👩‍👩‍👧 é é", "😀" * (TEXT_LIMIT // 4)])
def test_text_is_not_cleaned_on_the_way(text: str) -> None:
    assert decode_payload(encode_payload(replace(HELLO, text=text))) == replace(HELLO, text=text)


def test_the_limit_counts_bytes_of_utf8() -> None:
    assert text_size("é") == 2
    assert len(encode_payload(replace(HELLO, text="x" * TEXT_LIMIT))) < PAYLOAD_LIMIT
    for text in ("x" * (TEXT_LIMIT + 1), "é" * (TEXT_LIMIT // 2) + "x"):
        with pytest.raises(Malformed):
            replace(HELLO, text=text)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(Malformed):
        replace(HELLO, text="\ud83d")


@pytest.mark.parametrize("at", [-1.0, TIME_MAX * 2, float("inf"), float("nan")])
def test_a_text_from_outside_the_calendar_is_refused(at: float) -> None:
    with pytest.raises(Malformed):
        replace(HELLO, at=at)


@pytest.mark.parametrize(
    ("seconds", "turn"),
    [(1e-9, 1), (9.9, 1), (-1.0, 1), (RETENTION_MAX_S * 2, 1), (math.nan, 1), (60.0, 0), (60.0, 2**48)],
)
def test_a_setting_outside_its_bounds_is_refused(seconds: float, turn: int) -> None:
    with pytest.raises(Malformed):
        Retention(seconds, turn)
    if not math.isnan(seconds):
        with pytest.raises(Malformed):
            decode_payload(pack({"t": 4, "seconds": seconds, "turn": turn}))


@given(st.binary(max_size=80))
def test_any_bytes_are_malformed_or_a_message(data: bytes) -> None:
    with suppress(Malformed):
        assert decode_payload(encode_payload(decode_payload(data))) == decode_payload(data)
    with suppress(Malformed):
        assert decode_notice(encode_notice(decode_notice(data))) == decode_notice(data)


def test_a_later_version_may_add_types_and_fields() -> None:
    later = {
        "t": 2,
        "here": True,
        "asks": False,
        "next": 1,
        "partial": b"",
        "opened": b"name 1",
        "mood": "good",
    }
    assert decode_payload(pack({"t": 9, "new": {}})) == UnknownPayload(9)
    assert decode_notice(pack(later)) == PresenceNotice(True, False, DeliveryReceipt(1, b"", b"name 1"))


@pytest.mark.parametrize(
    "fields",
    [
        "text",
        {"t": 1, "id": bytes(16), "at": 1.0},
        {"t": 1, "id": bytes(15), "at": 1.0, "text": ""},
        {"t": 1, "id": bytes(16), "at": 1, "text": ""},
        {"t": 1, "id": bytes(16), "at": -0.5, "text": ""},
        {"t": 1, "id": bytes(16), "at": 1.0, "text": b""},
        {"t": 1, "id": bytes(16), "at": 1.0, "text": "x" * (TEXT_LIMIT + 1)},
        {"t": 2, "generation": 1, "epoch": 1, "ek": bytes(1183)},
        {"t": 2, "generation": -1, "epoch": 1, "ek": bytes(1184)},
        {"t": 3, "generation": 1, "ct": bytes(1089)},
        {"t": 65536},
    ],
)
def test_what_is_no_payload_is_malformed(fields: object) -> None:
    with pytest.raises(Malformed):
        decode_payload(pack(fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"t": 1, "next": 2**32, "partial": b"", "opened": b""},
        {"t": 1, "next": 1, "partial": bytes(17), "opened": b""},
        {"t": 1, "next": 1, "partial": b"", "opened": b"part"},
        {"t": 1, "next": 1, "partial": b"", "opened": bytes(6 * 129)},
        {"t": 2, "here": 1, "asks": True, "next": 1, "partial": b"", "opened": b""},
        {"t": 2, "here": True, "asks": True},
        {"t": 9, "padding": bytes(860)},
    ],
)
def test_what_is_no_notice_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        decode_notice(pack(fields))


def test_what_was_written_is_not_shown_by_accident() -> None:
    assert "hi" not in repr(HELLO)


@pytest.mark.parametrize(
    "fields",
    [
        {"generation": 0, "secret": b"m" * 32},
        {"generation": MESH_GENERATION_MAX + 1, "secret": b"m" * 32},
        {"generation": 1, "secret": b"m" * 31},
    ],
)
def test_a_mesh_of_an_impossible_kind_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        decode_payload(pack({"t": 16, **fields}))
    if len(fields["secret"]) == 32:
        with pytest.raises(Malformed):
            MeshRenewed(**fields)


def test_a_mesh_secret_is_not_shown_by_accident() -> None:
    assert "mmmm" not in repr(MeshRenewed(1, b"m" * 32))

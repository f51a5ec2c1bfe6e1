"""A session description in a hundred bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.description import Candidate, Description, decode_description, encode_description

CANDIDATES = st.builds(
    Candidate,
    st.sampled_from(["host", "srflx", "relay"]),
    st.sampled_from(["udp", "tcp"]),
    st.ip_addresses().map(str),
    st.integers(1, 0xFFFF),
    st.integers(0, 0xFFFF_FFFF),
)
CREDENTIALS = st.text("abcXYZ019+/", min_size=1, max_size=64)
DESCRIPTIONS = st.builds(
    Description,
    st.sampled_from(["actpass", "active", "passive"]),
    CREDENTIALS,
    CREDENTIALS,
    st.binary(min_size=32, max_size=32),
    st.lists(CANDIDATES, max_size=24).map(tuple),
)
HOST = Candidate("host", "udp", "192.0.2.1", 50_000, 2_130_706_431)
USUAL = Description("actpass", "abcd", "p" * 22, b"f" * 32, (HOST,))


@given(DESCRIPTIONS)
def test_it_comes_back(description: Description) -> None:
    assert decode_description(encode_description(description)) == description


def test_the_usual_one_is_small() -> None:
    assert len(encode_description(USUAL)) < 102


@given(st.binary(max_size=200))
def test_any_bytes_are_a_description_or_malformed(data: bytes) -> None:
    try:
        description = decode_description(data)
    except Malformed:
        return
    assert encode_description(description) == data


@given(st.integers(0, 71), st.binary(min_size=1, max_size=3))
def test_cut_or_continued_it_is_malformed(length: int, more: bytes) -> None:
    data = encode_description(USUAL)
    with pytest.raises(Malformed):
        decode_description(data[:length])
    with pytest.raises(Malformed):
        decode_description(data + more)


@pytest.mark.parametrize(
    ("field", "value"),
    [("address", "a.local"), ("address", "::0001"), ("port", 0), ("kind", "prflx"), ("priority", -1)],
)
def test_what_is_no_candidate_is_malformed(field: str, value: object) -> None:
    fields = {"kind": "host", "protocol": "udp", "address": "::1", "port": 1, "priority": 1}
    Candidate(**fields)  # type: ignore[arg-type]
    with pytest.raises(Malformed):
        Candidate(**{**fields, field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("setup", "holdconn"),
        ("ufrag", ""),
        ("pwd", "a\r\na=x"),
        ("fingerprint", b""),
        ("candidates", (HOST,) * 25),
    ],
)
def test_what_engines_would_not_take_is_malformed(field: str, value: object) -> None:
    fields = {"setup": "active", "ufrag": "u", "pwd": "p", "fingerprint": bytes(32), "candidates": ()}
    Description(**fields)  # type: ignore[arg-type]
    with pytest.raises(Malformed):
        Description(**{**fields, field: value})  # type: ignore[arg-type]

"""Strict msgpack: one encoding per value, a value or Malformed for any bytes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.codec import DEPTH_MAX, Reader, length_prefixed, pack, strip_padding, unpack

LIMIT = 1 << 16

plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
).filter(lambda value: _depth(value) <= DEPTH_MAX)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


@given(values)
def test_values_come_back_equal(value: object) -> None:
    assert unpack(pack(value), LIMIT) == value


@given(st.binary(max_size=64))
def test_any_bytes_are_malformed_or_the_encoding_of_what_they_parse_to(data: bytes) -> None:
    try:
        value = unpack(data, LIMIT)
    except Malformed:
        return
    assert pack(value) == data


def test_equal_maps_give_equal_bytes() -> None:
    assert pack({"b": 1, "a": {"d": 2, "c": 3}}) == pack({"a": {"c": 3, "d": 2}, "b": 1})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "nothing"),
        (b"\x01\x01", "trailing bytes"),
        (b"\xcc\x01", "an integer longer than it need be"),
        (b"\xca\x3f\x80\x00\x00", "a float of 32 bits"),
        (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "not a number"),
        (b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", "infinity"),
        (b"\xd9\x01a", "a text header longer than it need be"),
        (b"\xa1\xff", "text that is not UTF-8"),
        (b"\xa3\xed\xa0\x80", "a lone surrogate"),
        (b"\x82\xa1b\x01\xa1a\x01", "keys out of order"),
        (b"\x82\xa1a\x01\xa1a\x01", "a key twice"),
        (b"\x81\x01\x01", "a key that is a number"),
        (b"\x81\xc4\x01a\x01", "a key of bytes"),
        (b"\x81\x90\x01", "a key that is a list"),
        (b"\xd4\x05\x00", "an extension type"),
        (b"\xc7\x00\x05", "an empty extension type"),
        (b"\xd6\xff\x00\x00\x00\x01", "a timestamp"),
        (b"\xd7\xff" + b"\xff" * 8, "a timestamp beyond all time"),
        (b"\xdd\xff\xff\xff\xff", "a list that claims four billion items"),
        (b"\xdf\xff\xff\xff\xff", "a map that claims four billion items"),
        (b"\xc6\xff\xff\xff\xff", "bytes that claim four gigabytes"),
        (b"\xc1", "the byte that means nothing"),
        (b"\x91" * (DEPTH_MAX + 1) + b"\xc0", "nesting past the cap"),
        (b"\x91" * 50_000 + b"\xc0", "nesting past any stack"),
    ],
)
def test_what_is_not_canonical_is_malformed(data: bytes, why: str) -> None:
    with pytest.raises(Malformed):
        unpack(data, LIMIT)


def test_more_bytes_than_the_limit_are_not_even_looked_at() -> None:
    data = pack(b"x" * 100)
    assert unpack(data, len(data)) == b"x" * 100
    with pytest.raises(Malformed):
        unpack(data, len(data) - 1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1: 2}, {"a": {1}}, "\ud800"])
def test_what_must_not_travel_cannot_be_packed(value: object) -> None:
    with pytest.raises(ValueError):
        pack(value)


@given(st.binary(max_size=30))
def test_padding_comes_off_again(data: bytes) -> None:
    padded = length_prefixed(data, 32)
    assert len(padded) == 32
    assert strip_padding(padded) == data


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1", b"\0\1ab", b"\xff\xff" + bytes(10)])
def test_padding_that_is_cut_or_marked_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        strip_padding(data)


def test_what_does_not_fit_cannot_be_padded() -> None:
    with pytest.raises(ValueError):
        length_prefixed(b"x" * 31, 32)
    with pytest.raises(ValueError):
        length_prefixed(bytes(70_000), 80_000)


def test_a_reader_gives_what_is_there() -> None:
    reader = Reader({"b": b"xyz", "t": "é", "i": 7, "f": 1.5, "y": True, "l": [1, "a"], "s": ["a", "b"]})
    assert reader.get_bytes("b") == reader.get_bytes("b", 3) == reader.get_bytes("b", limit=3) == b"xyz"
    assert reader.get_text("t", 2) == "é"
    assert reader.get_integer("i", 7, 7) == 7
    assert reader.get_float("f", 0, 2) == 1.5
    assert reader.get_flag("y") is True
    assert reader.get_list("l", 2) == [1, "a"]
    assert reader.get_texts("s", 2, 1) == ("a", "b")


def test_a_reader_refuses_what_is_absent_of_another_type_or_out_of_bounds() -> None:
    reader = Reader({"b": b"xyz", "t": "é", "i": 7, "f": 1.5, "y": True, "l": [1, "a"]})
    refused: list[Callable[[], object]] = [
        lambda: Reader([]),
        lambda: reader.get_bytes("absent"),
        lambda: reader.get_bytes("t"),
        lambda: reader.get_bytes("b", 4),
        lambda: reader.get_bytes("b", limit=2),
        lambda: reader.get_text("b", 9),
        lambda: reader.get_text("t", 1),
        lambda: reader.get_integer("i", 0, 6),
        lambda: reader.get_integer("i", 8, 9),
        lambda: reader.get_integer("f", 0, 9),
        lambda: reader.get_integer("y", 0, 9),
        lambda: reader.get_float("i", 0, 9),
        lambda: reader.get_float("f", 0, 1),
        lambda: reader.get_flag("i"),
        lambda: reader.get_list("l", 1),
        lambda: reader.get_list("t", 9),
        lambda: reader.get_texts("l", 9, 9),
    ]
    for reading in refused:
        with pytest.raises(Malformed):
            reading()

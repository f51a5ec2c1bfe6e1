"""Frames: one size, four kinds, nothing hidden in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.frame import Frame, FrameKind, decode, encode
from p2pchat.wire.geometry import GEOMETRY

frames = st.builds(Frame, st.sampled_from(FrameKind), st.binary(max_size=GEOMETRY.body))


@given(frames)
def test_frames_come_back_equal_and_all_have_one_size(frame: Frame) -> None:
    data = encode(frame)
    assert len(data) == 1136
    assert decode(data) == frame


@given(frames, st.integers(0, 1135), st.integers(1, 255))
def test_a_changed_byte_gives_another_frame_or_malformed(frame: Frame, position: int, flip: int) -> None:
    data = bytearray(encode(frame))
    data[position] ^= flip
    try:
        other = decode(bytes(data))
    except Malformed:
        return
    assert other != frame
    assert encode(other) == data


def test_the_bytes_are_as_documented() -> None:
    assert encode(Frame(FrameKind.CELL, b"abc")) == b"\x02\x00\x00\x03" + bytes(12) + b"abc" + bytes(1117)


@pytest.mark.parametrize("size", [0, 1, 1135, 1137, 1152])
def test_another_size_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        decode(bytes(size))


@pytest.mark.parametrize(
    ("position", "value", "why"),
    [
        (0, 5, "a kind that is not ours yet"),
        (0, 255, "an unknown kind"),
        (1, 1, "flags"),
        (4, 1, "reserved bytes"),
        (15, 1, "reserved bytes"),
        (19, 1, "padding"),
        (1135, 1, "padding"),
        (2, 0xFF, "a length past the end"),
    ],
)
def test_what_no_frame_has_is_malformed(position: int, value: int, why: str) -> None:
    data = bytearray(encode(Frame(FrameKind.CELL, b"abc")))
    data[position] = value
    with pytest.raises(Malformed):
        decode(bytes(data))


def test_a_body_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Malformed):
        Frame(FrameKind.CELL, bytes(GEOMETRY.body + 1))

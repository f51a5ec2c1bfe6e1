"""Frames are cut off where they end, as the library would."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from rendezvous.frames import Cut, frame_at, unmasked_head

LONGEST = 2089
PAYLOADS = st.one_of(
    st.binary(max_size=130), st.sampled_from([125, 126, 127, LONGEST - 1, LONGEST]).map(bytes)
)
FRAMES = st.builds(Frame, st.sampled_from([Opcode.BINARY, Opcode.CONT, Opcode.TEXT]), PAYLOADS, st.booleans())


@settings(max_examples=30)
@given(st.lists(FRAMES, max_size=4), st.lists(st.integers(0, 9000), max_size=6))
def test_frames_are_the_same_however_they_come_in(frames: list[Frame], cuts: list[int]) -> None:
    said = [frame.serialize(mask=True) for frame in frames]
    stream = b"".join(said)
    held, found = b"", []
    for start, end in pairwise([0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]):
        held += stream[start:end]
        while isinstance(cut := frame_at(held, 0, LONGEST), tuple):
            found.append((held[: cut[1]], cut[1] - cut[0]))
            held = held[cut[1] :]
        assert cut is Cut.INCOMPLETE
    assert found == [(each, len(frame.data)) for each, frame in zip(said, frames, strict=True)]
    assert held == b""


@pytest.mark.parametrize("size", [LONGEST + 1, 65536, 1 << 62])
def test_what_is_too_long_is_known_by_its_head(size: int) -> None:
    more = b"\xfe" + size.to_bytes(2, "big") if size < 65536 else b"\xff" + size.to_bytes(8, "big")
    assert frame_at(b"\x82" + more, 0, LONGEST) is Cut.UNFIT
    assert frame_at(b"\x82" + more[:-1], 0, LONGEST) is Cut.INCOMPLETE


def test_what_is_not_masked_is_none_of_a_clients() -> None:
    assert frame_at(b"\x82\x01x", 0, LONGEST) is Cut.UNFIT


@pytest.mark.parametrize("size", [0, 1, 125, 126, LONGEST, 65535])
def test_a_servers_message_has_the_head_that_the_library_gives_it(size: int) -> None:
    assert unmasked_head(size) + bytes(size) == Frame(Opcode.BINARY, bytes(size)).serialize(mask=False)

"""What people compare is the same on both sides, and different for different keys."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.crypto.identity import fingerprint, safety_emoji, safety_number, safety_words

KEYS = st.binary(min_size=32, max_size=32)


@settings(max_examples=20)
@given(KEYS, KEYS)
def test_both_sides_see_the_same(mine: bytes, theirs: bytes) -> None:
    assert safety_number(mine, theirs) == safety_number(theirs, mine)
    assert safety_emoji(mine, theirs) == safety_emoji(theirs, mine)


def test_another_key_shows() -> None:
    mine, theirs, other = (bytes([n]) * 32 for n in range(3))
    assert safety_number(mine, theirs) != safety_number(mine, other)
    assert safety_emoji(mine, theirs) != safety_emoji(mine, other)
    assert safety_words(mine) != safety_words(other)
    assert fingerprint(mine) != fingerprint(other)


def test_the_forms() -> None:
    mine, theirs = b"a" * 32, b"b" * 32
    assert re.fullmatch(r"(\d{5} ){11}\d{5}", safety_number(mine, theirs))
    assert len(safety_emoji(mine, theirs)) == 7
    assert len(safety_words(mine)) == 6
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint(mine))

"""What people compare is the same on both sides, and different for different keys."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.crypto import identity
from p2pchat.crypto.identity import fingerprint, safety_number, safety_words

KEYS = st.binary(min_size=32, max_size=32)


@settings(max_examples=20)
@given(KEYS, KEYS)
def test_both_sides_see_the_same(mine: bytes, theirs: bytes) -> None:
    assert safety_number(mine, theirs) == safety_number(theirs, mine)


def test_another_key_shows() -> None:
    mine, theirs, other = (bytes([n]) * 32 for n in range(3))
    assert safety_number(mine, theirs) != safety_number(mine, other)
    assert safety_words(mine) != safety_words(other)
    assert fingerprint(mine) != fingerprint(other)


def test_the_forms() -> None:
    mine, theirs = b"a" * 32, b"b" * 32
    assert re.fullmatch(r"(\d{5} ){11}\d{5}", safety_number(mine, theirs))
    assert len(safety_words(mine)) == 6
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint(mine))


def test_everything_people_compare_is_dear_to_search_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attacker that seeks a key with the look of another's pays all the iterations for each try."""
    key = b"k" * 32
    shown = safety_number(key, key), safety_words(key)
    monkeypatch.setattr(identity, "ITERATIONS", identity.ITERATIONS - 1)
    assert safety_number(key, key) != shown[0]
    assert safety_words(key) != shown[1]


def test_nothing_short_is_offered_for_comparison() -> None:
    """Seven emoji of a hash of two keys were had for both sides at once by trying two million keys a side:
    what two people compare has at least a hundred bits of each key, and depends on no choice of the other."""
    ours, theirs, middle = b"a" * 32, b"b" * 32, b"m" * 32
    own_half = {safety_number(ours, other).replace(" ", "")[:30] for other in (theirs, middle)}
    own_half |= {safety_number(ours, other).replace(" ", "")[30:] for other in (theirs, middle)}
    assert len(own_half) == 3, "one half is of our key alone, with any other end"

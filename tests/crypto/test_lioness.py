"""LIONESS as published, and what it is for: an altered bit leaves nothing of the block."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.crypto.lioness import KEY_BYTES, decipher, encipher

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "lioness.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS)
def test_the_published_vector_holds_both_ways(vector: dict[str, str]) -> None:
    key, plain, sealed = (bytes.fromhex(vector[name]) for name in ("key", "input", "output"))
    assert len(key) == KEY_BYTES
    assert encipher(key, plain) == sealed
    assert decipher(key, sealed) == plain


@given(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), st.binary(min_size=33, max_size=1000))
def test_any_block_comes_back(key: bytes, block: bytes) -> None:
    sealed = encipher(key, block)
    assert len(sealed) == len(block)
    assert decipher(key, sealed) == block


@pytest.mark.parametrize("at", [0, 31, 32, 500, 940])
def test_one_altered_bit_leaves_nothing(at: int) -> None:
    key, block = bytes(range(KEY_BYTES)), bytes(941)
    altered = bytearray(encipher(key, block))
    altered[at] ^= 1
    opened = decipher(key, bytes(altered))
    bits = sum(byte.bit_count() for byte in opened)
    assert 3500 < bits < 4030  # of 7528, half of them within five standard deviations or so
    assert opened[:16] != bytes(16)

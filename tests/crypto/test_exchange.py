"""The hybrid exchange: both sides agree, and each half alone decides."""

from __future__ import annotations

import pytest

from p2pchat.crypto.exchange import HybridKey, KemKey, encapsulate, respond, shared_point
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy


def test_both_sides_agree_on_64_bytes() -> None:
    key = HybridKey.generate(SeededEntropy("a"))
    response = respond(SeededEntropy("b"), key.x25519, key.encapsulation_key)
    assert key.derive_secret(response.x25519, response.ciphertext) == response.shared
    assert (len(response.shared), len(key.encapsulation_key), len(response.ciphertext)) == (64, 1184, 1088)


def test_another_ciphertext_gives_another_second_half_and_no_error() -> None:
    key = HybridKey.generate(SeededEntropy("a"))
    response = respond(SeededEntropy("b"), key.x25519, key.encapsulation_key)
    damaged = bytes([response.ciphertext[0] ^ 1]) + response.ciphertext[1:]
    agreed = key.derive_secret(response.x25519, damaged)
    assert agreed[:32] == response.shared[:32]
    assert agreed[32:] != response.shared[32:]


def test_a_kem_key_comes_back_from_its_seed() -> None:
    key = KemKey.generate(SeededEntropy("a"))
    secret, ciphertext = encapsulate(key.encapsulation_key)
    assert KemKey.from_seed(key.seed).decapsulate(ciphertext) == secret


@pytest.mark.parametrize("key", [b"", bytes(1183), b"\xff" * 1184])
def test_what_is_no_kem_key_is_refused(key: bytes) -> None:
    with pytest.raises(Unreadable):
        encapsulate(key)


def test_a_ciphertext_of_another_size_is_refused() -> None:
    with pytest.raises(Unreadable):
        KemKey.generate(SeededEntropy("a")).decapsulate(bytes(1087))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_point_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(Unreadable):
        shared_point(b"\7" * 32, b"\5" * size)


@pytest.mark.parametrize("point", [bytes(32), bytes([1]) + bytes(31)])
def test_a_point_that_contributes_nothing_is_refused(point: bytes) -> None:
    with pytest.raises(Unreadable):
        shared_point(b"\7" * 32, point)

"""A wrapped key opens for its passphrase, and damage is refused rather than tried."""

from __future__ import annotations

import pytest

from p2pchat.crypto.password import Cost, stretch, unwrap, wrap
from p2pchat.errors import Unreadable

CHEAP = Cost(1, 8192)
SALT, NONCE = b"s" * 16, b"n" * 24


def test_a_key_comes_back_under_its_passphrase_only() -> None:
    key = stretch("correct horse", SALT, CHEAP)
    wrapped = wrap(key, b"data key", NONCE, b"here")
    assert unwrap(key, wrapped, NONCE, b"here") == b"data key"
    for other, place in ((stretch("wrong", SALT, CHEAP), b"here"), (key, b"there")):
        with pytest.raises(Unreadable):
            unwrap(other, wrapped, NONCE, place)
    with pytest.raises(Unreadable):
        unwrap(key, wrapped[:5], NONCE, b"here")


@pytest.mark.parametrize("cost", [Cost(0, 8192), Cost(1, 1), Cost(1 << 20, 8192), Cost(1, 1 << 40)])
def test_parameters_out_of_reason_are_damage(cost: Cost) -> None:
    with pytest.raises(Unreadable):
        stretch("x", SALT, cost)


def test_the_default_is_libsodium_s_moderate() -> None:
    assert Cost() == Cost(3, 256 << 20)

"""CPace against the draft's own vectors, and its one promise: an attacker without the words learns
nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.crypto import cpace
from p2pchat.crypto.exchange import shared_point
from p2pchat.errors import Unreadable

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "cpace_x25519.json").read_text())
GROUP = {name: bytes.fromhex(value) for name, value in VECTORS["G_25519"].items() if isinstance(value, str)}
POINTS = [
    bytes.fromhex(value) for name, value in VECTORS["X25519_points"].items() if name.startswith("Invalid")
]

PRIME = 2**255 - 19
LOW_ORDER = {
    0,
    1,
    PRIME - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
}
"""The u coordinates whose order divides eight, on the curve or its twist (RFC 7748, section 7)."""


def generator() -> bytes:
    return cpace.generator(GROUP["PRS"], GROUP["CI"], GROUP["sid"])


def test_shares_are_the_draft_s() -> None:
    assert cpace.share(generator(), GROUP["ya"]) == GROUP["Ya"]
    assert cpace.share(generator(), GROUP["yb"]) == GROUP["Yb"]


@pytest.mark.parametrize("scalar", [GROUP["ya"], GROUP["yb"], b"\7" * 32])
def test_the_generator_is_the_draft_s_up_to_a_point_of_low_order(scalar: bytes) -> None:
    """Scalars are clamped to multiples of eight, under which a difference of low order vanishes."""
    assert cpace.share(generator(), scalar) == cpace.share(GROUP["g"], scalar)


def test_the_shared_point_is_the_draft_s() -> None:
    assert shared_point(GROUP["ya"], GROUP["Yb"]) == GROUP["K"]
    assert shared_point(GROUP["yb"], GROUP["Ya"]) == GROUP["K"]


def test_both_sides_get_the_draft_s_session_key() -> None:
    rest = (GROUP["sid"], GROUP["Ya"], GROUP["ADa"], GROUP["Yb"], GROUP["ADb"])
    assert cpace.session_key(GROUP["ya"], GROUP["Yb"], *rest) == GROUP["ISK_IR"]
    assert cpace.session_key(GROUP["yb"], GROUP["Ya"], *rest) == GROUP["ISK_IR"]


def coordinate(point: bytes) -> int:
    """What X25519 reads: 255 bits, not necessarily reduced."""
    return int.from_bytes(point, "little") % 2**255 % PRIME


def key_with(share: bytes) -> bytes:
    """What the owner of ``ya`` makes of a peer's share."""
    return cpace.session_key(GROUP["ya"], share, GROUP["sid"], GROUP["Ya"], b"", GROUP["Yb"], b"")


def test_the_points_include_every_one_of_low_order_and_harmless_ones() -> None:
    assert {coordinate(point) for point in POINTS} > LOW_ORDER


@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point[0]:02x}..{point[-1]:02x}")
def test_a_point_of_low_order_is_no_share_however_it_is_written(point: bytes) -> None:
    if coordinate(point) in LOW_ORDER:
        with pytest.raises(Unreadable):
            key_with(point)
    else:
        assert key_with(point) == key_with(coordinate(point).to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_share_has_32_bytes(size: int) -> None:
    with pytest.raises(Unreadable):
        key_with(b"\5" * size)


def test_with_other_words_the_two_get_different_keys() -> None:
    told, guessed = (
        cpace.generator(words, b"ci", b"sid") for words in (b"tango marble orbit", b"tango marble orb")
    )
    ya, yb = cpace.share(told, GROUP["ya"]), cpace.share(guessed, GROUP["yb"])
    rest = (b"sid", ya, b"", yb, b"")
    assert cpace.session_key(GROUP["ya"], yb, *rest) != cpace.session_key(GROUP["yb"], ya, *rest)


def test_lengths_are_written_as_the_draft_writes_them() -> None:
    """prepend_len of the draft, with its own examples."""
    long = bytes(range(128))
    assert cpace._prefixed(b"1234").hex() == "0431323334"
    assert cpace._prefixed(long[:127]) == b"\x7f" + long[:127]
    assert cpace._prefixed(long) == b"\x80\x01" + long


@given(st.binary(min_size=1, max_size=300), st.binary(max_size=300))
def test_other_words_give_another_generator(secret: bytes, other: bytes) -> None:
    if secret != other:
        assert cpace.generator(secret, b"ci", b"sid") != cpace.generator(other, b"ci", b"sid")


def test_the_channel_and_the_session_are_bound_in() -> None:
    base = cpace.generator(b"words", b"ci", b"sid")
    assert base != cpace.generator(b"words", b"ci2", b"sid")
    assert base != cpace.generator(b"words", b"ci", b"sid2")
    # A byte moved from one field to the next must not make the same input.
    assert cpace.generator(b"words", b"c", b"isid") != cpace.generator(b"words", b"ci", b"sid")


def test_the_two_confirmations_differ_and_depend_on_all() -> None:
    confirmations = {
        cpace.confirmation(isk, role, ya, yb)
        for isk in (bytes(64), b"\1" * 64)
        for role in ("guest", "host")
        for ya in (bytes(32), b"\1" * 32)
        for yb in (bytes(32), b"\1" * 32)
    }
    assert len(confirmations) == 16

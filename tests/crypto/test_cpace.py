"""CPace against the draft's own vectors, and its one promise: who does not know the words learns nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.crypto import cpace
from p2pchat.errors import Unreadable

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "cpace_x25519.json").read_text())
GROUP = {name: bytes.fromhex(value) for name, value in VECTORS["G_25519"].items() if isinstance(value, str)}
LOW_ORDER = [
    bytes.fromhex(point) for name, point in VECTORS["X25519_points"].items() if name.startswith("Invalid")
]


def generator() -> bytes:
    return cpace.generator(GROUP["PRS"], GROUP["CI"], GROUP["sid"])


def test_shares_are_the_draft_s() -> None:
    assert cpace.share(generator(), GROUP["ya"]) == GROUP["Ya"]
    assert cpace.share(generator(), GROUP["yb"]) == GROUP["Yb"]


def test_both_sides_get_the_draft_s_session_key() -> None:
    rest = (GROUP["sid"], GROUP["Ya"], GROUP["ADa"], GROUP["Yb"], GROUP["ADb"])
    assert cpace.session_key(GROUP["ya"], GROUP["Yb"], *rest) == GROUP["ISK_IR"]
    assert cpace.session_key(GROUP["yb"], GROUP["Ya"], *rest) == GROUP["ISK_IR"]


@pytest.mark.parametrize("point", LOW_ORDER, ids=lambda point: point.hex()[:8])
def test_a_point_of_low_order_or_its_double_is_no_share(point: bytes) -> None:
    try:
        key = cpace.session_key(GROUP["ya"], point, b"sid", point, b"", GROUP["Yb"], b"")
    except Unreadable:
        return
    # The vectors also hold points that are only not reduced: X25519 takes them for the point they stand for.
    reduced = ((int.from_bytes(point, "little") & (1 << 255) - 1) % (2**255 - 19)).to_bytes(32, "little")
    assert reduced not in LOW_ORDER or reduced == point
    assert key


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

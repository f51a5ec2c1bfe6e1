"""What is sealed opens once, whole, in its place, for its owner; or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.crypto.sealing import LinkKeys, open_blob, seal_blob
from p2pchat.errors import Unreadable
from p2pchat.wire.geometry import GEOMETRY

KEY, NONCE = b"k" * 32, b"n" * 24
PLAIN = bytes(range(251)) * 8
BLOB = seal_blob(KEY, NONCE, PLAIN, b"here")


def link() -> LinkKeys:
    return LinkKeys.from_secrets(b"psk" * 10, b"s" * 64, b"offer", b"answer")


def plain(number: int) -> bytes:
    return number.to_bytes(4, "big").ljust(GEOMETRY.frame_plain, b".")


def test_a_blob_has_one_size_and_opens_for_its_key_and_place() -> None:
    assert len(BLOB) == 2048
    assert open_blob(KEY, BLOB, b"here") == PLAIN


@pytest.mark.parametrize(("key", "place"), [(b"x" * 32, b"here"), (KEY, b"there")])
def test_a_blob_does_not_open_elsewhere(key: bytes, place: bytes) -> None:
    with pytest.raises(Unreadable):
        open_blob(key, BLOB, place)


@given(st.integers(0, 2048 * 8 - 1))
def test_any_flipped_bit_of_a_blob_is_refused(bit: int) -> None:
    damaged = bytearray(BLOB)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unreadable):
        open_blob(KEY, bytes(damaged), b"here")


@given(st.binary(max_size=3000))
def test_any_other_bytes_are_no_blob(data: bytes) -> None:
    with pytest.raises(Unreadable):
        open_blob(KEY, data, b"here")


def test_the_sealer_insists_on_sizes() -> None:
    with pytest.raises(ValueError, match="one size"):
        seal_blob(KEY, NONCE, b"short", b"here")
    with pytest.raises(ValueError, match="one size"):
        link().make_sealer("offerer").seal_frame(b"short")


def test_frames_open_in_order_at_the_other_end_only() -> None:
    sealer, opener, own = (
        link().make_sealer("offerer"),
        link().make_opener("answerer"),
        link().make_opener("offerer"),
    )
    for number in range(3):
        sealed = sealer.seal_frame(plain(number))
        assert len(sealed) == GEOMETRY.frame
        with pytest.raises(Unreadable):
            own.open_frame(sealed)
        assert opener.open_frame(sealed) == plain(number)


def test_a_frame_repeated_left_out_or_swapped_does_not_open() -> None:
    sealer, opener = link().make_sealer("offerer"), link().make_opener("answerer")
    first, second, third = (sealer.seal_frame(plain(number)) for number in range(3))
    with pytest.raises(Unreadable):
        opener.open_frame(second)
    assert opener.open_frame(first) == plain(0)
    with pytest.raises(Unreadable):
        opener.open_frame(first)
    with pytest.raises(Unreadable):
        opener.open_frame(third)
    assert opener.open_frame(second) == plain(1)


@given(st.integers(0, GEOMETRY.frame * 8 - 1))
def test_any_flipped_bit_of_a_frame_is_refused_and_changes_nothing(bit: int) -> None:
    sealer, opener = link().make_sealer("answerer"), link().make_opener("offerer")
    sealed = sealer.seal_frame(plain(7))
    damaged = bytearray(sealed)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unreadable):
        opener.open_frame(bytes(damaged))
    with pytest.raises(Unreadable):
        opener.open_frame(sealed[:-1])
    assert opener.open_frame(sealed) == plain(7)


def test_an_attacker_who_ends_dtls_on_both_legs_cannot_confirm() -> None:
    """Each end says which two certificates it saw; in the middle there are four."""
    alice, bob, mallory_to_alice, mallory_to_bob = (bytes([n]) * 32 for n in range(4))
    says_alice = link().make_confirmation("offerer", alice, mallory_to_alice)
    bob_expects = link().make_confirmation("offerer", mallory_to_bob, bob)
    assert says_alice != bob_expects
    assert link().make_confirmation("offerer", alice, bob) != link().make_confirmation("answerer", bob, alice)


def test_a_confirmation_says_who_speaks_and_both_certificates_each_in_its_place() -> None:
    a, b, other = (bytes([n]) * 32 for n in range(3))
    said = link().make_confirmation("offerer", a, b)
    assert link().make_confirmation("answerer", a, b) != said, "one's own words sent back are no answer"
    assert link().make_confirmation("offerer", other, b) != said
    assert link().make_confirmation("offerer", a, other) != said
    assert link().make_confirmation("offerer", b, a) != said


def test_link_keys_depend_on_every_part_of_the_exchange() -> None:
    parts = [b"psk", b"s" * 64, b"offer", b"answer"]
    seen = {LinkKeys.from_secrets(*parts).make_confirmation("offerer", b"a", b"b")}
    for place in range(4):
        changed = [part + b"!" if place == at else part for at, part in enumerate(parts)]
        seen.add(LinkKeys.from_secrets(*changed).make_confirmation("offerer", b"a", b"b"))
    assert len(seen) == 5

"""Marks come in one number and size, so that they say nothing of how many contacts there are."""

from __future__ import annotations

import pytest

from p2pchat.errors import Malformed
from p2pchat.wire.codec import pack
from p2pchat.wire.control import decode, encode
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.marks import MARK_BYTES, MARKS, NONCE_BYTES, Marks

NONCE = b"n" * NONCE_BYTES
ALL = tuple(bytes([number]) * MARK_BYTES for number in range(MARKS))


def test_a_message_comes_back_equal_and_fits_a_frame() -> None:
    body = encode(Marks(NONCE, ALL))
    assert len(body) <= GEOMETRY.body
    assert decode(body) == Marks(NONCE, ALL)


@pytest.mark.parametrize(
    ("nonce", "marks"),
    [
        (NONCE, ALL[:-1]),
        (NONCE, (*ALL, ALL[0])),
        (NONCE, (*ALL[:-1], ALL[0][:-1])),
        (NONCE[:-1], ALL),
    ],
)
def test_another_number_or_size_is_none(nonce: bytes, marks: tuple[bytes, ...]) -> None:
    with pytest.raises(Malformed):
        Marks(nonce, marks)


@pytest.mark.parametrize(
    "size", [0, MARKS * MARK_BYTES - 1, MARKS * MARK_BYTES + 1, (MARKS - 1) * MARK_BYTES]
)
def test_what_is_cut_off_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        decode(pack({"t": 56, "nonce": NONCE, "marks": bytes(size)}))

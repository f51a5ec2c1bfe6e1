"""What neighbours say: known messages come back, later ones are a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.codec import pack
from p2pchat.wire.control import Bye, Control, Credit, Heartbeat, UnknownControl, decode, encode
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.marks import MARK_BYTES, MARKS, Marks

MARKED = Marks(b"n" * 16, tuple(bytes([at]) * MARK_BYTES for at in range(MARKS)))


@pytest.mark.parametrize(
    "message", [Heartbeat(0), Heartbeat(2**64 - 1), Bye(), Credit(2**64 - 1), MARKED, UnknownControl(15)]
)
def test_messages_come_back_equal(message: Control) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=40))
def test_any_bytes_are_malformed_or_a_message(data: bytes) -> None:
    try:
        message = decode(data)
    except Malformed:
        return
    assert decode(encode(message)) == message


def test_a_later_version_may_add_types_and_fields() -> None:
    assert decode(pack({"t": 300, "anything": [1, 2]})) == UnknownControl(300)
    assert decode(pack({"t": 2, "why": "sleep"})) == Bye()


@pytest.mark.parametrize(
    "fields",
    [
        *([], {}, {"t": "1"}, {"t": -1}, {"t": 1}, {"t": 1, "received": -1}),
        *(
            {"t": 56},
            {"t": 56, "nonce": bytes(16), "marks": b""},
            {"t": 56, "nonce": bytes(16), "marks": bytes(MARKS * MARK_BYTES - 1)},
            {"t": 56, "nonce": bytes(15), "marks": bytes(MARKS * MARK_BYTES)},
        ),
    ],
)
def test_what_is_no_message_is_malformed(fields: object) -> None:
    with pytest.raises(Malformed):
        decode(pack(fields))


def test_more_than_a_body_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode(pack({"t": 300, "x": bytes(GEOMETRY.body)}))

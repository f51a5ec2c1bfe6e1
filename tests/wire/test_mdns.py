"""What a node announces on its own network, and what it reads there."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.mdns import DATAGRAM_MAX, QUESTION, Announcement, concerns_us, decode, encode

HERE = ipaddress.IPv4Address("192.168.1.7")

MARKS = st.sampled_from((8, 16, 24, 32)).flatmap(
    lambda count: st.tuples(*[st.binary(min_size=16, max_size=16)] * count)
)
ANNOUNCEMENTS = st.builds(
    Announcement,
    nonce=st.binary(min_size=16, max_size=16),
    address=st.ip_addresses(v=4),
    port=st.integers(1, 65535),
    marks=MARKS,
    gone=st.booleans(),
)


@given(ANNOUNCEMENTS)
def test_what_is_written_is_read(said: Announcement) -> None:
    data = encode(said)
    assert decode(data) == said
    assert concerns_us(data)
    assert len(data) <= DATAGRAM_MAX


@given(ANNOUNCEMENTS, st.data())
def test_any_other_byte_is_another_announcement_or_none(said: Announcement, data: st.DataObject) -> None:
    encoded = bytearray(encode(said))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    try:
        other = decode(bytes(encoded))
    except Malformed:
        return
    assert other != said
    assert encode(other) == encoded


@given(st.binary(max_size=DATAGRAM_MAX))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data)


def test_a_question_is_one_of_ours_and_no_announcement() -> None:
    assert concerns_us(QUESTION)
    with pytest.raises(Malformed):
        decode(QUESTION)


def test_what_others_say_is_not_looked_at() -> None:
    assert not concerns_us(QUESTION.replace(b"_p2pchat", b"_printer"))
    assert not concerns_us(QUESTION + bytes(DATAGRAM_MAX))


@pytest.mark.parametrize(
    ("nonce", "port", "marks"),
    [
        (bytes(15), 1, (bytes(16),) * 8),
        (bytes(16), 0, (bytes(16),) * 8),
        (bytes(16), 65536, (bytes(16),) * 8),
        (bytes(16), 1, ()),
        (bytes(16), 1, (bytes(16),) * 7),
        (bytes(16), 1, (bytes(16),) * 40),
        (bytes(16), 1, (bytes(15),) * 8),
    ],
)
def test_there_is_no_announcement_of_another_shape(nonce: bytes, port: int, marks: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError):
        Announcement(nonce, HERE, port, marks)


def test_the_bytes_are_those_of_dns() -> None:
    """Four records under one header: a pointer, a service, a text, an address."""
    data = encode(Announcement(bytes(range(16)), HERE, 4660, (bytes(16),) * 8))
    label = b"\x20000102030405060708090a0b0c0d0e0f"
    service = b"\x08_p2pchat\x04_tcp\x05local\x00"
    assert data == (
        bytes.fromhex("0000 8400 0000 0004 0000 0000")
        + (service + bytes.fromhex("000c 0001 00000078 0036") + label + service)
        + (label + service + bytes.fromhex("0021 8001 00000078 002e 0000 0000 1234"))
        + (label + b"\x05local\x00")
        + (label + service + bytes.fromhex("0010 8001 00000078 0083 82") + b"m=" + bytes(128))
        + (label + b"\x05local\x00" + bytes.fromhex("0001 8001 00000078 0004 c0a80107"))
    )

"""Messages between a client and a rendezvous: fixed sizes, one meaning each way."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import Seat, Topic
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    MESSAGE_MAX,
    Blob,
    FromClient,
    FromServer,
    Gone,
    Hints,
    Leave,
    Login,
    Pass,
    Refusal,
    Seated,
    SeatMode,
    SeatRefused,
    Take,
    Welcome,
    decode_client,
    decode_server,
    encode_client,
    encode_server,
)
from p2pchat.wire.version import VERSION

TOPIC = Topic(b"t" * 32)
SEAT, OTHER = Seat(b"s" * 8), Seat(b"o" * 8)
BLOB = b"b" * BLOB_BYTES

LOGIN = Login(1_800_000_000, b"n" * 8, b"p" * 20)

CLIENT_SIZES: list[tuple[FromClient, int]] = [
    (Take(TOPIC, SeatMode.HOST), 34),
    (Leave(TOPIC), 33),
    (Pass(TOPIC, SEAT, BLOB), 2089),
]
SERVER_SIZES: list[tuple[FromServer, int]] = [
    (Welcome(VERSION), 2),
    (Seated(TOPIC, SEAT, ()), 90),
    (Seated(TOPIC, SEAT, (OTHER,)), 90),
    (SeatRefused(TOPIC, Refusal.BUSY), 34),
    (Blob(TOPIC, SEAT, BLOB), 2089),
    (Gone(TOPIC, SEAT), 41),
    (Hints(), 47),
    (Hints((8750, 3478), (3478,), (5349,), LOGIN), 47),
]

topics = st.binary(min_size=32, max_size=32).map(Topic)
seats = st.binary(min_size=8, max_size=8).map(Seat)
blobs = st.binary(min_size=BLOB_BYTES, max_size=BLOB_BYTES)
logins = st.builds(
    Login,
    st.integers(0, 2**64 - 1),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=20, max_size=20),
)


def ports(most: int, least: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, 65535), min_size=least, max_size=most, unique=True).map(tuple)


client_messages = st.one_of(
    st.builds(Take, topics, st.sampled_from(SeatMode)),
    st.builds(Leave, topics),
    st.builds(Pass, topics, seats, blobs),
)
server_messages = st.one_of(
    st.builds(Welcome, st.integers(0, 255)),
    st.lists(seats, min_size=1, max_size=7, unique=True).map(lambda s: Seated(TOPIC, s[0], tuple(s[1:]))),
    st.builds(SeatRefused, topics, st.sampled_from(Refusal)),
    st.builds(Blob, topics, seats, blobs),
    st.builds(Gone, topics, seats),
    st.builds(Hints, ports(2)),
    st.builds(Hints, ports(2), ports(2), ports(1, least=1), logins),
)


@pytest.mark.parametrize(("message", "size"), CLIENT_SIZES)
def test_each_client_message_has_one_size(message: FromClient, size: int) -> None:
    assert len(encode_client(message)) == size <= MESSAGE_MAX


@pytest.mark.parametrize(("message", "size"), SERVER_SIZES)
def test_each_server_message_has_one_size(message: FromServer, size: int) -> None:
    assert len(encode_server(message)) == size <= MESSAGE_MAX


def test_the_bytes_are_as_documented() -> None:
    assert encode_client(Take(TOPIC, SeatMode.GUEST)) == b"\x01" + TOPIC + b"\x02"
    assert encode_server(Seated(TOPIC, SEAT, (OTHER,))) == b"\x82" + TOPIC + SEAT + b"\x01" + OTHER + bytes(
        40
    )


@given(client_messages)
def test_client_messages_come_back_equal(message: FromClient) -> None:
    assert decode_client(encode_client(message)) == message


@given(server_messages)
def test_server_messages_come_back_equal(message: FromServer) -> None:
    assert decode_server(encode_server(message)) == message


@given(st.binary(max_size=100) | st.binary(min_size=MESSAGE_MAX, max_size=MESSAGE_MAX))
def test_any_bytes_are_malformed_or_the_encoding_of_what_they_parse_to(data: bytes) -> None:
    with suppress(Malformed):
        assert encode_client(decode_client(data)) == data
    with suppress(Malformed):
        assert encode_server(decode_server(data)) == data


@pytest.mark.parametrize(("message", "_size"), CLIENT_SIZES)
def test_a_byte_more_or_less_is_malformed(message: FromClient, _size: int) -> None:
    data = encode_client(message)
    for wrong in (data[:-1], data + b"\0"):
        with pytest.raises(Malformed):
            decode_client(wrong)


def test_a_message_that_runs_the_wrong_way_is_malformed() -> None:
    for message, _ in CLIENT_SIZES:
        with pytest.raises(Malformed):
            decode_server(encode_client(message))
    for answer, _ in SERVER_SIZES:
        with pytest.raises(Malformed):
            decode_client(encode_server(answer))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01" + TOPIC + b"\x03",
        b"\x83" + TOPIC + b"\x05",
        b"\x82" + TOPIC + SEAT + b"\x07" + bytes(48),
        b"\x82" + TOPIC + SEAT + b"\x00" + bytes(47) + b"\x01",
        b"\x82" + TOPIC + SEAT + b"\x02" + OTHER + OTHER + bytes(32),
        b"\x82" + TOPIC + SEAT + b"\x01" + SEAT + bytes(40),
        b"\x86" + bytes(2) + b"\x22\x2e" + bytes(42),
        b"\x86" + b"\x22\x2e" * 2 + bytes(42),
        b"\x86" + bytes(45) + b"p",
    ],
    ids=["empty", "mode", "reason", "count", "padding", "twice", "own seat", "gap", "same port", "login"],
)
def test_fields_outside_their_range_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_client(data)
    with pytest.raises(Malformed):
        decode_server(data)


def test_a_field_of_a_wrong_size_is_never_encoded() -> None:
    for message in (Leave(Topic(b"short")), Pass(TOPIC, SEAT, BLOB + b"!")):
        with pytest.raises(ValueError):
            encode_client(message)
    many = tuple(Seat(bytes([n]) * 8) for n in range(7))
    bad: list[FromServer] = [Welcome(256), Seated(TOPIC, SEAT, many), Seated(TOPIC, SEAT, (Seat(b"x"),))]
    bad += [Hints((1, 2, 3)), Hints((0,)), Hints((7, 7)), Hints(turn=(3478,)), Hints(login=LOGIN)]
    for answer in bad:
        with pytest.raises(ValueError):
            encode_server(answer)


def test_blobs_are_not_shown_when_a_message_is_printed() -> None:
    assert "b'" + "b" * 10 not in repr(Pass(TOPIC, SEAT, BLOB)) + repr(Blob(TOPIC, SEAT, BLOB))

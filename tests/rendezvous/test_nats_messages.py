"""Messages are cut out of what a NATS server sends, however it comes in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rendezvous.nats_messages import LINE_MAX, MESSAGE_BYTES_MAX, Cutter

LINES = [b"PING\r\n", b"PONG\r\n", b'INFO {"a": 1}\r\n', b"-ERR 'no'\r\n", b"+OK\r\n"]


def message(payload: bytes) -> bytes:
    return b"MSG p2pchat.x 1 %d\r\n%b\r\n" % (len(payload), payload)


def with_headers(payload: bytes) -> bytes:
    head = b"NATS/1.0\r\n\r\n"
    return b"HMSG p2pchat.x 1 %d %d\r\n%b%b\r\n" % (len(head), len(head) + len(payload), head, payload)


def cut(pieces: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    messages: list[bytes] = []
    rest: list[bytes] = []
    cutter = Cutter(messages.append, rest.append)
    for piece in pieces:
        cutter.feed_bytes(piece)
    return messages, rest


@given(
    st.lists(st.tuples(st.booleans(), st.binary(max_size=300), st.sampled_from(LINES)), max_size=20),
    st.lists(st.integers(1, 400), min_size=1),
)
def test_messages_and_lines_are_told_apart_wherever_a_read_ends(
    said: list[tuple[bool, bytes, bytes]], sizes: list[int]
) -> None:
    stream = b"".join(message(payload) if is_message else line for is_message, payload, line in said)
    pieces: list[bytes] = []
    at = 0
    while at < len(stream):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream[at : at + size])
        at += size
    messages, rest = cut(pieces)
    assert messages == [payload for is_message, payload, _ in said if is_message]
    assert rest == [line for is_message, _, line in said if not is_message]


def test_a_message_with_headers_is_handed_on_whole() -> None:
    odd = with_headers(b"MSG no.message 1 0\r\n\r\n")
    assert cut([odd[:30], odd[30:] + message(b"one")]) == ([b"one"], [odd])


def test_what_cannot_be_cut_is_handed_on_from_there() -> None:
    for odd in (
        b"MSG x 1 many\r\n",
        b"MSG x 1 %d\r\n" % (MESSAGE_BYTES_MAX + 1),
        b"x" * (LINE_MAX + 1),
    ):
        assert cut([message(b"one") + odd, message(b"two")]) == ([b"one"], [odd, message(b"two")])

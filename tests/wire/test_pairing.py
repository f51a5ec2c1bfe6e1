"""Pairing messages: all of one size, strict about names and addresses, since they come from strangers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed, OtherVersion
from p2pchat.types import Epoch
from p2pchat.wire.codec import length_prefixed, pack, strip_padding, unpack
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.pairing import (
    HELLO_MAX,
    WELCOME_MAX,
    Burnt,
    GuestBundle,
    HostBundle,
    PairingMessage,
    PairingWelcome,
    PakeConfirm,
    PakeReply,
    PakeStart,
    Speaks,
    check_nick,
    decode_pairing,
    encode_pairing,
)
from p2pchat.wire.version import VERSION

KEY = b"k" * 32
HOST = HostBundle("alice", KEY, KEY, b"e" * 1184, KEY, ("wss://meet.example.org",), Epoch(81_000))
GUEST = GuestBundle("bob", KEY, b"c" * 1088, b"o" * 200)
MESSAGES: list[PairingMessage] = [
    PakeStart(b"i" * 16, KEY),
    PakeReply(KEY),
    PakeConfirm(KEY),
    HOST,
    GUEST,
    PairingWelcome(b"o" * 100),
    Burnt(),
    Speaks(255),
]
LARGEST: list[PairingMessage] = [
    replace(HOST, nick="😀" * 64, rendezvous=("ws://" + "a" * 25,) * 8, epoch=Epoch(2**32 - 1)),
    replace(GUEST, nick="😀" * 64, olm=bytes(HELLO_MAX)),
    PairingWelcome(bytes(WELCOME_MAX)),
]


@pytest.mark.parametrize("message", MESSAGES + LARGEST)
def test_messages_come_back_equal_and_all_have_one_size(message: PairingMessage) -> None:
    data = encode_pairing(message)
    assert len(data) == GEOMETRY.blob_plain == 2008
    assert decode_pairing(data) == message


@given(st.binary(max_size=100).map(lambda data: length_prefixed(data, 2008)) | st.binary(max_size=100))
def test_any_bytes_are_malformed_or_a_message(data: bytes) -> None:
    try:
        message = decode_pairing(data)
    except Malformed:
        return
    assert encode_pairing(message) == data


@pytest.mark.parametrize("message", MESSAGES)
def test_a_byte_more_or_less_is_malformed(message: PairingMessage) -> None:
    data = encode_pairing(message)
    for wrong in (data[:-1], data + b"\0", data[:-1] + b"\1"):
        with pytest.raises(Malformed):
            decode_pairing(wrong)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {},
        {"t": 0},
        {"t": 9},
        {"t": 1, "v": VERSION, "sid": bytes(15), "share": KEY},
        {"t": 2, "v": VERSION, "share": KEY + b"k"},
        {"t": 1, "v": 256, "sid": bytes(16), "share": KEY},
        {"t": 8, "v": "2"},
        {"t": 3, "proof": KEY + b"k"},
        {"t": 5, "nick": "", "id": KEY, "ct": bytes(1088), "olm": b""},
        {"t": 5, "nick": "b\x1b[2Job", "id": KEY, "ct": bytes(1088), "olm": b""},
        {"t": 5, "nick": "bob", "id": KEY, "ct": bytes(1088), "olm": bytes(HELLO_MAX + 1)},
        {"t": 6, "olm": bytes(WELCOME_MAX + 1)},
        {"t": 6, "olm": "text"},
    ],
)
def test_what_is_no_message_is_malformed(fields: object) -> None:
    with pytest.raises(Malformed):
        decode_pairing(length_prefixed(pack(fields), 2008))


@pytest.mark.parametrize("first", [PakeStart(b"i" * 16, KEY), PakeReply(KEY)])
@pytest.mark.parametrize(("said", "version"), [({}, 1), ({"v": VERSION + 1}, VERSION + 1), ({"v": 0}, 0)])
def test_the_first_message_each_way_says_its_version_and_another_is_named(
    first: PairingMessage, said: dict[str, int], version: int
) -> None:
    fields = unpack(strip_padding(encode_pairing(first)), 2008)
    assert isinstance(fields, dict)
    assert fields.pop("v") == VERSION
    with pytest.raises(OtherVersion) as refused:
        decode_pairing(length_prefixed(pack({**fields, **said, "later": "anything"}), 2008))
    assert refused.value.version == version


@pytest.mark.parametrize("urls", [["http://a"], ["ws://a"] * 9, [7], ["ws://" + "a" * 120] * 2])
def test_a_bundle_with_unusable_addresses_is_malformed(urls: list[object]) -> None:
    fields = {"t": 4, "nick": "a", "id": KEY, "otk": KEY, "ek": bytes(1184), "mesh": KEY, "epoch": 1}
    assert isinstance(decode_pairing(length_prefixed(pack({**fields, "at": ["ws://a"]}), 2008)), HostBundle)
    with pytest.raises(Malformed):
        decode_pairing(length_prefixed(pack({**fields, "at": urls}), 2008))


@pytest.mark.parametrize(
    "nick", ["a", "x" * 64, "Zoë", "名前", "👩\u200d👩\u200d👧", "o'neil the 3rd", "a-x", "❤\ufe0f"]
)
def test_names_people_have(nick: str) -> None:
    check_nick(nick)


@pytest.mark.parametrize(
    "nick",
    [
        "",
        " ",
        "x" * 65,
        "a\n",
        " a",
        "a\tb",
        "a\x1bb",
        "a\x9bb",
        "a\x00b",
        "a\u202eb",
        "a\u2028b",
        "a\ud800b",
        "-x",
        "--help",
        "\u2800",
        "\u3164\u200d\ufe0f",
    ],
)
def test_names_that_could_disturb_a_terminal_or_pass_for_others(nick: str) -> None:
    with pytest.raises(Malformed, match="a name"):
        check_nick(nick)


def test_secrets_are_not_shown_by_accident() -> None:
    shown = repr(replace(HOST, mesh_secret=b"s" * 32))
    assert "sss" not in shown

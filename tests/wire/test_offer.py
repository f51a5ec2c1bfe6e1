"""Offers and answers: one size, with any content; never one taken for the other."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed, OtherVersion
from p2pchat.types import NodeId
from p2pchat.wire.codec import length_prefixed, pack, strip_padding, unpack
from p2pchat.wire.description import (
    CANDIDATES_MAX,
    CREDENTIAL_MAX,
    Candidate,
    Description,
    encode_description,
)
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.offer import (
    CAPABILITY_BITS,
    Answer,
    Decline,
    Offer,
    decode_offer,
    decode_reply,
    encode_offer,
    encode_reply,
)
from p2pchat.wire.version import VERSION

NODE, X25519, EK, CT = NodeId(b"n" * 8), b"x" * 32, b"e" * 1184, b"c" * 1088
HERE = Candidate("host", "udp", "192.0.2.1", 4000, 2130706431)
FAR = Candidate("relay", "tcp", "2001:db8::1", 65535, 2**32 - 1)
SMALL = Description("actpass", "ufra", "p" * 22, b"f" * 32, (HERE,))
LARGEST = Description(
    "active", "u" * CREDENTIAL_MAX, "p" * CREDENTIAL_MAX, b"f" * 32, (FAR,) * CANDIDATES_MAX
)


@pytest.mark.parametrize("description", [SMALL, LARGEST])
def test_offers_and_answers_come_back_equal_and_all_have_one_size(description: Description) -> None:
    offer, answer = Offer(NODE, X25519, EK, description), Answer(NODE, X25519, CT, description)
    assert len(encode_offer(offer)) == len(encode_reply(answer)) == GEOMETRY.blob_plain == 2008
    assert decode_offer(encode_offer(offer)) == offer
    assert decode_reply(encode_reply(answer)) == answer


def test_the_largest_have_room_for_every_capability_that_may_be_said() -> None:
    every = (1 << CAPABILITY_BITS) - 1
    offer = Offer(NODE, X25519, EK, LARGEST, True, True, every)
    answer = Answer(NODE, X25519, CT, LARGEST, every)
    assert decode_offer(encode_offer(offer)) == offer
    assert decode_reply(encode_reply(answer)) == answer


@pytest.mark.parametrize("said", [0, 1 << CAPABILITY_BITS, -1, True, b"1"])
def test_capabilities_are_said_in_one_way(said: object) -> None:
    fields = unpack(strip_padding(encode_offer(Offer(NODE, X25519, EK, SMALL))), GEOMETRY.blob_plain)
    assert isinstance(fields, dict)
    assert "c" not in fields
    with pytest.raises(Malformed):
        decode_offer(length_prefixed(pack({**fields, "c": said}), GEOMETRY.blob_plain))


@pytest.mark.parametrize("linked", [True, False])
def test_a_refusal_looks_like_an_answer_and_comes_back(linked: bool) -> None:
    data = encode_reply(Decline(NODE, linked))
    assert len(data) == GEOMETRY.blob_plain
    assert decode_reply(data) == Decline(NODE, linked)


def test_neither_is_taken_for_the_other() -> None:
    with pytest.raises(Malformed):
        decode_reply(encode_offer(Offer(NODE, X25519, EK, SMALL)))
    with pytest.raises(Malformed):
        decode_offer(encode_reply(Answer(NODE, X25519, CT, SMALL)))


@given(st.binary(max_size=100).map(lambda data: length_prefixed(data, 2008)) | st.binary(max_size=100))
def test_any_bytes_are_malformed(data: bytes) -> None:
    for decode in (decode_offer, decode_reply):
        with pytest.raises(Malformed):
            decode(data)


@pytest.mark.parametrize(
    "change",
    [
        {"node": bytes(7)},
        {"x": bytes(33)},
        {"ek": bytes(1183)},
        {"d": b""},
        {"d": bytes(2000)},
        {"t": 2},
        {"t": True},
        {"r": 1},
        {"a": None},
    ],
)
def test_what_is_no_offer_is_malformed(change: dict[str, object]) -> None:
    fields = {"t": 1, "v": VERSION, "node": NODE, "x": X25519, "ek": EK, "d": encode_description(SMALL)}
    fields |= {"r": False, "a": False}
    assert isinstance(decode_offer(length_prefixed(pack(fields), 2008)), Offer)
    with pytest.raises(Malformed):
        decode_offer(length_prefixed(pack({**fields, **change}), 4096)[:2008])


@pytest.mark.parametrize(("said", "version"), [({}, 1), ({"v": VERSION + 1}, VERSION + 1)])
@pytest.mark.parametrize(
    ("encoded", "decode"),
    [
        (encode_offer(Offer(NODE, X25519, EK, SMALL)), decode_offer),
        (encode_reply(Answer(NODE, X25519, CT, SMALL)), decode_reply),
        (encode_reply(Decline(NODE, linked=True)), decode_reply),
    ],
)
def test_each_says_its_version_and_another_is_named(
    encoded: bytes, decode: Callable[[bytes], object], said: dict[str, int], version: int
) -> None:
    fields = unpack(strip_padding(encoded), 2008)
    assert isinstance(fields, dict)
    assert fields.pop("v") == VERSION
    with pytest.raises(OtherVersion) as refused:
        decode(length_prefixed(pack({**fields, **said}), 2008))
    assert refused.value.version == version

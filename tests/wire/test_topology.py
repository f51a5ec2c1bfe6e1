"""Descriptors of the topology travel by the frameful, each of them a few hundred bytes at most."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import Epoch, HopId
from p2pchat.wire import control
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.topology import (
    DESCRIPTOR_MAX,
    LINKS_MAX,
    DescriptorRequest,
    Descriptors,
    NodeDescriptor,
    OwnDescriptor,
    batch_descriptors,
    decode_descriptor,
    encode_descriptor,
)

U32 = st.integers(0, 2**32 - 1)
descriptors = st.builds(
    NodeDescriptor,
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
    U32,
    U32,
    st.lists(st.binary(min_size=8, max_size=8), max_size=LINKS_MAX).map(tuple),
)


@given(descriptors)
def test_a_descriptor_comes_back_as_it_was(descriptor: NodeDescriptor) -> None:
    assert decode_descriptor(encode_descriptor(descriptor)) == descriptor


@given(st.binary(max_size=300))
def test_any_bytes_are_a_descriptor_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        assert encode_descriptor(decode_descriptor(data)) == data


def test_a_descriptor_has_a_most_of_links() -> None:
    with pytest.raises(Malformed):
        NodeDescriptor(bytes(32), bytes(32), Epoch(0), 0, (HopId(bytes(8)),) * (LINKS_MAX + 1))
    with pytest.raises(Malformed):
        decode_descriptor(bytes(72 + 8 * (LINKS_MAX + 1)))


def test_messages_come_back_as_they_were() -> None:
    for message in (
        OwnDescriptor(b"r" * 200, b"p" * 64),
        Descriptors(((4, b"a" * 136), (0, b"b" * DESCRIPTOR_MAX))),
        DescriptorRequest(Epoch(7)),
    ):
        assert control.decode(control.encode(message)) == message


@given(st.lists(st.integers(136, DESCRIPTOR_MAX), max_size=60))
def test_descriptors_are_parted_into_messages_that_fit(sizes: list[int]) -> None:
    items = [(4, bytes(size)) for size in sizes]
    messages = batch_descriptors(items)
    assert [each for message in messages for each in message.descriptors] == items
    assert all(len(control.encode(message)) <= GEOMETRY.body for message in messages)
    assert all(control.decode(control.encode(message)) == message for message in messages)


def test_lists_that_do_not_match_are_refused() -> None:
    from p2pchat.wire.codec import pack

    descriptor = b"r" * 136
    for bad in (
        {"t": 49, "hops": b"\x01\x02", "records": [descriptor]},
        {"t": 49, "hops": b"\x01", "records": [b"short"]},
        {"t": 49, "hops": b"\x01", "records": ["text"]},
        {"t": 48, "record": bytes(DESCRIPTOR_MAX + 1)},
        {"t": 50, "epoch": -1},
    ):
        with pytest.raises(Malformed):
            control.decode(pack(bad))

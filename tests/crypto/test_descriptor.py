"""A descriptor is good only with the signature of the key it names; nothing else is ever signed."""

from __future__ import annotations

import pytest

from p2pchat.crypto.descriptor import DescriptorKey, check_descriptor, check_link, id_of, read_descriptor
from p2pchat.errors import Malformed, Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch, HopId
from p2pchat.wire.topology import NodeDescriptor

KEY = DescriptorKey.generate(SeededEntropy(1))
RECORD = NodeDescriptor(KEY.public, b"o" * 32, Epoch(5), 1, (HopId(b"n" * 8),))
SIGNED = KEY.sign(RECORD)


def test_a_signed_descriptor_reads_and_checks() -> None:
    assert read_descriptor(SIGNED) == RECORD
    check_descriptor(SIGNED, RECORD)
    assert id_of(RECORD.verify_key) == KEY.id and len(KEY.id) == 8


@pytest.mark.parametrize("at", range(0, len(SIGNED), 7))
def test_any_flipped_bit_is_noticed(at: int) -> None:
    altered = bytearray(SIGNED)
    altered[at] ^= 1
    with pytest.raises(Unreadable):
        check_descriptor(bytes(altered), read_descriptor(bytes(altered)))


def test_another_keys_signature_does_not_do() -> None:
    with pytest.raises(Unreadable):
        check_descriptor(DescriptorKey.generate(SeededEntropy(2)).sign(RECORD), RECORD)


@pytest.mark.parametrize("size", [0, 64, 100, 1000])
def test_another_size_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        read_descriptor(bytes(size))


def test_a_link_is_vouched_for_by_its_own_end_alone() -> None:
    key, other = (DescriptorKey.generate(SeededEntropy(seed)) for seed in (1, 2))
    mine = read_descriptor(key.sign(NodeDescriptor(key.public, bytes(32), Epoch(7), 1, ())))
    check_link(b"l" * 32, mine, key.sign_binding(b"l" * 32))
    for proof in (key.sign_binding(b"m" * 32), other.sign_binding(b"l" * 32), bytes(64)):
        with pytest.raises(Unreadable):
            check_link(b"l" * 32, mine, proof)


@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31)])
def test_an_onion_key_of_low_order_is_none(point: bytes) -> None:
    signed = KEY.sign(NodeDescriptor(KEY.public, point, Epoch(5), 1, ()))
    with pytest.raises(Unreadable):
        check_descriptor(signed, read_descriptor(signed))

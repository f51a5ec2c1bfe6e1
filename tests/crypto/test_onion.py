"""An onion shows each hop the next one, and neither how long the way is nor where on it the hop stands."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.crypto import sphinx
from p2pchat.crypto.onion import SUITE, VERSION, Hop, HopCommand, OnionKey, Peeled, peel, wrap
from p2pchat.errors import Malformed, RefusedInput, Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId
from p2pchat.wire.geometry import GEOMETRY

KEYS = [OnionKey.generate(SeededEntropy(number)) for number in range(GEOMETRY.slots)]
HOPS = [Hop(HopId(bytes([number]) * 8), key.public) for number, key in enumerate(KEYS)]
CELL = bytes(range(256)) * 3 + bytes(157)
HEADER = GEOMETRY.onion - GEOMETRY.delta
LENGTHS = range(1, GEOMETRY.slots + 1)


def onion(hops: int, command: HopCommand = HopCommand.BROADCAST, seed: object = 0, delay: int = 0) -> bytes:
    return wrap(HOPS[:hops], command, CELL, SeededEntropy(seed), delay)


def journey(packet: bytes, hops: int) -> list[Peeled]:
    """What each hop makes of it."""
    done: list[Peeled] = []
    for key in KEYS[:hops]:
        done.append(peel(key, packet))
        packet = done[-1].packet
    return done


@pytest.mark.parametrize("hops", LENGTHS)
@pytest.mark.parametrize("command", [HopCommand.BROADCAST, HopCommand.LOOP])
def test_the_last_hop_gets_the_cell_and_each_other_the_next_hop(hops: int, command: HopCommand) -> None:
    *relays, last = journey(onion(hops, command, delay=2), hops)
    assert [(each.command, each.next) for each in relays] == [
        (HopCommand.FORWARD, hop.id) for hop in HOPS[1:hops]
    ]
    assert (last.command, last.payload) == (command, CELL)
    assert all(each.delay == 2 for each in (*relays, last))


@pytest.mark.parametrize("hops", LENGTHS)
def test_a_drop_ends_where_it_should(hops: int) -> None:
    last = journey(onion(hops, HopCommand.DROP), hops)[-1]
    assert last == Peeled(HopCommand.DROP, 0, last.replay)


@pytest.mark.parametrize("hops", LENGTHS)
def test_it_has_one_size_at_every_hop_and_no_part_twice(hops: int) -> None:
    packets = [onion(hops), *(each.packet for each in journey(onion(hops), hops)[:-1])]
    assert {len(packet) for packet in packets} == {GEOMETRY.onion}
    for before, after in pairwise(packets):
        parts = [before[at : at + 16] for at in range(1, GEOMETRY.onion - 16, 16)]
        assert not any(part in after for part in parts)


def test_no_bit_depends_on_the_position() -> None:
    """Among onions of all lengths, at all positions, each byte of what arrives is as good as random: the
    share of one bits is a half everywhere, within five standard deviations."""
    tries = 120
    for position in range(GEOMETRY.slots):
        ones = [0] * (8 * HEADER)
        seen = 0
        for hops in range(position + 1, GEOMETRY.slots + 1):
            for seed in range(tries // (GEOMETRY.slots - position)):
                packet = onion(hops, seed=(position, hops, seed))
                for key in KEYS[:position]:
                    packet = peel(key, packet).packet
                value = int.from_bytes(packet[:HEADER], "big")
                ones = [count + (value >> bit & 1) for bit, count in enumerate(ones)]
                seen += 1
        version, top = 8 * (HEADER - 1), 8 * (HEADER - 33) + 7  # bit 255 of an X25519 value is never set
        free = [count for bit, count in enumerate(ones) if bit < version and bit != top]
        assert all(abs(count - seen / 2) < 5 * (seen / 4) ** 0.5 for count in free)


@given(st.sampled_from(LENGTHS), st.integers(0, 8 * HEADER - 1), st.data())
@settings(max_examples=60)
def test_any_altered_bit_of_the_header_is_refused_at_once(hops: int, bit: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, hops - 1))
    packet = [onion(hops), *(each.packet for each in journey(onion(hops), hops)[:-1])][position]
    with pytest.raises(RefusedInput):
        peel(KEYS[position], flipped(packet, bit))


@given(st.sampled_from(LENGTHS), st.integers(8 * HEADER, 8 * GEOMETRY.onion - 1), st.data())
@settings(max_examples=60)
def test_any_altered_bit_of_the_payload_leaves_nothing_usable(
    hops: int, bit: int, data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, hops - 1))
    packet = [onion(hops), *(each.packet for each in journey(onion(hops), hops)[:-1])][position]
    packet = flipped(packet, bit)
    for key in KEYS[position : hops - 1]:
        packet = peel(key, packet).packet
    with pytest.raises(Unreadable, match="payload"):
        peel(KEYS[hops - 1], packet)


def test_the_unused_slots_are_random_and_never_zero() -> None:
    """What the last hop finds behind its own slot does not tell how long the way was."""
    for hops in LENGTHS:
        packet = onion(hops)
        for key in KEYS[: hops - 1]:
            packet = peel(key, packet).packet
        header = sphinx.Header(packet[1:33], packet[33:163], packet[163:179])
        _, slots = sphinx.open_slot(SUITE, KEYS[hops - 1].scalar, header, VERSION)
        rest = slots[2:]  # all but the command and the delay
        assert len(rest) == GEOMETRY.beta + GEOMETRY.slot - 2
        assert rest.count(0) < 12


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Unreadable):
        peel(KEYS[1], onion(3))


@pytest.mark.parametrize("packet", [b"", bytes(GEOMETRY.onion), b"\1" * (GEOMETRY.onion - 1)])
def test_what_is_no_onion_is_malformed(packet: bytes) -> None:
    with pytest.raises(Malformed):
        peel(KEYS[0], packet)


def test_a_point_of_low_order_is_refused() -> None:
    packet = onion(1)
    with pytest.raises(Unreadable):
        peel(KEYS[0], packet[:1] + bytes(32) + packet[33:])


@given(st.binary(min_size=GEOMETRY.onion - 1, max_size=GEOMETRY.onion - 1))
@settings(max_examples=30)
def test_any_bytes_are_refused_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(RefusedInput):
        peel(KEYS[0], b"\1" + data)


def test_a_repeated_packet_has_the_same_tag_and_another_one_another() -> None:
    once, again, other = (peel(KEYS[0], onion(3, seed=seed)) for seed in (1, 1, 2))
    assert once.replay == again.replay != other.replay
    assert len(once.replay) == 16


def test_equal_entropy_gives_equal_onions() -> None:
    assert onion(4, seed=9) == onion(4, seed=9) != onion(4, seed=10)


@pytest.mark.parametrize(("hops", "payload"), [(0, CELL), (6, CELL), (1, b"short")])
def test_what_does_not_fit_is_the_callers_mistake(hops: int, payload: bytes) -> None:
    with pytest.raises(ValueError, match="a path of"):
        wrap((HOPS * 2)[:hops], HopCommand.BROADCAST, payload, SeededEntropy(0))


def test_a_hop_whose_key_is_none_is_refused() -> None:
    with pytest.raises(Unreadable):
        wrap([Hop(HopId(b"x" * 8), bytes(32))], HopCommand.BROADCAST, CELL, SeededEntropy(0))


def flipped(packet: bytes, bit: int) -> bytes:
    altered = bytearray(packet)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)

"""The recording of a line reads packets rightly, and its test of times finds real differences and no
others."""

from __future__ import annotations

import random
import socket
import struct

import pytest

from scripts.bench import _line as line
from scripts.bench._line import ACKNOWLEDGEMENT, DATA, FRAME_DATAGRAM, Datagram
from scripts.bench._twosample import GRID, ROUNDS, counts, p_value, unprompted


def record(kind: int, size: int) -> bytes:
    """A DTLS 1.2 record of ``size`` bytes in all."""
    return struct.pack("!BHHIHH", kind, 0xFEFD, 1, 0, 0, size - 13) + bytes(size - 13)


def packet(payload: bytes, protocol: int = socket.IPPROTO_UDP) -> bytes:
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, protocol, 0, bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))
    )
    return header + struct.pack("!HHHH", 1111, 2222, 8 + len(payload), 0) + payload


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"\0\1" + bytes(18), line.STUN),
        (record(22, 100), line.DTLS),
        (record(21, 50), line.DTLS),
        (record(23, FRAME_DATAGRAM), line.DATA),
        (record(23, 65) + record(23, 65), line.OTHER),
        (record(23, 65)[:-1], line.OTHER),
        (b"\x17", line.DTLS),
        (b"\x80 media", line.OTHER),
        (b"", line.OTHER),
    ],
)
def test_datagrams_are_told_apart_by_what_is_not_encrypted(payload: bytes, kind: str) -> None:
    seen = line.read(packet(payload), outgoing=True, at=1.5)
    assert seen == Datagram(1.5, True, kind, len(payload), "1111-2222-10.0.0.1-10.0.0.2")


def test_both_directions_of_a_link_are_one_flow() -> None:
    there = line.read(packet(record(23, 65)), outgoing=True, at=0.0)
    answer = bytearray(packet(record(23, 65)))
    answer[12:16], answer[16:20] = answer[16:20], answer[12:16]
    answer[20:22], answer[22:24] = answer[22:24], answer[20:22]
    back = line.read(bytes(answer), outgoing=False, at=0.0)
    assert there is not None and back is not None
    assert there.flow == back.flow


@pytest.mark.parametrize("other", [b"", b"\x45", bytes((0x60,)) + bytes(60)])
def test_what_is_no_ipv4_is_left_out(other: bytes) -> None:
    assert line.read(other, outgoing=True, at=0.0) is None


def test_tcp_is_counted_whole() -> None:
    whole = packet(b"data", socket.IPPROTO_TCP)
    assert line.read(whole, False, 0.0) == Datagram(0.0, False, line.TCP, len(whole), "10.0.0.1-10.0.0.2")


def link(*sizes: int, flow: str = "a") -> list[Datagram]:
    """Datagrams to and fro, a second apart; negative sizes come in."""
    return [Datagram(float(at), size > 0, DATA, abs(size), flow) for at, size in enumerate(sizes)]


SOUND = (53, -109, FRAME_DATAGRAM, -65, -FRAME_DATAGRAM, 65, FRAME_DATAGRAM, -69, 77)


def test_a_link_is_judged_while_it_carries_frames() -> None:
    found = line.sizes(link(*SOUND))
    assert found["sizes_set_up"] == {53: 1, 65: 1, 109: 1, FRAME_DATAGRAM: 1}
    assert found["sizes_frames"] == {65: 1, FRAME_DATAGRAM: 2}
    assert found["sizes_end"] == {69: 1, 77: 1}
    assert found["one_size"]


@pytest.mark.parametrize("odd", [100, 66, ACKNOWLEDGEMENT - 4, FRAME_DATAGRAM - 4, FRAME_DATAGRAM + 4, 600])
def test_another_size_is_noticed(odd: int) -> None:
    assert not line.sizes(link(FRAME_DATAGRAM, -FRAME_DATAGRAM, odd, FRAME_DATAGRAM))["one_size"]


def test_acknowledgements_may_report_gaps() -> None:
    assert line.sizes(link(FRAME_DATAGRAM, -FRAME_DATAGRAM, -69, FRAME_DATAGRAM))["one_size"]


def test_a_line_without_frames_shows_nothing_and_proves_nothing() -> None:
    assert not line.sizes(link(53, -65))["one_size"]
    assert not line.sizes([])["one_size"]


def test_counts_are_of_what_comes_after_the_moment() -> None:
    assert counts([0.9, 1.0, 1.01, 1.04, 1.6, 9.0], 1.0, 0.75) == [0, 1, 1, 2, 2, 2, 2, 2, 3]
    assert len(counts([], 0.0, 8.0)) == len(GRID)


@pytest.mark.parametrize(
    ("leaving", "coming", "expected"),
    [
        ([1.1, 1.2, 1.4], [1.3], 2),
        ([0.9, 1.4], [1.3], 0),
        ([1.1, 2.5], [0.9], 1),
        ([1.1], [], 1),
        ([], [], 0),
    ],
)
def test_what_leaves_before_anything_comes_was_begun_here(
    leaving: list[float], coming: list[float], expected: int
) -> None:
    assert unprompted(leaving, coming, 1.0, 1.0) == expected


def windows(seed: int, count: int, extra_at: float | None = None) -> list[list[int]]:
    """A line with six frames a second; at each moment, perhaps one more frame a while later."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        times = [rng.uniform(0.0, 8.0) for _ in range(48)]
        if extra_at is not None:
            times += [extra_at, extra_at]
        found.append(counts(sorted(times), 0.0, 8.0))
    return found


def test_haste_is_found_in_a_busy_line() -> None:
    assert p_value(windows(1, 40), windows(2, 40, extra_at=0.03)) < 0.01


def test_nothing_is_found_where_nothing_is() -> None:
    """Of twenty tests of nothing, about a fifth fall below a fifth; hardly ever half."""
    found = [p_value(windows(seed, 10), windows(seed + 100, 10), rounds=999) for seed in range(20)]
    assert sum(p < 0.2 for p in found) <= 9
    assert min(found) > 0.001


def test_windows_that_are_all_alike_tell_nothing() -> None:
    assert p_value([[1, 2]] * 5, [[1, 2]] * 5) == 1.0


def test_no_p_value_is_smaller_than_the_rounds_allow() -> None:
    assert p_value([[0]] * 30, [[9]] * 30) == 1 / (ROUNDS + 1)

"""One machine's line as an observer sees it: datagrams with their sizes and times.

Knows: packet sockets, and the outer bytes of IP, UDP, STUN and DTLS. Does not know: keys, or which member
writes when.

Run by itself, ``_line.py DEVICE`` prints what passes on a device, one JSON list a line.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Any, Final, NamedTuple

from p2pchat.wire.geometry import GEOMETRY

SCTP_BYTES: Final = 12 + 16
"""Common header, and the header of a DATA chunk (RFC 9260)."""
DTLS_BYTES: Final = 13 + 8 + 16
"""Record header, explicit nonce and tag of AES-GCM (RFC 5288, 6347)."""
FRAME_DATAGRAM: Final = GEOMETRY.frame + SCTP_BYTES + DTLS_BYTES
ACKNOWLEDGEMENT: Final = 12 + 16 + DTLS_BYTES
"""A SACK that reports no gap; each gap or duplicate adds 4."""
ACKNOWLEDGEMENT_MAX: Final = ACKNOWLEDGEMENT + 4 * 16

DATA, DTLS, STUN, TCP, OTHER = "data", "dtls", "stun", "tcp", "other"

_SO_TIMESTAMPNS: Final = 35
_ETH_P_ALL: Final = 3
_OUTGOING: Final = 4
_APPLICATION_DATA: Final = 23
_PROTOCOLS: Final = {6: TCP, 17: "udp"}


class Datagram(NamedTuple):
    """One packet, without its content."""

    at: float
    """Seconds since 1970, by the kernel's clock."""
    outgoing: bool
    kind: str
    size: int
    """Bytes of UDP payload; of TCP, of the whole packet."""
    flow: str
    """The two ends."""


def read(packet: bytes, outgoing: bool, at: float) -> Datagram | None:
    """Read the head of an IPv4 packet; None of any other."""
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return None
    header = (packet[0] & 15) * 4
    protocol = _PROTOCOLS.get(packet[9], OTHER)
    ends = sorted(f"{IPv4Address(packet[place : place + 4])}" for place in (12, 16))
    if protocol != "udp" or len(packet) < header + 8:
        return Datagram(at, outgoing, protocol, len(packet), "-".join(ends))
    source, target, length = struct.unpack_from("!HHH", packet, header)
    payload = packet[header + 8 : header + length]
    near, far = (source, target) if outgoing else (target, source)
    return Datagram(at, outgoing, kind_of(payload), len(payload), f"{near}-{far}-{'-'.join(ends)}")


def kind_of(payload: bytes) -> str:
    """By the first byte (RFC 7983); data is exactly one DTLS record of application data."""
    if not payload:
        return OTHER
    if payload[0] < 4:
        return STUN
    if payload[0] == _APPLICATION_DATA and len(payload) >= 13:
        (length,) = struct.unpack_from("!H", payload, 11)
        return DATA if length + 13 == len(payload) else OTHER
    return DTLS if 20 <= payload[0] < 64 else OTHER


def sizes(seen: Iterable[Datagram]) -> dict[str, Any]:
    """Histograms of data datagrams: while a link is made, while it carries frames, while it ends.

    A link carries frames from the first in each direction to the last in either. ``one_size``: in that time
    there is nothing but frames of one size and SCTP's acknowledgements.
    """
    flows: dict[str, list[Datagram]] = defaultdict(list)
    kinds: Counter[str] = Counter()
    for each in seen:
        kinds[each.kind] += 1
        if each.kind == DATA:
            flows[each.flow].append(each)
    parts: dict[str, Counter[int]] = {"set_up": Counter(), "frames": Counter(), "end": Counter()}
    for flow in flows.values():
        for part, each in _parts(flow):
            parts[part][each.size] += 1
    steady = parts["frames"]
    return {
        "kinds": dict(kinds),
        "links": len(flows),
        **{f"sizes_{name}": dict(sorted(count.items())) for name, count in parts.items()},
        "one_size": steady[FRAME_DATAGRAM] > 0 and all(_expected(size) for size in steady),
    }


def _parts(flow: list[Datagram]) -> Iterator[tuple[str, Datagram]]:
    frames = [each for each in flow if each.size == FRAME_DATAGRAM]
    starts = [next((each.at for each in frames if each.outgoing is way), None) for way in (True, False)]
    begin = max((at for at in starts if at is not None), default=0.0) if None not in starts else float("inf")
    end = frames[-1].at if frames else 0.0
    for each in flow:
        yield ("set_up" if each.at < begin else "frames" if each.at <= end else "end"), each


def _expected(size: int) -> bool:
    gaps = size - ACKNOWLEDGEMENT
    return size == FRAME_DATAGRAM or (0 <= gaps <= ACKNOWLEDGEMENT_MAX - ACKNOWLEDGEMENT and gaps % 4 == 0)


def listen(device: str) -> Iterator[Datagram]:
    """Every IPv4 packet on a device, for ever. Raises PermissionError without the right to look."""
    line = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
    line.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    line.bind((device, _ETH_P_ALL))
    print(json.dumps("listening"), flush=True)
    while True:
        packet, extra, _, address = line.recvmsg(1 << 16, 64)
        seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
        seen = read(packet, address[2] == _OUTGOING, seconds + nanoseconds / 1e9)
        if seen is not None:
            yield seen


if __name__ == "__main__":
    for each in listen(sys.argv[1]):
        print(json.dumps(each), flush=True)

"""How a node announces itself on its own network: DNS-SD over multicast DNS (RFC 6762, RFC 6763).

Knows: the bytes of one question and of one kind of answer. Does not know: what a mark proves, or any socket.

What is written is what any browser of services can show. What is read is this alone, byte for byte: no name
is followed, nothing is put together, and what other machines of the network say is not looked at.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import field
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed

GROUP: Final = "224.0.0.251"
PORT: Final = 5353
HOPS: Final = 255
"""Of a datagram (RFC 6762, section 11); routers never forward this group."""

NONCE_BYTES: Final = 16
MARK_BYTES: Final = 16

MARKS_STEP: Final = 8
MARKS_MAX: Final = 32
"""Marks are told in eights, so that their number says less."""

TTL_S: Final = 120
"""How long an announcement counts unless it is said again (RFC 6762, section 10: with a host's name)."""

DATAGRAM_MAX: Final = 1024
"""Bytes; the longest announcement has fewer."""

_HEAD: Final = struct.Struct("!HHHHHH")
_RECORD: Final = struct.Struct("!HHIH")
_SERVICE: Final = struct.Struct("!HHH")

_TYPE: Final = b"\x08_p2pchat\x04_tcp\x05local\x00"
_LOCAL: Final = b"\x05local\x00"
_A, _PTR, _TXT, _SRV = 1, 12, 16, 33
_SHARED: Final = 1
_OWN: Final = 0x8001
"""The class Internet; with the bit by which what others have kept under the name is dropped."""

_ANSWER: Final = 0x8400

QUESTION: Final = _HEAD.pack(0, 0, 1, 0, 0, 0) + _TYPE + struct.pack("!HH", _PTR, _SHARED)
"""Which nodes are there?"""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A node listens at a port of the address that says so. Raises ValueError on other sizes."""

    nonce: bytes
    """16 bytes, and in hexadecimal digits all the names there are."""
    address: ipaddress.IPv4Address
    port: int
    marks: tuple[bytes, ...] = field(repr=False)
    """8, 16, 24 or 32, of 16 bytes each; most of them may be random."""
    gone: bool = False
    """It is taken back."""

    def __post_init__(self) -> None:
        if len(self.nonce) != NONCE_BYTES or not 0 < self.port < 1 << 16:
            raise ValueError("a nonce has 16 bytes, a port two")
        if not 0 < len(self.marks) <= MARKS_MAX or len(self.marks) % MARKS_STEP:
            raise ValueError("marks come in eights")
        if any(len(mark) != MARK_BYTES for mark in self.marks):
            raise ValueError("a mark has 16 bytes")


def concerns_us(data: bytes) -> bool:
    """Whether it may be one of ours: cheap, for most of what is said on a network is not."""
    return len(data) <= DATAGRAM_MAX and _TYPE in data


def encode(announcement: Announcement) -> bytes:
    """Encode to at most ``DATAGRAM_MAX`` bytes."""
    label = bytes([2 * NONCE_BYTES]) + announcement.nonce.hex().encode()
    instance, host = label + _TYPE, label + _LOCAL
    ttl = 0 if announcement.gone else TTL_S
    groups = (
        announcement.marks[at : at + MARKS_STEP] for at in range(0, len(announcement.marks), MARKS_STEP)
    )
    texts = (b"m=" + b"".join(group) for group in groups)
    text = b"".join(bytes([len(string)]) + string for string in texts)
    return b"".join(
        (
            _HEAD.pack(0, _ANSWER, 0, 4, 0, 0),
            _record(_TYPE, _PTR, _SHARED, ttl, instance),
            _record(instance, _SRV, _OWN, ttl, _SERVICE.pack(0, 0, announcement.port) + host),
            _record(instance, _TXT, _OWN, ttl, text),
            _record(host, _A, _OWN, ttl, announcement.address.packed),
        )
    )


def _record(name: bytes, kind: int, of: int, ttl: int, data: bytes) -> bytes:
    return name + _RECORD.pack(kind, of, ttl, len(data)) + data


_NONCE_AT: Final = _HEAD.size + len(_TYPE) + _RECORD.size + 1
_TTL_AT: Final = _HEAD.size + len(_TYPE) + 4
_INSTANCE: Final = 1 + 2 * NONCE_BYTES + len(_TYPE)
_PORT_AT: Final = _NONCE_AT - 1 + 2 * _INSTANCE + _RECORD.size + 4
_HOST: Final = 1 + 2 * NONCE_BYTES + len(_LOCAL)
_TEXT_AT: Final = _PORT_AT + 2 + _HOST + _INSTANCE + _RECORD.size
_TAIL: Final = _HOST + _RECORD.size + 4
_GROUP: Final = 1 + 2 + MARKS_STEP * MARK_BYTES


def decode(data: bytes) -> Announcement:
    """Read what ``encode`` writes and nothing else. Raises Malformed."""
    groups, rest = divmod(len(data) - _TEXT_AT - _TAIL, _GROUP)
    if rest or not 0 < groups <= MARKS_MAX // MARKS_STEP:
        raise Malformed("no announcement has this length")
    texts = (data[at + 3 : at + _GROUP] for at in range(_TEXT_AT, len(data) - _TAIL, _GROUP))
    marks = b"".join(texts)
    try:
        announcement = Announcement(
            bytes.fromhex(data[_NONCE_AT : _NONCE_AT + 2 * NONCE_BYTES].decode()),
            ipaddress.IPv4Address(data[-4:]),
            int.from_bytes(data[_PORT_AT : _PORT_AT + 2], "big"),
            tuple(marks[at : at + MARK_BYTES] for at in range(0, len(marks), MARK_BYTES)),
            gone=not any(data[_TTL_AT : _TTL_AT + 4]),
        )
    except ValueError as error:  # UnicodeDecodeError is one
        raise Malformed("not an announcement") from error
    if encode(announcement) != data:
        raise Malformed("not the one encoding of an announcement")
    return announcement

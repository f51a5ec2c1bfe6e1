"""A compact session description: all that two engines need of each other's SDP.

Knows: the fields and their bytes. Does not know: SDP text (``sdp``), or engines.

::

    setup 1 | NAT 1 | fingerprint 32 | ufrag length 1, ufrag | pwd length 1, pwd | count of candidates 1
    each candidate: kind and protocol 1 | family and address 1 + 4 or 16 | port 2 | priority 4
"""

from __future__ import annotations

import re
from enum import IntEnum
from ipaddress import ip_address
from typing import Final, Literal, TypeVar, get_args

from p2pchat.data import dataclass
from p2pchat.errors import Malformed

FINGERPRINT_BYTES: Final = 32
CANDIDATES_MAX: Final = 24
"""IPv6 candidates take 24 bytes each; so many fit beside the keys of an offer, and more would only slow ICE
down."""

CREDENTIAL_MAX: Final = 64
"""ICE user fragment or password; engines use 4 and 22 characters (RFC 8839 allows 256)."""

CandidateKind = Literal["host", "srflx", "relay"]
Protocol = Literal["udp", "tcp"]
Setup = Literal["actpass", "active", "passive"]

_T = TypeVar("_T")

_KINDS: Final[tuple[CandidateKind, ...]] = get_args(CandidateKind)
_PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)
_SETUPS: Final[tuple[Setup, ...]] = get_args(Setup)
_ICE_CHARS: Final = re.compile(r"[A-Za-z0-9+/]+")


class Nat(IntEnum):
    """What one end knows of the way from itself to others over UDP, by what STUN servers answered."""

    UNKNOWN = 0
    """None was asked."""
    OPEN = 1
    """It has the address by which others see it."""
    CONE = 2
    """Behind a NAT that uses one port for all destinations (RFC 4787: endpoint-independent mapping)."""
    SYMMETRIC = 3
    """Behind one that uses another port for each destination."""
    SOME = 4
    """Behind a NAT of any kind: a single server answered."""
    BLOCKED = 5
    """No server answered: UDP does not get out, or all of them are down."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One address at which an engine may be reached. Raises Malformed on what is none."""

    kind: CandidateKind
    protocol: Protocol
    address: str
    """Numeric IPv4 or IPv6, in its normal form."""
    port: int
    priority: int
    """32 bits, RFC 8445 section 5.1.2."""

    def __post_init__(self) -> None:
        try:
            normal = str(ip_address(self.address))
        except ValueError as error:
            raise Malformed("a candidate without a numeric address") from error
        if normal != self.address or self.kind not in _KINDS or self.protocol not in _PROTOCOLS:
            raise Malformed("not a candidate")
        if not (1 <= self.port <= 0xFFFF and 0 <= self.priority <= 0xFFFF_FFFF):
            raise Malformed("a candidate's port or priority is out of range")


@dataclass(frozen=True, slots=True)
class Description:
    """One side of a session. Raises Malformed on what engines would not take."""

    setup: Setup
    ufrag: str
    pwd: str
    fingerprint: bytes
    """SHA-256 of the DTLS certificate, 32 bytes."""
    candidates: tuple[Candidate, ...]
    nat: Nat = Nat.UNKNOWN

    def __post_init__(self) -> None:
        if self.setup not in _SETUPS or len(self.fingerprint) != FINGERPRINT_BYTES:
            raise Malformed("not a session description")
        if len(self.candidates) > CANDIDATES_MAX:
            raise Malformed(f"more than {CANDIDATES_MAX} candidates")
        for credential in (self.ufrag, self.pwd):
            if len(credential) > CREDENTIAL_MAX or not _ICE_CHARS.fullmatch(credential):
                raise Malformed("not an ICE credential")


def encode_description(description: Description) -> bytes:
    """About 71 bytes and 12 for each IPv4 candidate, 24 for each IPv6 one."""
    parts = [bytes([_SETUPS.index(description.setup), description.nat]), description.fingerprint]
    parts += [_short(description.ufrag.encode()), _short(description.pwd.encode())]
    parts += [bytes([len(description.candidates)]), *map(_encode_candidate, description.candidates)]
    return b"".join(parts)


def decode_description(data: bytes) -> Description:
    """Undo ``encode_description``. Raises Malformed."""
    reader = _Cursor(data)
    setup, nat = _member(_SETUPS, reader.take_byte()), _member(tuple(Nat), reader.take_byte())
    fingerprint = reader.take_bytes(FINGERPRINT_BYTES)
    ufrag, pwd = reader.take_text(), reader.take_text()
    candidates = tuple(_decode_candidate(reader) for _ in range(reader.take_byte()))
    reader.expect_end()
    return Description(setup, ufrag, pwd, fingerprint, candidates, nat)


def _encode_candidate(candidate: Candidate) -> bytes:
    address = ip_address(candidate.address).packed
    kind = _KINDS.index(candidate.kind) << 1 | _PROTOCOLS.index(candidate.protocol)
    return (
        bytes([kind, len(address)])
        + address
        + candidate.port.to_bytes(2, "big")
        + candidate.priority.to_bytes(4, "big")
    )


def _decode_candidate(reader: _Cursor) -> Candidate:
    kind = reader.take_byte()
    size = reader.take_byte()
    if size not in (4, 16):
        raise Malformed("an address of another size")
    address = str(ip_address(reader.take_bytes(size)))
    port, priority = int.from_bytes(reader.take_bytes(2), "big"), int.from_bytes(reader.take_bytes(4), "big")
    return Candidate(_member(_KINDS, kind >> 1), _member(_PROTOCOLS, kind & 1), address, port, priority)


class _Cursor:
    """Reads on through bytes; Malformed where they end too soon or too late."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take_bytes(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        if len(piece) != size:
            raise Malformed("a description that ends too soon")
        self._at += size
        return piece

    def take_byte(self) -> int:
        return self.take_bytes(1)[0]

    def take_text(self) -> str:
        try:
            return self.take_bytes(self.take_byte()).decode("ascii")
        except UnicodeDecodeError as error:
            raise Malformed("not an ICE credential") from error

    def expect_end(self) -> None:
        if self._at != len(self._data):
            raise Malformed("a description with something behind it")


def _short(data: bytes) -> bytes:
    return bytes([len(data)]) + data


def _member(names: tuple[_T, ...], index: int) -> _T:
    if index >= len(names):
        raise Malformed("not a session description")
    return names[index]

"""Cells of rooms: where a member wrote in which period, fragments, and the head of a message.

Knows: the layouts and their limits. Does not know: keys, hashes, the members.

::

    tag    r 8 | PRF 8                                                                             16 bytes
    box    place 11, masked | SIV 16 | sealed fragment                                            897
    place  period 8 | sender 1 | index 2
    fragment  kind 1 | at 1 | count 1 | length 2 | hash of the next 16 | data, zero-padded to 849     870
    head   number 4 | length 2, heads | count 1, parents 12 each | hash of the parents 32, if any |
           digest of the payload 32, if of several cells | MACs 8 each

A pair's cell has the same size, and nothing in it is in clear but the epoch, as here.
"""

from __future__ import annotations

import struct
from dataclasses import field
from enum import IntEnum
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.wire.codec import unpad
from p2pchat.wire.fragment import COUNT_MAX
from p2pchat.wire.geometry import GEOMETRY

MEMBERS_MAX: Final = 50
"""Members of a room: 49 MACs of a message, and what it says, fit its first cell."""

MEMBER_BYTES: Final = 32
PERIOD_BYTES: Final = 32
PERIOD_NAME_BYTES: Final = 8
"""Of a period's id, in cells: a member that searches 2⁶⁴ commits for two of one name spoils its own."""

NONCE_BYTES: Final = 8
"""``r`` of a tag: it never comes twice by accident in what one tag key serves for."""

CHAIN_CELLS: Final = 1024
"""Cells of one member in one period: ten of the longest texts. All keys of a chain can therefore be made in a
millisecond, in any order of its cells."""

INDEX_MAX: Final = 2**16 - 1

HEADS_BYTES_MAX: Final = 8 * 32
"""The log's heads: eight entries."""

PARENTS_MAX: Final = 4
SENDER_NAME_BYTES: Final = 8
"""Of a parent's sender: the parents' hash pins the rest."""

DIGEST_BYTES: Final = 32
MESSAGE_MAC_BYTES: Final = 8
NUMBER_MAX: Final = 2**32 - 1

_PLACE: Final = struct.Struct(f">{PERIOD_NAME_BYTES}sBH")
_FRAGMENT: Final = struct.Struct(">BBBH16s")
_PARENT: Final = struct.Struct(f">{SENDER_NAME_BYTES}sI")

PLACE_BYTES: Final = _PLACE.size
LINK_BYTES: Final = 16
"""Of the hash of the next fragment's plaintext; zeros in the last one."""

NO_LINK: Final = bytes(LINK_BYTES)
ROOM_PLAIN: Final = GEOMETRY.box - PLACE_BYTES - GEOMETRY.mac
ROOM_DATA: Final = ROOM_PLAIN - _FRAGMENT.size
ROOM_PAYLOAD_LIMIT: Final = (COUNT_MAX - 1) * ROOM_DATA
"""Bytes of one payload: the first cell is left to the head."""


class RoomKind(IntEnum):
    """What is said in a room."""

    MESSAGE = 0
    """Numbered, for people; has parents."""
    WORD = 1
    """What members' nodes say to all: frontiers, asks. Has no number."""
    COMMIT = 2
    """Begins a period (``room_commits``)."""
    ENTRY = 3
    """Of the membership log; it has MACs of its own."""
    SHARE = 4
    """An ML-KEM ciphertext for one member (``room_commits``)."""
    LETTER = 5
    """For one member alone, under the pair's key (``room_letters``)."""


@dataclass(frozen=True, slots=True)
class RoomPlace:
    """Where a cell stands. Raises Malformed."""

    period: bytes
    """The name, ``PERIOD_NAME_BYTES``."""
    sender: int
    """Among the period's members in order of their ids."""
    index: int
    """In the sender's chain, below ``CHAIN_CELLS``; beyond, to ``INDEX_MAX``, in a letter for one member."""

    def __post_init__(self) -> None:
        if len(self.period) != PERIOD_NAME_BYTES:
            raise Malformed("the name of a period of another size")
        if not (0 <= self.sender < MEMBERS_MAX and 0 <= self.index <= INDEX_MAX):
            raise Malformed(f"cell {self.index} of member {self.sender}")


def encode_place(place: RoomPlace) -> bytes:
    """Return ``PLACE_BYTES``."""
    return _PLACE.pack(place.period, place.sender, place.index)


def decode_place(data: bytes) -> RoomPlace:
    """Undo ``encode_place``. Raises Malformed."""
    if len(data) != PLACE_BYTES:
        raise Malformed(f"a place of {len(data)} bytes")
    return RoomPlace(*_PLACE.unpack(data))


@dataclass(frozen=True, slots=True)
class RoomFragment:
    """One piece. Raises Malformed on what cannot be one."""

    kind: RoomKind
    at: int
    """Of this piece, below ``count``."""
    count: int
    """1 to ``COUNT_MAX``."""
    link: bytes
    """The hash of the next piece's plaintext, ``LINK_BYTES``; zeros in the last one, and only there."""
    data: bytes = field(repr=False)
    """``ROOM_DATA`` bytes; the last piece may have fewer."""

    def __post_init__(self) -> None:
        if not (1 <= self.count <= COUNT_MAX and 0 <= self.at < self.count):
            raise Malformed(f"fragment {self.at} of {self.count}")
        last = self.at == self.count - 1
        if len(self.link) != LINK_BYTES or (self.link == NO_LINK) != last:
            raise Malformed("a fragment that does not say what follows")
        if len(self.data) > ROOM_DATA or (len(self.data) < ROOM_DATA and not last):
            raise Malformed(f"a fragment with {len(self.data)} bytes of data")


def encode_room_fragment(fragment: RoomFragment) -> bytes:
    """Return ``ROOM_PLAIN`` bytes, ready to be sealed."""
    size = len(fragment.data)
    header = _FRAGMENT.pack(fragment.kind, fragment.at, fragment.count, size, fragment.link)
    return header + fragment.data.ljust(ROOM_DATA, b"\0")


def decode_room_fragment(plain: bytes) -> RoomFragment:
    """Undo ``encode_room_fragment``. Raises Malformed on another size, another kind, or padding not zero."""
    if len(plain) != ROOM_PLAIN:
        raise Malformed(f"a fragment of {len(plain)} bytes")
    kind, at, count, length, link = _FRAGMENT.unpack_from(plain)
    if kind > RoomKind.LETTER:
        raise Malformed(f"fragment of unknown kind {kind}")
    return RoomFragment(RoomKind(kind), at, count, link, unpad(plain[_FRAGMENT.size :], length))


def pieces_of(data: bytes) -> list[bytes]:
    """Cut into pieces of ``ROOM_DATA`` bytes. Raises ValueError when it takes more than ``COUNT_MAX``."""
    pieces = [data[start : start + ROOM_DATA] for start in range(0, len(data), ROOM_DATA)] or [b""]
    if len(pieces) > COUNT_MAX:
        raise ValueError(f"{len(data)} bytes take more than {COUNT_MAX} cells")
    return pieces


@dataclass(frozen=True, slots=True)
class Parents:
    """What a message's sender had seen last. Raises Malformed."""

    messages: tuple[tuple[bytes, int], ...] = ()
    """Name of the sender (``SENDER_NAME_BYTES`` of its id) and number, at most ``PARENTS_MAX``."""
    digest: bytes = b""
    """BLAKE2b-256 over their hashes; empty where there are none."""

    def __post_init__(self) -> None:
        if len(self.messages) > PARENTS_MAX:
            raise Malformed(f"{len(self.messages)} parents")
        if len(self.digest) != (DIGEST_BYTES if self.messages else 0):
            raise Malformed("parents without their hash")
        if any(len(name) != SENDER_NAME_BYTES or not 0 <= n <= NUMBER_MAX for name, n in self.messages):
            raise Malformed("a parent that cannot be one")


def encode_parents(parents: Parents) -> bytes:
    """Return count 1 | parents | hash."""
    return (
        bytes([len(parents.messages)])
        + b"".join(_PARENT.pack(*one) for one in parents.messages)
        + parents.digest
    )


def take_parents(data: bytes) -> tuple[Parents, bytes]:
    """Undo ``encode_parents``; return also what follows. Raises Malformed."""
    take = _Taking(data)
    count = take.take_bytes(1)[0]
    if count > PARENTS_MAX:
        raise Malformed(f"{count} parents")
    messages = tuple(_PARENT.unpack(take.take_bytes(_PARENT.size)) for _ in range(count))
    return Parents(messages, take.take_bytes(DIGEST_BYTES) if count else b""), data[take.at :]


@dataclass(frozen=True, slots=True)
class RoomHead:
    """What stands in front of a message's payload. Raises Malformed."""

    number: int
    """Of the sender's messages, 1 to ``NUMBER_MAX``; 0 for a word."""
    heads: bytes
    """The log's heads as the sender knows them; empty where they are those of the period."""
    parents: Parents
    digest: bytes
    """Of the payload, BLAKE2b-256; empty where all of it is in the same cell."""
    macs: bytes = field(repr=False)
    """``MESSAGE_MAC_BYTES`` for each other member of the period, in order of their ids."""

    def __post_init__(self) -> None:
        if not 0 <= self.number <= NUMBER_MAX:
            raise Malformed("a message of an impossible number")
        if len(self.heads) > HEADS_BYTES_MAX:
            raise Malformed(f"heads of {len(self.heads)} bytes")
        if len(self.digest) not in (0, DIGEST_BYTES):
            raise Malformed("a digest of another size")
        if len(self.macs) % MESSAGE_MAC_BYTES or len(self.macs) >= MEMBERS_MAX * MESSAGE_MAC_BYTES:
            raise Malformed("MACs of more than all, or a part of one")


def encode_room_head(head: RoomHead) -> bytes:
    """Return at most ``ROOM_DATA`` bytes."""
    heads = len(head.heads).to_bytes(2, "big") + head.heads
    return head.number.to_bytes(4, "big") + heads + encode_parents(head.parents) + head.digest + head.macs


def decode_room_head(data: bytes, others: int, several: bool) -> tuple[RoomHead, bytes]:
    """Undo ``encode_room_head``, for a message that has ``others`` MACs and, if ``several`` cells, a digest;
    return also what follows. Raises Malformed."""
    take = _Taking(data)
    number, size = (int.from_bytes(take.take_bytes(width), "big") for width in (4, 2))
    heads = take.take_bytes(size)
    parents, _ = take_parents(data[take.at :])
    take.take_bytes(len(encode_parents(parents)))
    digest = take.take_bytes(DIGEST_BYTES) if several else b""
    macs = take.take_bytes(others * MESSAGE_MAC_BYTES)
    return RoomHead(number, heads, parents, digest, macs), data[take.at :]


class _Taking:
    """Bytes from front to back."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take_bytes(self, size: int) -> bytes:
        taken = self._data[self.at : self.at + size]
        if len(taken) != size:
            raise Malformed("a head that is cut off")
        self.at += size
        return taken

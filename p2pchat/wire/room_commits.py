"""Commits: what begins a period of a room; what is kept of them for absent members; what a contact is given.

Knows: the layouts and their limits. Does not know: how a share is made, masked or checked.

::

    commit  tag epoch 4 | length 2, heads | new key 32 | digest of the shares 32 | confirmation 32 |
            MACs 16 each | masked shares 32 each
    kept    parent 32 | author 32 | index 2 | tag epoch … confirmation, as in a commit |
            MAC 16 | masked share 32

Its parent, author and index are those of the chain in which a commit stands. With 49 others and two heads it
takes three cells, and with eight heads four.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.geometry import CIPHERTEXT_BYTES
from p2pchat.wire.room_cells import (
    CHAIN_CELLS,
    HEADS_BYTES_MAX,
    MEMBER_BYTES,
    MEMBERS_MAX,
    PERIOD_BYTES,
    pieces_of,
)

COMMIT_MAC_BYTES: Final = 16
SHARE_BYTES: Final = 32
SLOT_BYTES: Final = COMMIT_MAC_BYTES + SHARE_BYTES
"""What a commit has for each other member."""

COMMIT_CELLS_MAX: Final = 5
FOUNDING: Final = bytes(PERIOD_BYTES)
"""The parent of a room's first period."""

KEY_BYTES: Final = 32
GRANT_LIMIT: Final = 8192
"""Bytes of an encoded grant: 50 members take some 3.6 kB."""

DEPTH_MAX: Final = 2**32 - 1
EPOCH_MAX: Final = 2**32 - 1

_FRONT: Final = 6
_HASHES: Final = 96


@dataclass(frozen=True, slots=True)
class CommitHead:
    """What all members see of a commit. Raises Malformed."""

    parent: bytes
    """The period upon which it is made, or ``FOUNDING``."""
    author: bytes
    index: int
    """Of the commit's first cell, in the author's chain of the parent."""
    heads: bytes
    """The log's heads; the roster there is the new period's."""
    key: bytes
    """The author's member key from here on: X25519."""
    shares: bytes
    """BLAKE2b-256 of all masked shares."""
    confirmation: bytes
    tag_epoch: int = 0
    """The first epoch of a new tag key; 0: the parent's stays."""

    def __post_init__(self) -> None:
        if (len(self.parent), len(self.author)) != (PERIOD_BYTES, MEMBER_BYTES):
            raise Malformed("a commit of an impossible parent or author")
        if not 0 <= self.index < CHAIN_CELLS or len(self.heads) > HEADS_BYTES_MAX:
            raise Malformed("a commit with too many heads, or beyond its chain")
        if {len(self.key), len(self.shares), len(self.confirmation)} != {32}:
            raise Malformed("a commit with a key or hash of another size")
        if not 0 <= self.tag_epoch <= EPOCH_MAX:
            raise Malformed("a tag key of an impossible epoch")


@dataclass(frozen=True, slots=True)
class RoomCommit:
    """A whole one. Raises Malformed."""

    head: CommitHead
    macs: tuple[bytes, ...] = field(repr=False)
    masked: tuple[bytes, ...] = field(repr=False)
    """One for each member of the roster but the author, in order of their ids."""

    def __post_init__(self) -> None:
        if len(self.macs) != len(self.masked) or len(self.macs) >= MEMBERS_MAX:
            raise Malformed("a commit with too many members, or a slot that is not whole")


@dataclass(frozen=True, slots=True)
class KeptShare:
    """What one member keeps of a commit for an absent one. Raises Malformed."""

    head: CommitHead
    mac: bytes = field(repr=False)
    masked: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if (len(self.mac), len(self.masked)) != (COMMIT_MAC_BYTES, SHARE_BYTES):
            raise Malformed("a slot of another size")


@dataclass(frozen=True, slots=True)
class PeriodGrant:
    """A period, for a member that is new or has lost one. Raises Malformed."""

    head: CommitHead
    depth: int
    secret: bytes = field(repr=False)
    tag_key: bytes = field(repr=False)
    tag_epoch: int
    """The first epoch of ``tag_key``."""
    tags_of: bytes
    """The period that began with this tag key."""
    members: tuple[tuple[bytes, bytes], ...]
    """Id and present X25519 key of each, in order of their ids."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.members) <= MEMBERS_MAX or not 0 <= self.depth <= DEPTH_MAX:
            raise Malformed("a period of no member, or of too many")
        if list(self.members) != sorted(set(self.members)):
            raise Malformed("members out of order")


@dataclass(frozen=True, slots=True)
class KemShare:
    """An ML-KEM ciphertext for one member, so that the pair's keys rest upon both agreements. Raises
    Malformed."""

    receiver: bytes
    ciphertext: bytes = field(repr=False)
    mac: bytes

    def __post_init__(self) -> None:
        sizes = len(self.receiver), len(self.ciphertext), len(self.mac)
        if sizes != (MEMBER_BYTES, CIPHERTEXT_BYTES, COMMIT_MAC_BYTES):
            raise Malformed("a share of another size")


def encode_commit(commit: RoomCommit) -> bytes:
    """Return at most 2710 bytes."""
    return _head(commit.head) + b"".join(commit.macs) + b"".join(commit.masked)


def decode_commit(data: bytes, parent: bytes, author: bytes, index: int) -> RoomCommit:
    """Undo ``encode_commit``; the rest is of the place. Raises Malformed."""
    head, slots = _read_head(data, parent, author, index)
    if len(slots) % SLOT_BYTES or len(slots) >= MEMBERS_MAX * SLOT_BYTES:
        raise Malformed("a commit with a part of a slot, or too many")
    count = len(slots) // SLOT_BYTES
    macs = _cut(slots[: count * COMMIT_MAC_BYTES], COMMIT_MAC_BYTES)
    return RoomCommit(head, macs, _cut(slots[count * COMMIT_MAC_BYTES :], SHARE_BYTES))


def encode_commit_head(head: CommitHead) -> bytes:
    """Return at most 424 bytes."""
    return head.parent + head.author + head.index.to_bytes(2, "big") + _head(head)


def decode_commit_head(data: bytes) -> tuple[CommitHead, bytes]:
    """Undo ``encode_commit_head``; return also what follows. Raises Malformed."""
    return _read_head(data[66:], data[:32], data[32:64], int.from_bytes(data[64:66], "big"))


def commit_cells(others: int, heads: int) -> int:
    """How many cells a commit takes for so many other members and bytes of heads."""
    return len(pieces_of(bytes(_FRONT + heads + _HASHES + others * SLOT_BYTES)))


def encode_kept(kept: KeptShare) -> bytes:
    """Return at most 472 bytes."""
    return encode_commit_head(kept.head) + kept.mac + kept.masked


def decode_kept(data: bytes) -> KeptShare:
    """Undo ``encode_kept``. Raises Malformed."""
    head, slot = decode_commit_head(data)
    return KeptShare(head, slot[:COMMIT_MAC_BYTES], slot[COMMIT_MAC_BYTES:])


def encode_kem_share(share: KemShare) -> bytes:
    """Return 1136 bytes."""
    return share.receiver + share.ciphertext + share.mac


def decode_kem_share(data: bytes) -> KemShare:
    """Undo ``encode_kem_share``. Raises Malformed."""
    end = MEMBER_BYTES + CIPHERTEXT_BYTES
    return KemShare(data[:MEMBER_BYTES], data[MEMBER_BYTES:end], data[end:])


def encode_grant(grant: PeriodGrant) -> bytes:
    """Return at most ``GRANT_LIMIT`` bytes."""
    ids, keys = zip(*grant.members, strict=True)
    return pack(
        {
            "head": encode_commit_head(grant.head),
            "depth": grant.depth,
            "secret": grant.secret,
            "tags": grant.tag_key,
            "epoch": grant.tag_epoch,
            "of": grant.tags_of,
            "ids": b"".join(ids),
            "keys": b"".join(keys),
        }
    )


def decode_grant(data: bytes) -> PeriodGrant:
    """Undo ``encode_grant``. Raises Malformed."""
    reader = Reader(unpack(data, GRANT_LIMIT))
    head, rest = decode_commit_head(reader.get_bytes("head"))
    ids = reader.get_bytes("ids", limit=MEMBERS_MAX * MEMBER_BYTES)
    keys = reader.get_bytes("keys", len(ids) // MEMBER_BYTES * KEY_BYTES)
    if rest or len(ids) % MEMBER_BYTES:
        raise Malformed("a grant with a part of something")
    return PeriodGrant(
        head,
        reader.get_integer("depth", 0, DEPTH_MAX),
        reader.get_bytes("secret", KEY_BYTES),
        reader.get_bytes("tags", KEY_BYTES),
        reader.get_integer("epoch", 0, EPOCH_MAX),
        reader.get_bytes("of", PERIOD_BYTES),
        tuple(zip(_cut(ids, MEMBER_BYTES), _cut(keys, KEY_BYTES), strict=True)),
    )


def _head(head: CommitHead) -> bytes:
    heads = len(head.heads).to_bytes(2, "big") + head.heads
    return head.tag_epoch.to_bytes(4, "big") + heads + head.key + head.shares + head.confirmation


def _read_head(data: bytes, parent: bytes, author: bytes, index: int) -> tuple[CommitHead, bytes]:
    """The head, and what follows it."""
    epoch, end = int.from_bytes(data[:4], "big"), _FRONT + int.from_bytes(data[4:_FRONT], "big")
    heads, hashes, rest = data[_FRONT:end], data[end : end + _HASHES], data[end + _HASHES :]
    if len(hashes) != _HASHES:
        raise Malformed("a commit that is cut off")
    key, shares, confirmation = _cut(hashes, 32)
    return CommitHead(parent, author, index, heads, key, shares, confirmation, epoch), rest


def _cut(data: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(data[start : start + size] for start in range(0, len(data), size))

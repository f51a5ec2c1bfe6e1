"""Entries of a room's membership log, and the MACs that travel beside them.

Knows: the layouts and their limits. Does not know: what an entry does (``room_actions``), hashes, or which
entries count.

An entry is named by the hash of its bytes, so a value has one encoding, and what a later version says is kept
to the byte::

    entry       kind 1 | number 2 | author 32 | previous 32 | count 1, heads 32 each | body
    sent entry  length 2, entry | hint 4, MAC 16 of each recipient

In the founding number, author and previous are zero, and there are no heads. With 49 recipients an addition
takes some 2.4 kB, three cells, and any other entry of one head 1.2 kB, two.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import field
from itertools import pairwise
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import (
    BODY_MAX,
    ID_BYTES,
    Action,
    FoundRoom,
    NewMember,
    check_action,
    check_ids,
    decode_action,
    encode_action,
    split_ids,
)
from p2pchat.wire.room_cells import MEMBERS_MAX

NUMBER_MAX: Final = 512
"""Entries of one author beside the one that let it in: ten for each possible member of a room."""

HEADS_MAX: Final = 8
"""Heads that an entry names. What has more is merged by several entries."""

RECIPIENTS_MAX: Final = MEMBERS_MAX
"""MACs beside one entry: as many as a room has members. The author's own is for the day on which its home is
put back and gets its own entries from others."""

HINT_BYTES: Final = 4
"""Of a recipient's id, in front of its MAC. Two of one beginning both try both."""

ENTRY_MAC_BYTES: Final = 16

_HEAD: Final = struct.Struct(">BH32s32sB")
_NOBODY: Final = bytes(ID_BYTES)
_ROOTLESS: Final = (2 * _NOBODY, 0, ())
"""Author, previous entry, number and heads of the founding."""

ENTRY_MAX: Final = _HEAD.size + HEADS_MAX * ID_BYTES + BODY_MAX
SENT_ENTRY_MAX: Final = 2 + ENTRY_MAX + RECIPIENTS_MAX * (HINT_BYTES + ENTRY_MAC_BYTES)
"""3.1 kB: four cells."""


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """One entry of the log. Raises Malformed."""

    author: MemberId
    number: int
    """Of the author's entries, from 1 to ``NUMBER_MAX``."""
    previous: EntryId
    """The author's last entry; before its first the one that let it in."""
    heads: tuple[EntryId, ...]
    """The other heads of the log as the author knew it, in order, at most ``HEADS_MAX``."""
    action: Action

    def __post_init__(self) -> None:
        founding = isinstance(self.action, FoundRoom)
        rootless = (self.author + self.previous, self.number, self.heads) == _ROOTLESS
        if founding is not rootless:
            raise Malformed("an entry without an author, or a founding with one")
        if not founding and not 1 <= self.number <= NUMBER_MAX:
            raise Malformed("an entry beyond what an author has")
        if {len(self.author), len(self.previous)} != {ID_BYTES}:
            raise Malformed("an id of another size")
        check_ids(self.heads, HEADS_MAX)
        if self.previous in self.heads:
            raise Malformed("an entry that names one parent twice")
        check_action(self.action)

    @property
    def parents(self) -> tuple[EntryId, ...]:
        """All entries that it names; none of the founding."""
        return () if isinstance(self.action, FoundRoom) else (self.previous, *self.heads)


@dataclass(frozen=True, slots=True)
class RecipientMac:
    """One row of the table beside an entry."""

    hint: bytes
    """The first ``HINT_BYTES`` of the recipient's id."""
    mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SentEntry:
    """An entry with what shows each recipient that its author made it. Raises Malformed."""

    entry: RoomEntry
    macs: tuple[RecipientMac, ...] = field(repr=False)
    """In order, at most ``RECIPIENTS_MAX``."""

    def __post_init__(self) -> None:
        rows = [row.hint + row.mac for row in self.macs]
        if len(rows) > RECIPIENTS_MAX or any(before >= after for before, after in pairwise(rows)):
            raise Malformed("too many MACs, or not in order")
        if any((len(row.hint), len(row.mac)) != (HINT_BYTES, ENTRY_MAC_BYTES) for row in self.macs):
            raise Malformed("a MAC of another size")

    def list_macs_for(self, member: MemberId) -> list[bytes]:
        """List the MACs that may be for a member: one, or none, unless two ids begin alike."""
        return [row.mac for row in self.macs if member.startswith(row.hint)]


def found_room(name: str, founder: NewMember) -> RoomEntry:
    """Make the first entry of a room."""
    return RoomEntry(MemberId(_NOBODY), 0, EntryId(_NOBODY), (), FoundRoom(name, founder))


def make_sent_entry(entry: RoomEntry, macs: Iterable[tuple[MemberId, bytes]]) -> SentEntry:
    """Put the recipients' MACs of 16 bytes beside an entry."""
    rows = sorted(member[:HINT_BYTES] + mac for member, mac in macs)
    return SentEntry(entry, tuple(RecipientMac(row[:HINT_BYTES], row[HINT_BYTES:]) for row in rows))


def encode_entry(entry: RoomEntry) -> bytes:
    """Return at most ``ENTRY_MAX`` bytes, whose hash is the entry's id."""
    kind, body = encode_action(entry.action)
    head = _HEAD.pack(kind, entry.number, entry.author, entry.previous, len(entry.heads))
    return b"".join((head, *entry.heads, body))


def decode_entry(data: bytes) -> RoomEntry:
    """Undo ``encode_entry``. Raises Malformed."""
    if not _HEAD.size <= len(data) <= ENTRY_MAX:
        raise Malformed(f"an entry of {len(data)} bytes")
    kind, number, author, previous, count = _HEAD.unpack_from(data)
    at = _HEAD.size + count * ID_BYTES
    if at > len(data):
        raise Malformed("an entry that ends among its heads")
    heads = tuple(map(EntryId, split_ids(data[_HEAD.size : at])))
    return RoomEntry(MemberId(author), number, EntryId(previous), heads, decode_action(kind, data[at:]))


def encode_sent_entry(sent: SentEntry) -> bytes:
    """Return at most ``SENT_ENTRY_MAX`` bytes."""
    entry = encode_entry(sent.entry)
    return len(entry).to_bytes(2, "big") + entry + b"".join(row.hint + row.mac for row in sent.macs)


def decode_sent_entry(data: bytes) -> SentEntry:
    """Undo ``encode_sent_entry``. Raises Malformed."""
    if not 2 <= len(data) <= SENT_ENTRY_MAX:
        raise Malformed(f"an entry with MACs of {len(data)} bytes")
    end, row = 2 + int.from_bytes(data[:2], "big"), HINT_BYTES + ENTRY_MAC_BYTES
    if end > len(data) or (len(data) - end) % row:
        raise Malformed("an entry or a MAC that is not whole")
    macs = (
        RecipientMac(data[at : at + HINT_BYTES], data[at + HINT_BYTES : at + row])
        for at in range(end, len(data), row)
    )
    return SentEntry(decode_entry(data[2:end]), tuple(macs))

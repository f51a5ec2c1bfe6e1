"""A message to a room: its fragments, and what its MACs are over.

Knows: what a MAC covers. Does not know: where keys come from, or what a payload says.

The MAC is in the first cell, and covers the hash of the second fragment: so the first cell alone tells
whether all of it is by its sender. It covers the place, too: a member who repeats another's message elsewhere
in that one's chain would else use up the keys of what is written there next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace

from p2pchat.core.room.assembly import Start, WholePayload, cut_payload
from p2pchat.core.room.period import Period
from p2pchat.crypto.kdf import derive, digest
from p2pchat.crypto.room_keys import PairKey
from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import MemberId, RoomId
from p2pchat.wire.room_cells import (
    MESSAGE_MAC_BYTES,
    NO_LINK,
    ROOM_DATA,
    SENDER_NAME_BYTES,
    Parents,
    RoomFragment,
    RoomHead,
    RoomKind,
    decode_room_fragment,
    decode_room_head,
    encode_parents,
    encode_room_fragment,
    encode_room_head,
)

NO_PARENTS = Parents()


@dataclass(frozen=True, slots=True)
class RoomMessage:
    """What a member message, as its MACs have it."""

    sender: MemberId
    period: bytes
    index: int
    """Of its first cell, in the sender's chain."""
    kind: RoomKind
    number: int
    heads: bytes
    """The log's heads as the sender knew them."""
    parents: Parents
    payload: bytes = field(repr=False)
    count: int = 1
    """Of its fragments."""
    link: bytes = NO_LINK
    """What the first one says of the second."""

    def list_covered(self, room: RoomId, hashed: bytes = b"") -> tuple[bytes, ...]:
        """What is under a MAC; ``hashed``: the payload's digest, where the payload is not all here yet."""
        place = (
            bytes([self.kind, self.count]) + self.index.to_bytes(2, "big") + self.number.to_bytes(4, "big")
        )
        text = hashed or digest(self.payload)
        return room, self.period, self.heads, place, encode_parents(self.parents), text, self.link


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What is to be message."""

    kind: RoomKind
    number: int
    """1 and on for a message, 0 for a word."""
    heads: bytes
    parents: Parents
    payload: bytes = field(repr=False)


def write_message(
    room: RoomId, period: Period, sender: MemberId, new: NewMessage, key_for: Callable[[MemberId], PairKey]
) -> tuple[RoomMessage, list[bytes]]:
    """Make the fragments of a message that begins at the period's next index. ``key_for``: the key of the
    pair with each other member. Raises ValueError on a payload that is too long."""
    others = period.list_others(sender)
    heads = b"" if new.heads == period.heads else new.heads
    head = RoomHead(new.number, heads, new.parents, b"", bytes(MESSAGE_MAC_BYTES * len(others)))
    hashed = digest(new.payload)
    if len(encode_room_head(head)) + len(new.payload) > ROOM_DATA:
        head = RoomHead(new.number, heads, new.parents, hashed, head.macs)
    size = len(encode_room_head(head))
    plains = cut_payload(new.kind, encode_room_head(head) + new.payload)
    first = decode_room_fragment(plains[0])
    message = RoomMessage(
        sender,
        period.id,
        period.index,
        new.kind,
        new.number,
        new.heads,
        new.parents,
        new.payload,
        len(plains),
        first.link,
    )
    told = message.list_covered(room, hashed)
    macs = b"".join(key_for(member).message_mac(sender, member, told) for member in others)
    head = RoomHead(new.number, heads, new.parents, head.digest, macs)
    plains[0] = encode_room_fragment(replace(first, data=encode_room_head(head) + first.data[size:]))
    return message, plains


def read_message(
    period: Period, start: Start, first: RoomFragment, data: bytes
) -> tuple[RoomMessage, RoomHead]:
    """Read a message of which the first fragment is here, or, with all its ``data``, the whole. Raises
    Malformed."""
    sender, index = start[1], start[2]
    head, payload = decode_room_head(data, len(period.members) - 1, first.count > 1)
    if (head.number > 0) != (first.kind is RoomKind.MESSAGE):
        raise Malformed("a message without a number, or a word with one")
    heads = head.heads or period.heads
    message = RoomMessage(
        sender,
        period.id,
        index,
        first.kind,
        head.number,
        heads,
        head.parents,
        payload,
        first.count,
        first.link,
    )
    return message, head


def read_whole(period: Period, whole: WholePayload) -> tuple[RoomMessage, RoomHead]:
    """Read one that is all here. Raises Malformed where its payload is not what its head says."""
    message, head = read_message(period, whole.start, whole.first, whole.data)
    if head.digest and digest(message.payload) != head.digest:
        raise Malformed("another payload than the head says")
    return message, head


def macs_of(period: Period, first: bytes) -> bytes:
    """Find the MACs in the plaintext of a first fragment of our own."""
    fragment = decode_room_fragment(first)
    head, _ = decode_room_head(fragment.data, len(period.members) - 1, fragment.count > 1)
    return head.macs


def name_sender(member: MemberId) -> bytes:
    """By which parents and asks call a member."""
    return member[:SENDER_NAME_BYTES]


def hash_message(room: RoomId, message: RoomMessage) -> bytes:
    """The name that all readers of a message use, 32 bytes: all that its MACs are over, and its sender."""
    return derive(b"", "room message", message.sender, *message.list_covered(room))


def mac_of(head: RoomHead, period: Period, sender: MemberId, receiver: MemberId) -> bytes:
    """Find a member's MAC in a head."""
    at = period.place_among_others(receiver, sender) * MESSAGE_MAC_BYTES
    return head.macs[at : at + MESSAGE_MAC_BYTES]

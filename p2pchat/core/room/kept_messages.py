"""What is kept of a message for members who miss it: all that its sender made, with the MACs for others.

Knows: the record, and what of it is for whom. Does not know: where records are, or who asks for them.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Final

from p2pchat.core.room.messages import RoomMessage, name_sender
from p2pchat.data import dataclass
from p2pchat.types import MemberId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.fragment import COUNT_MAX
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.room_cells import MEMBERS_MAX, MESSAGE_MAC_BYTES, SENDER_NAME_BYTES, RoomKind
from p2pchat.wire.room_letters import (
    KeptMessage,
    NotForMember,
    NotHere,
    decode_kept_message,
    encode_kept_message,
)
from p2pchat.wire.room_words import NumberSpan

_RECORD_LIMIT: Final = COUNT_MAX * GEOMETRY.data + 4096


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message."""

    kept: KeptMessage
    names: tuple[bytes, ...]
    """Whom it was written to, as ``name_sender``, in order of their ids; empty where that is not known."""
    macs: bytes = field(repr=False)
    """One for each of these; empty where only ours came with it."""

    def for_member(self, member: MemberId) -> KeptMessage | NotForMember | NotHere:
        """What a member is given: nothing, where it is not known whether the message was for it."""
        name = name_sender(member)
        span = NumberSpan(self.kept.sender[:SENDER_NAME_BYTES], self.kept.number, 1)
        if not self.names:
            return NotHere(span)
        if name not in self.names:
            return NotForMember(span)
        at = self.names.index(name) * MESSAGE_MAC_BYTES
        return replace(self.kept, mac=self.macs[at : at + MESSAGE_MAC_BYTES])


def record_message(message: RoomMessage, members: tuple[MemberId, ...], macs: bytes) -> MessageRecord:
    """Make the record of a message that was written to ``members``, its sender among them or not."""
    kept = KeptMessage(
        message.sender,
        message.period,
        message.index,
        message.number,
        message.count,
        message.link,
        message.heads,
        message.parents,
        message.payload,
    )
    names = tuple(name_sender(member) for member in members if member != message.sender)
    return MessageRecord(kept, names, macs)


def as_message(kept: KeptMessage) -> RoomMessage:
    """What its MACs are over."""
    return RoomMessage(
        MemberId(kept.sender),
        kept.period,
        kept.index,
        RoomKind.MESSAGE,
        kept.number,
        kept.heads,
        kept.parents,
        kept.payload,
        kept.count,
        kept.link,
    )


def encode_record(record: MessageRecord) -> bytes:
    """Return what is stored."""
    return codec.pack(
        {"message": encode_kept_message(record.kept), "names": b"".join(record.names), "macs": record.macs}
    )


def decode_record(data: bytes) -> MessageRecord:
    """Undo ``encode_record``. Raises Malformed."""
    reader = Reader(codec.unpack(data, _RECORD_LIMIT))
    names = reader.get_bytes("names", limit=MEMBERS_MAX * SENDER_NAME_BYTES)
    cut = tuple(names[at : at + SENDER_NAME_BYTES] for at in range(0, len(names), SENDER_NAME_BYTES))
    return MessageRecord(decode_kept_message(reader.get_bytes("message")), cut, reader.get_bytes("macs"))

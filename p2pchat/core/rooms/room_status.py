"""A room as it is shown.

Knows: what of a room's machine people see. Does not know: what happens in the room.
"""

from __future__ import annotations

from typing import Final

from p2pchat.core.room.room import Room
from p2pchat.core.values.room_records import RoomRecord, RoomRole
from p2pchat.core.values.status import MemberStatus, RoomStatus
from p2pchat.crypto.kdf import derive
from p2pchat.types import MemberId
from p2pchat.wire.words import WORDS

WORDS_COUNT: Final = 12
_WORD_BITS: Final = 10


def describe_room(record: RoomRecord, room: Room, waiting: int) -> RoomStatus:
    """Describe a room as it is now."""
    changes = room.changes
    return RoomStatus(
        record,
        changes.roster.name,
        tuple(_describe_member(record, room, member) for member in changes.roster.members),
        changes.own,
        role_of(room, changes.own) if changes.is_in else None,
        changes.roster.retention_s,
        room.flow.own.is_unsure and len(changes.members) > 1,
        waiting,
        spell_heads(room),
        {member: changes.find_member(member).name for member in changes.roster.departures},
    )


def role_of(room: Room, member: MemberId) -> RoomRole:
    """The office of a member."""
    roster = room.changes.roster
    if member == roster.owner:
        return RoomRole.OWNER
    return RoomRole.ADMIN if member in roster.admins else RoomRole.MEMBER


def spell_heads(room: Room) -> tuple[str, ...]:
    """Twelve words, the same for all who know the same of who was let in and put out."""
    key = derive(room.changes.log.room, "room words", room.changes.heads)
    number = int.from_bytes(key, "big") >> (len(key) * 8 - WORDS_COUNT * _WORD_BITS)
    return tuple(
        WORDS[number >> (_WORD_BITS * (WORDS_COUNT - 1 - at)) & (1 << _WORD_BITS) - 1]
        for at in range(WORDS_COUNT)
    )


def _describe_member(record: RoomRecord, room: Room, member: MemberId) -> MemberStatus:
    own = member == room.own
    return MemberStatus(
        member,
        room.changes.find_member(member).name,
        role_of(room, member),
        own,
        record.known.get(member),
        room.changes.find_inviter(member),
        own or member in room.flow.spoken,
        room.repair.asks.spoke_at.get(member),
        room.flow.own.last if own else room.flow.reached.get(member, 0),
    )

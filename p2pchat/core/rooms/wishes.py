"""What the person wants of a room in which this home is.

Knows: what each wish changes, in the room or here alone. Does not know: offers, or how anything is sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.rooms.home_room import HomeRoom
from p2pchat.core.values.effects import Notify
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_events import RoomTurn, RoomTurned
from p2pchat.core.values.room_inputs import (
    MemberRemoved,
    RoleGiven,
    RoomLeft,
    RoomLoudness,
    RoomRenamed,
    RoomRetention,
)
from p2pchat.core.values.room_records import RoomRole
from p2pchat.errors import Malformed
from p2pchat.types import MemberId
from p2pchat.wire.pairing import check_nick
from p2pchat.wire.payload import RETENTION_MIN_S
from p2pchat.wire.room_actions import (
    SECONDS_MAX,
    Action,
    HandOver,
    RenameRoom,
    SetRole,
    SetRoomRetention,
)

RoomWish = RoomLeft | MemberRemoved | RoleGiven | RoomRenamed | RoomRetention | RoomLoudness


def change_room(room: HomeRoom, wish: RoomWish, now: float) -> list[Routed]:
    """Carry out what the person wants of a room, or refuse it."""
    machine = room.room
    match wish:
        case RoomLeft(heirs=heirs):
            return room.change_roster(lambda: machine.leave_room(heirs, now), now)
        case MemberRemoved(member=member):
            if member not in machine.changes.members:
                return [Rejected(Reason.NO_SUCH_MEMBER)]
            return room.change_roster(lambda: machine.remove_member(member, now), now)
        case RoleGiven(member=member, role=role):
            return _give_role(room, member, role, now)
        case RoomRenamed(name=name):
            try:
                check_nick(name)
            except Malformed:
                return [Rejected(Reason.NAME_MALFORMED)]
            return _write(room, RenameRoom(name), now)
        case RoomRetention(seconds=seconds):
            if seconds and not RETENTION_MIN_S <= seconds <= SECONDS_MAX:
                return [Rejected(Reason.RETENTION_IMPOSSIBLE)]
            return _write(room, SetRoomRetention(seconds), now)
        case RoomLoudness(loudness=loudness):
            changed = room.change_record(replace(room.record, loudness=loudness))
            return [*changed, Notify(RoomTurned(room.id, RoomTurn.LOUDNESS))]
    assert_never(wish)


def _give_role(room: HomeRoom, member: MemberId, role: RoomRole, now: float) -> list[Routed]:
    if member not in room.room.changes.members:
        return [Rejected(Reason.NO_SUCH_MEMBER)]
    if role is RoomRole.OWNER:
        return _write(room, HandOver(member), now)
    return _write(room, SetRole(member, role is RoomRole.ADMIN), now)


def _write(room: HomeRoom, action: Action, now: float) -> list[Routed]:
    return room.change_roster(lambda: room.room.change_roster(action, now), now)

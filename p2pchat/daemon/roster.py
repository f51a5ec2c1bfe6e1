"""The methods that change who is in a room, and what holds for all of its members or for us.

Knows: which input a change becomes. Does not know: who may do what. Beside ``rooms``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count
from typing import Final

from p2pchat import looks
from p2pchat.control import methods, parameters, rooms
from p2pchat.control.values import extended
from p2pchat.core.values import room_inputs
from p2pchat.daemon.control import Caller
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.needs import HasNames
from p2pchat.daemon.room_access import RoomAccess
from p2pchat.daemon.room_views import NOTIFIES, ROLES
from p2pchat.errors import LimitError, UsageError
from p2pchat.wire.pairing import NICK_CHARS

OFFICES: Final = {shown: role for role, shown in ROLES.items()}
LOUDNESS: Final = {shown: loudness for loudness, shown in NOTIFIES.items()}


class RosterMethods:
    """Handles requests about who is in a room, for one running node."""

    def __init__(self, host: HasNames) -> None:
        self._host = host
        self._access = RoomAccess(host)

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about members."""
        handlers.add(methods.SET_ROLE, self.set_role)
        handlers.add(methods.REMOVE_MEMBER, self.remove_member)
        handlers.add(methods.RENAME_ROOM, self.rename_room)
        handlers.add(methods.LEAVE_ROOM, self.leave_room)
        handlers.add(methods.FORGET_ROOM, self.forget_room)
        handlers.add(methods.RENEW_ROOM, self.renew_room)
        handlers.add(methods.MUTE_ROOM, self.mute_room)
        handlers.add(methods.DISAPPEAR_IN_ROOM, self.disappear_in_room)

    async def set_role(self, params: parameters.RoleParams, _caller: Caller) -> rooms.MemberInfo:
        """Give a member an office."""
        names = self._access.make_names()
        room = names.find_room(params.room)
        member = names.find_member(room.record.id, params.member)
        await self._access.submit_input(room_inputs.RoleGiven(room.record.id, member, OFFICES[params.role]))
        return self._access.view_member(self._access.current_room(room.record.id), member)

    async def remove_member(self, params: parameters.MemberParams, _caller: Caller) -> rooms.RoomInfo:
        """Remove a member from a room."""
        names = self._access.make_names()
        room = names.find_room(params.room)
        member = names.find_member(room.record.id, params.member)
        if member == room.own:
            raise UsageError("to go yourself, use 'p2pchat room leave'")
        return await self._access.change_room(room, room_inputs.MemberRemoved(room.record.id, member))

    async def rename_room(self, params: parameters.RenameRoomParams, _caller: Caller) -> rooms.RoomInfo:
        """Give a room another name."""
        room = self._access.find_room(params.room)
        renamed = room_inputs.RoomRenamed(room.record.id, params.name)
        return await self._access.change_room(room, renamed, name=params.name)

    async def leave_room(self, params: parameters.LeaveRoomParams, _caller: Caller) -> rooms.RoomInfo:
        """Leave a room."""
        names = self._access.make_names()
        room = names.find_room(params.room)
        if room.role is None:
            return self._access.view_room(room)
        heirs = tuple(names.find_member(room.record.id, heir) for heir in params.heirs)
        if room.own in heirs:
            raise UsageError("you cannot be your own heir")
        return await self._access.change_room(room, room_inputs.RoomLeft(room.record.id, heirs))

    async def forget_room(self, params: parameters.RoomParams, _caller: Caller) -> rooms.RoomInfo:
        """Forget a room that was left, with its lines."""
        room = self._access.find_room(params.room)
        view = self._access.view_room(room)
        await self._access.submit_input(room_inputs.RoomForgotten(room.record.id))
        return view

    async def renew_room(self, params: parameters.RoomParams, _caller: Caller) -> rooms.RenewRoomResult:
        """Found another room, and invite those members of the old one that are contacts."""
        names = self._access.make_names()
        old = names.find_room(params.room)
        free = next_name(old.record.name, names.list_room_names())
        new = await self._access.found_room(free, old.record.mesh)
        contacts, not_invited = {contact.id for contact in self._host.node.list_contacts()}, list[str]()
        for member in old.members:
            if member.own:
                continue
            try:
                if member.contact is None or member.contact not in contacts:
                    raise UsageError("not a contact")
                await self._access.submit_input(room_inputs.RoomOffered(new.record.id, member.contact))
            except (UsageError, LimitError):
                not_invited.append(names.member_name(old.record.id, member.id))
        view = self._access.view_room(self._access.current_room(new.record.id))
        return extended(view, rooms.RenewRoomResult, not_invited=not_invited)

    async def mute_room(self, params: parameters.MuteRoomParams, _caller: Caller) -> rooms.RoomInfo:
        """Choose which messages of a room make a noise."""
        room = self._access.find_room(params.room)
        return await self._access.change_room(
            room, room_inputs.RoomLoudness(room.record.id, LOUDNESS[params.notify])
        )

    async def disappear_in_room(
        self, params: parameters.DisappearInRoomParams, _caller: Caller
    ) -> rooms.RoomInfo:
        """Set how long a room's lines last."""
        room = self._access.find_room(params.room)
        return await self._access.change_room(
            room, room_inputs.RoomRetention(room.record.id, int(params.seconds or 0))
        )


def next_name(name: str, taken: Collection[str]) -> str:
    """Return the first of ``name-2``, ``name-3`` … that looks like no taken name."""
    base = re.sub(r"-[0-9]{1,3}$", "", name)
    shown = (f"{base[: NICK_CHARS - len(end)]}{end}" for end in (f"-{number}" for number in count(2)))
    return next(numbered for numbered in shown if not any(looks.alike(numbered, other) for other in taken))

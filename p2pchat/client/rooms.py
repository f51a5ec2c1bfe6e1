"""Rooms: who is in, and how somebody comes in or goes.

Knows: parameters and answers. Does not know: how a room is kept, or what is said there (``messages``).
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.client.following import remaining
from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import methods, parameters, rooms
from p2pchat.control.rooms import Notify, Role


class RoomCalls(NodeConnection):
    """The methods about rooms. ``room``: its name as it is typed, ``#name``."""

    async def list_rooms(self) -> list[rooms.RoomInfo]:
        """All rooms, and offers of rooms: ``name``, ``state`` (``offered``, ``accepted``, ``in``, ``out``),
        ``role``, ``members``, ``lately``, ``silent``, ``invited_by``, ``invited``, ``notify``, ``disappear``
        (seconds or None), ``since`` …"""
        return await self._call(methods.ROOMS, parameters.NoParams())

    async def find_room(self, room: str) -> rooms.RoomInfo:
        """Return one room, or one offer of a room, as ``list_rooms`` describes it."""
        return await self._call(methods.ROOM, parameters.RoomParams(room=room))

    async def list_members(self, room: str) -> list[rooms.MemberInfo]:
        """List the members: owner, admins, then all others. Each has ``name``, ``id``, ``own_name``,
        ``role``, ``own``, ``contact``, ``verified``, ``brought_by``, ``spoke``, ``spoke_at``, ``lacks``."""
        return await self._call(methods.MEMBERS, parameters.RoomParams(room=room))

    async def room_words(self, room: str) -> rooms.RoomWordsInfo:
        """Return the twelve ``words`` that members compare: they are the same for all who know the same
        members."""
        return await self._call(methods.ROOM_WORDS, parameters.RoomParams(room=room))

    async def create_room(self, name: str, *, mesh: str | None = None) -> rooms.RoomInfo:
        """Found a room, in which we are alone. ``mesh``: the beginning of the id of the mesh where it is."""
        return await self._call(methods.CREATE_ROOM, parameters.CreateRoomParams(name=name, mesh=mesh))

    async def invite_to_room(
        self, room: str, contacts: Iterable[str], *, undo: bool = False
    ) -> rooms.RoomInvitationsResult:
        """Offer the room to contacts (or take that back). They are in once they have accepted. Raises
        UsageError, LimitError."""
        params = parameters.InviteToRoomParams(room=room, contacts=tuple(contacts), undo=undo)
        return await self._call(methods.INVITE_TO_ROOM, params)

    async def accept_room(self, room: str, *, timeout: float | None = 30.0) -> rooms.AcceptRoomResult:
        """Accept an offer, and wait until we are a member. Where no offer is open and we are in as far as is
        known here, the room is ``already``. Raises NotInTime: then we become a member later."""
        left = remaining(timeout)

        async def ask() -> rooms.AcceptRoomResult:
            params = parameters.AcceptRoomParams(room=room, timeout=left())
            async with self._open_call(methods.ACCEPT_ROOM, params) as call:
                return await self._wait_for_answer(call.wait_result())

        return await self._ask_until_answered(ask)

    async def decline_room(self, room: str) -> rooms.RoomInfo:
        """Decline an offer; its contact is told."""
        return await self._call(methods.DECLINE_ROOM, parameters.RoomParams(room=room))

    async def set_role(self, room: str, member: str, role: Role) -> rooms.MemberInfo:
        """Give a member an office; ``owner`` hands the room over. Raises UsageError where we may not."""
        params = parameters.RoleParams(room=room, member=member, role=role)
        return await self._call(methods.SET_ROLE, params)

    async def remove_member(self, room: str, member: str) -> rooms.RoomInfo:
        """Put a member out; what it wrote up to now stays. Raises UsageError where we may not."""
        return await self._call(methods.REMOVE_MEMBER, parameters.MemberParams(room=room, member=member))

    async def rename_room(self, room: str, name: str) -> rooms.RoomInfo:
        """Give a room another name, for all members. Raises UsageError where we may not."""
        return await self._call(methods.RENAME_ROOM, parameters.RenameRoomParams(room=room, name=name))

    async def leave_room(self, room: str, heirs: Iterable[str] = ()) -> rooms.RoomInfo:
        """Leave a room; its history stays here. ``heirs``: if we are the owner, who becomes the owner, in
        this order; without them the first of the roster."""
        params = parameters.LeaveRoomParams(room=room, heirs=tuple(heirs))
        return await self._call(methods.LEAVE_ROOM, params)

    async def renew_room(self, room: str) -> rooms.RenewRoomResult:
        """Found another room (``name-2``) beside one, and invite those of its members who are contacts."""
        return await self._call(methods.RENEW_ROOM, parameters.RoomParams(room=room))

    async def forget_room(self, room: str) -> rooms.RoomInfo:
        """Forget a room that was left, with its history."""
        return await self._call(methods.FORGET_ROOM, parameters.RoomParams(room=room))

    async def forge_room(self, room: str, words: str | None = None) -> rooms.RoomForgeryInfo:
        """Show that one member alone can make up a transcript of a room: ``transcripts`` by ``name``, and
        whether a judge with all of our keys ``accepted`` each. ``words``: what another is made to say."""
        return await self._call(methods.FORGE_ROOM, parameters.ForgeRoomParams(room=room, words=words))

    async def mute_room(self, room: str, notify: Notify = "none") -> rooms.RoomInfo:
        """Make no noise about what is written in a room, or about ``mentions`` only, or about ``all``."""
        return await self._call(methods.MUTE_ROOM, parameters.MuteRoomParams(room=room, notify=notify))

    async def disappear_in_room(self, room: str, seconds: float | None) -> rooms.RoomInfo:
        """Let what is said in a room from now on disappear, for all members, that many seconds after it was
        written; None: never. Raises UsageError where we may not."""
        return await self._call(
            methods.DISAPPEAR_IN_ROOM, parameters.DisappearInRoomParams(room=room, seconds=seconds)
        )

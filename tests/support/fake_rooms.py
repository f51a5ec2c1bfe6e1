"""Rooms of a node that sends nothing.

Knows: the client's methods about rooms, and what is asked of them. Does not know: offices, or what is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from p2pchat.client.rooms import RoomCalls
from p2pchat.control.events import MessageEvent
from p2pchat.control.rooms import (
    AcceptRoomResult,
    MemberInfo,
    Notify,
    RenewRoomResult,
    Role,
    RoomForgeryInfo,
    RoomInfo,
    RoomInvitationsResult,
    RoomWordsInfo,
)
from p2pchat.control.values import plain, read_value
from p2pchat.errors import UsageError
from tests.support.fake_author import AT, answer

WORDS = " ".join(["acorn", "actor", "admiral"] * 4)


def room(name: str, **rest: Any) -> RoomInfo:
    """A room as the control socket gives it."""
    known: dict[str, object] = {
        "name": name,
        "id": (name.encode().hex() * 64)[:64],
        "state": "in",
        "role": "member",
        "members": 3,
        "lately": 2,
        "silent": 0,
        "invited_by": "bob",
        "invited": [],
        "notify": "all",
        "disappear": None,
        "mesh": "00" * 16,
        "since": AT,
        "waiting": 0,
        "put_back": False,
    }
    return read_value(RoomInfo, {**known, **rest})


def member(name: str, **rest: Any) -> MemberInfo:
    """A member as the control socket gives it."""
    known: dict[str, object] = {
        "name": name,
        "id": (name.encode().hex() * 64)[:64],
        "own_name": name,
        "role": "member",
        "own": False,
        "contact": False,
        "verified": False,
        "brought_by": "bob",
        "spoke": True,
        "spoke_at": AT,
    }
    return read_value(MemberInfo, {**known, **rest})


def in_room(line: MessageEvent, room: str = "#garden") -> MessageEvent:
    """A message as it comes in a room."""
    return line.with_changes(contact=room, room=room)


class FakeRooms(RoomCalls):
    """Changes rooms as it was asked to, at once."""

    def __init__(self, *of: Any, **chosen: Any) -> None:
        super().__init__(*of, **chosen)
        self.groups: dict[str, RoomInfo] = {}
        """By name."""
        self.rosters: dict[str, list[MemberInfo]] = {}
        self.heirs: tuple[str, ...] = ()

    def put_room(self, name: str, *members: MemberInfo, **rest: Any) -> None:
        """Let there be a room; ``name`` with its sign, of an offer without."""
        self.groups[name] = room(name, **{"members": len(members) or 3, **rest})
        self.rosters[name] = list(members)

    def _change_room(self, name: str, **changes: object) -> RoomInfo:
        known = self.find_known(name)
        changed = self.groups[known.name] = known.with_changes(**changes)
        return changed

    def find_known(self, name: str) -> RoomInfo:
        found = self.groups.get(name) or self.groups.get(f"#{name}")
        if found is None:
            raise UsageError(f"there is no room called {name!r}; see 'p2pchat room'")
        return found

    async def list_rooms(self) -> list[RoomInfo]:
        return list(self.groups.values())

    async def find_room(self, room: str) -> RoomInfo:
        return self.find_known(room)

    async def list_members(self, room: str) -> list[MemberInfo]:
        return self.rosters[self.find_known(room).name]

    async def room_words(self, room: str) -> RoomWordsInfo:
        found = self.find_known(room)
        return answer(RoomWordsInfo, name=found.name, words=WORDS, members=found.members)

    async def create_room(self, name: str, *, mesh: str | None = None) -> RoomInfo:
        self.put_room(f"#{name}", member("me", own=True), role="owner", invited_by=None)
        return self.groups[f"#{name}"]

    async def invite_to_room(
        self, room: str, contacts: Iterable[str], *, undo: bool = False
    ) -> RoomInvitationsResult:
        found, named = self.find_known(room), list(contacts)
        invited = [name for name in found.invited if name not in named] + ([] if undo else named)
        self._change_room(room, invited=invited)
        return answer(RoomInvitationsResult, name=found.name, invited=named)

    async def accept_room(self, room: str, *, timeout: float | None = 30.0) -> AcceptRoomResult:
        offer = self.groups.pop(room, None)
        if offer is not None:
            self.put_room(f"#{room}", invited_by=offer.invited_by)
        entered = self.groups[f"#{room}"]
        return read_value(AcceptRoomResult, {**plain(entered), "already": offer is None})

    async def decline_room(self, room: str) -> RoomInfo:
        return self.groups.pop(room).with_changes(state="out")

    async def set_role(self, room: str, member: str, role: Role) -> MemberInfo:
        roster = self.rosters[self.find_known(room).name]
        place = [one.name for one in roster].index(member)
        changed = roster[place] = roster[place].with_changes(role=role)
        return changed

    async def remove_member(self, room: str, member: str) -> RoomInfo:
        name = self.find_known(room).name
        self.rosters[name] = [one for one in self.rosters[name] if one.name != member]
        return self._change_room(name, members=len(self.rosters[name]))

    async def rename_room(self, room: str, name: str) -> RoomInfo:
        known = self.find_known(room)
        self.groups.pop(known.name)
        self.put_room(f"#{name}", *self.rosters.pop(known.name))
        return self.groups[f"#{name}"]

    async def leave_room(self, room: str, heirs: Iterable[str] = ()) -> RoomInfo:
        self.heirs = tuple(heirs)
        return self._change_room(room, state="out", role=None)

    async def forget_room(self, room: str) -> RoomInfo:
        return self.groups.pop(self.find_known(room).name)

    async def renew_room(self, room: str) -> RenewRoomResult:
        known = self.find_known(room)
        await self.create_room(f"{known.name[1:]}-2")
        others = [one for one in self.rosters[known.name] if not one.own]
        invited = [one.name for one in others if one.contact]
        made = self._change_room(f"{known.name}-2", invited=invited)
        not_invited = [one.name for one in others if not one.contact]
        return read_value(RenewRoomResult, {**plain(made), "not_invited": not_invited})

    async def forge_room(self, room: str, words: str | None = None) -> RoomForgeryInfo:
        sayings = [{"from": "bob", "text": words or "I owe you a million."}]
        transcripts = [
            {"name": "invented", "accepted": True, "cells": 1, "sayings": sayings},
            {"name": "altered", "accepted": False, "cells": 1, "sayings": []},
        ]
        return answer(RoomForgeryInfo, room=self.find_known(room).name, transcripts=transcripts)

    async def mute_room(self, room: str, notify: Notify = "none") -> RoomInfo:
        return self._change_room(room, notify=notify)

    async def disappear_in_room(self, room: str, seconds: float | None) -> RoomInfo:
        return self._change_room(room, disappear=seconds)

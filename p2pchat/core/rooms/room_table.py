"""All rooms of this home, by their conversations, each under a name of its own.

Knows: which rooms there are, and how they are called here. Does not know: what happens within one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from p2pchat import looks
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.rooms.home_room import HomeRoom
from p2pchat.types import ContactId, ConversationId, MemberId

ROOMS_MAX: Final = 32
"""Rooms that a home is in: each costs a hash for every cell that passes."""


class RoomTable:
    """An ordered table."""

    def __init__(self) -> None:
        self._rooms: dict[ConversationId, HomeRoom] = {}

    def __iter__(self) -> Iterator[HomeRoom]:
        return iter(list(self._rooms.values()))

    def __contains__(self, room: object) -> bool:
        return room in self._rooms

    @property
    def is_full(self) -> bool:
        """Whether this home can be in no other room."""
        return sum(room.room.changes.is_in for room in self._rooms.values()) >= ROOMS_MAX

    def find_room(self, id: ConversationId | None) -> HomeRoom | None:
        """Find one."""
        return self._rooms.get(id) if id is not None else None

    def count_tag_keys(self) -> int:
        """Count the keys under which members of rooms were looked for, forgotten ones too."""
        return sum(room.room.state.tags.added for room in self._rooms.values())

    def find_key_state(self, id: ConversationId) -> RoomKeyState | None:
        """Find the keys of a room, to show what can be made of them."""
        room = self._rooms.get(id)
        return room.room.state if room is not None else None

    def put_room(self, room: HomeRoom) -> None:
        """Add one, or another machine of one that is here."""
        self._rooms[room.id] = room

    def drop_room(self, id: ConversationId) -> None:
        """Forget one."""
        self._rooms.pop(id, None)

    def find_taken(self, name: str) -> str | None:
        """Under which name another room is here that looks the same."""
        keys = looks.keys(name)
        names = (room.record.name for room in self._rooms.values())
        return next((known for known in names if not keys.isdisjoint(looks.keys(known))), None)

    def free_name(self, name: str, but: ConversationId) -> str:
        """``name``, with a number if another room than ``but`` has it, or one that looks the same."""
        others = (room.record.name for room in self._rooms.values() if room.id != but)
        taken = {key for other in others for key in looks.keys(other)}
        free, number = name, 1
        while not taken.isdisjoint(looks.keys(free)):
            number += 1
            free = f"{name}-{number}"
        return free


def find_contact(room: HomeRoom, contact: ContactId) -> MemberId | None:
    """Find the member of a room that is a contact, as far as it is known."""
    known = room.record.known.items()
    members = room.room.changes.members
    return next((member for member, who in known if who == contact and member in members), None)

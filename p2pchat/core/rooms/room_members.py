"""Members of rooms, as people who may become contacts.

Knows: what is known of a member, and how a word comes to it alone. Does not know: what is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.rooms.home_room import HomeRoom
from p2pchat.core.rooms.room_table import RoomTable
from p2pchat.core.values.introductions import MemberOf, MemberPerson
from p2pchat.core.values.records import Contact
from p2pchat.types import ContactId, MemberId, MeshId
from p2pchat.wire.introductions import IntroductionWord


class RoomMembers:
    """Of all rooms of a home."""

    def __init__(
        self,
        table: RoomTable,
        find_contact: Callable[[ContactId], Contact | None],
        find_mesh: Callable[[MeshId], MeshId | None],
    ) -> None:
        """``find_mesh``: the last of those that have followed one another."""
        self.moved = False
        """A room may be due at another time."""
        self._table = table
        self._find_contact = find_contact
        self._find_mesh = find_mesh

    def describe_member(self, source: MemberOf) -> MemberPerson | None:
        """What is known of another who is in a room with us."""
        room, member = self._table.find_room(source.room), source.member
        if room is None or not room.room.changes.is_in or member == room.room.own:
            return None
        mesh = self._find_mesh(room.record.mesh)
        if member not in room.room.changes.members or mesh is None:
            return None
        by = room.room.changes.find_inviter(member)
        contact = self._find_known(room, member)
        return MemberPerson(
            room.room.changes.find_member(member).name,
            room.room.own,
            room.record.name,
            self._name(room, by) if by is not None and by != room.room.own else "",
            mesh,
            contact.id if contact is not None else None,
        )

    def tell_member(self, source: MemberOf, word: IntroductionWord, now: float) -> list[Routed]:
        """Say a word of an introduction to a member alone."""
        room = self._table.find_room(source.room)
        self.moved = True
        return room.tell_member(source.member, word, now) if room is not None else []

    def note_contact(self, source: MemberOf, contact: ContactId) -> list[Routed]:
        """A member is this contact: it has shown that in an introduction."""
        room = self._table.find_room(source.room)
        if room is None:
            return []
        return room.change_record(replace(room.record, known={**room.record.known, source.member: contact}))

    def _name(self, room: HomeRoom, member: MemberId) -> str:
        contact = self._find_known(room, member)
        return contact.name if contact is not None else room.room.changes.find_member(member).name

    def _find_known(self, room: HomeRoom, member: MemberId) -> Contact | None:
        known = room.record.known.get(member)
        return self._find_contact(known) if known is not None else None

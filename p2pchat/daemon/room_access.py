"""What all methods about rooms need: rooms and members as they are shown, and changes that the core takes.

Knows: which values an answer is made of. Does not know: any method.
"""

from __future__ import annotations

from p2pchat.control import rooms
from p2pchat.core.values.refusals import Rejected
from p2pchat.core.values.room_inputs import RoomFounded, RoomInput
from p2pchat.core.values.status import RoomStatus
from p2pchat.daemon import room_views
from p2pchat.daemon.names import Names
from p2pchat.daemon.needs import HasNames
from p2pchat.daemon.refusals import raise_refusal
from p2pchat.types import ConversationId, MemberId, MeshId


class RoomAccess:
    """Finds, shows and changes the rooms of one running node."""

    def __init__(self, host: HasNames) -> None:
        self._host = host

    def make_names(self) -> Names:
        """Return all names as they are now."""
        return self._host.names

    def find_room(self, name: str) -> RoomStatus:
        """Find a room by name. Raises UsageError."""
        return self.make_names().find_room(name)

    def current_room(self, room: ConversationId) -> RoomStatus:
        """Return a room as it is now."""
        return next(one for one in self._host.node.rooms.list_rooms() if one.record.id == room)

    def view_room(self, room: RoomStatus) -> rooms.RoomInfo:
        """Describe a room for a client."""
        offers = self._host.node.rooms.list_offers()
        return room_views.room(room, offers, self.make_names(), self._host.clock.now())

    def view_member(self, room: RoomStatus, member: MemberId) -> rooms.MemberInfo:
        """Describe a member for a client."""
        status = next(one for one in room.members if one.id == member)
        contacts = {contact.id: contact for contact in self._host.node.list_contacts()}
        contact = contacts.get(status.contact) if status.contact is not None else None
        return room_views.member(status, room, self.make_names(), contact)

    async def submit_input(self, input: RoomInput, *, name: str = "", contact: str = "") -> None:
        """Submit an input to the core. Raises P2PChatError if the core refuses it."""
        rejected: Rejected | None = await self._host.driver.submit_and_persist(input)
        raise_refusal(rejected, contact=contact, name=name)

    async def change_room(self, room: RoomStatus, input: RoomInput, name: str = "") -> rooms.RoomInfo:
        """Submit an input to the core, and describe the room afterwards."""
        await self.submit_input(input, name=name)
        return self.view_room(self.current_room(room.record.id))

    async def found_room(self, name: str, mesh: MeshId | None) -> RoomStatus:
        """Found a room, and return it."""
        known = {room.record.id for room in self._host.node.rooms.list_rooms()}
        await self.submit_input(RoomFounded(name, mesh), name=name)
        return next(room for room in self._host.node.rooms.list_rooms() if room.record.id not in known)

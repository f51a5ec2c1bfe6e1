"""Makes the rooms of a home: out of the store, anew, or out of a welcome.

Knows: what is kept and told when a room comes to be here. Does not know: who wants it, or offers.
"""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.room.room import Room
from p2pchat.core.rooms.home_room import HomeRoom, RoomSurroundings
from p2pchat.core.rooms.room_table import RoomTable
from p2pchat.core.values.effects import Notify, Persist
from p2pchat.core.values.room_events import RoomTurn, RoomTurned
from p2pchat.core.values.room_records import (
    DropRoomRecords,
    PutRoom,
    RoomOfferRecord,
    RoomRecord,
    RoomState,
)
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy
from p2pchat.types import MeshId, conversation_in


class RoomFactory:
    """One home's."""

    def __init__(
        self,
        table: RoomTable,
        around: RoomSurroundings,
        count_links: Callable[[MeshId], int],
        entropy: Entropy,
    ) -> None:
        """``count_links``: over how many links the members of rooms in a mesh are reached."""
        self._table = table
        self._around = around
        self._count_links = count_links
        self._entropy = entropy

    def draw_entropy(self) -> Entropy:
        """Draw what one room draws from."""
        return self._entropy.make_child(self._entropy.draw_bytes(16).hex())

    def restore_room(self, state: RoomState, alone_since: float, now: float) -> HomeRoom | None:
        """Go on with one; one whose records are damaged stays as it is on disk, and is not listened to."""
        try:
            room = Room.restore_room(state.records, self.draw_entropy(), now)
            made = HomeRoom(state.record, room, state.records, self._around, alone_since)
        except RefusedInput:
            self._around.counters["rooms not restored"] += 1
            return None
        self._table.put_room(made)
        return made

    def keep_room(
        self, room: Room, mesh: MeshId, offer: RoomOfferRecord | None, turn: RoomTurn, now: float
    ) -> tuple[HomeRoom, list[Routed]]:
        """Keep a room that has come to be here. ``offer``: by which we have come in; None: we founded it."""
        id = conversation_in(room.changes.log.room)
        replaced = [Persist(DropRoomRecords(id))] if id in self._table else []
        name = self._table.free_name(room.changes.roster.name, id)
        inviter = room.changes.find_inviter(room.own)
        known = {inviter: offer.contact} if offer is not None and inviter is not None else {}
        whose = offer.contact if offer is not None else None
        record = RoomRecord(id, name, mesh, room.own, now, whose, known=known)
        made = HomeRoom(record, room, {}, self._around, now)
        made.on_links(self._count_links(mesh), now, now)
        self._table.put_room(made)
        kept = made.run_outputs(room.return_after(0.0, now), now)
        return made, [Persist(PutRoom(record)), *replaced, *kept, Notify(RoomTurned(id, turn))]

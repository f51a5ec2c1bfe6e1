"""All rooms of this home, and the offers of rooms.

Knows: which room an input concerns. Does not know: what happens within a room.
"""

from __future__ import annotations

from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_inputs import (
    ForRooms,
    RoomFounded,
    RoomOfferAnswered,
    RoomOfferWithdrawn,
    RoomRecordsFetched,
)
from p2pchat.core.values.room_records import RoomOfferRecord
from p2pchat.core.values.status import RoomStatus


class Rooms:
    """Each method returns what is to be done, in order."""

    def list_rooms(self) -> tuple[RoomStatus, ...]:
        """All rooms in which this home is or was, in the order in which it came in."""
        return ()

    def list_offers(self) -> tuple[RoomOfferRecord, ...]:
        """All offers of rooms that are not over, ours and those made to us, the oldest first."""
        return ()

    def take_input(self, input: ForRooms, now: float) -> list[Routed]:
        """Do what the person wants of a room."""
        match input:
            case RoomRecordsFetched():
                return []
            case RoomFounded():
                return [Rejected(Reason.NO_MESH)]
            case RoomOfferWithdrawn() | RoomOfferAnswered():
                return [Rejected(Reason.NO_SUCH_OFFER)]
            case _:
                return [Rejected(Reason.NO_SUCH_ROOM)]

"""All rooms of a home, in nodes that talk to each other."""

from __future__ import annotations

from p2pchat.core.rooms.rooms import Rooms
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_inputs import RoomForgotten, RoomOfferWithdrawn
from p2pchat.types import ConversationId, RoomOfferId


def test_what_is_not_there_is_refused_plainly() -> None:
    rooms = Rooms()
    assert rooms.take_input(RoomForgotten(ConversationId("#")), 0.0) == [Rejected(Reason.NO_SUCH_ROOM)]
    assert rooms.take_input(RoomOfferWithdrawn(RoomOfferId(bytes(16))), 0.0) == [
        Rejected(Reason.NO_SUCH_OFFER)
    ]

"""What a home keeps of its rooms."""

from __future__ import annotations

from p2pchat.core.values.room_records import RoomOfferRecord
from p2pchat.types import ContactId, RoomId, RoomOfferId, conversation_in


def test_an_offer_of_ours_says_of_which_room_it_is_and_one_made_to_us_cannot() -> None:
    made_to_us = RoomOfferRecord(RoomOfferId(bytes(16)), ContactId("a"), "book club", 3, 1.0)
    room = conversation_in(RoomId(bytes(32)))
    ours = RoomOfferRecord(RoomOfferId(bytes(16)), ContactId("a"), "book club", 3, 1.0, room)
    assert not made_to_us.outgoing and ours.outgoing

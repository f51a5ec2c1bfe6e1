"""What people are told of what happens in a room."""

from __future__ import annotations

import pytest

from p2pchat.core.room.arrival import MemberKeys
from p2pchat.core.room.outputs import (
    GapFound,
    HomePutBack,
    MemberSpoke,
    MemberUneven,
    OtherToldOtherwise,
    RoomNews,
    WithheldEntries,
)
from p2pchat.core.room.room import Room
from p2pchat.core.rooms.turns import list_turns
from p2pchat.core.values.room_events import RoomTurn, RoomTurned
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MemberId, RoomId, conversation_in

ROOM = conversation_in(RoomId(b"r" * 32))
ANNA = MemberId(b"a" * 32)


@pytest.mark.parametrize(
    ("news", "turns"),
    [
        (MemberSpoke(ANNA), [RoomTurned(ROOM, RoomTurn.SPOKE, ANNA)]),
        (GapFound(ANNA, 3), [RoomTurned(ROOM, RoomTurn.GAP, ANNA, count=3)]),
        (OtherToldOtherwise(ANNA), [RoomTurned(ROOM, RoomTurn.TOLD_OTHERWISE, ANNA)]),
        (MemberUneven(ANNA), [RoomTurned(ROOM, RoomTurn.UNEVEN, ANNA)]),
        (HomePutBack(), [RoomTurned(ROOM, RoomTurn.PUT_BACK)]),
        (WithheldEntries((ANNA,)), [RoomTurned(ROOM, RoomTurn.WITHHELD, ANNA)]),
    ],
)
def test_each_of_them_has_its_event(news: RoomNews, turns: list[RoomTurned]) -> None:
    entropy = SeededEntropy("turns")
    room = Room.found_room("walkers", MemberKeys.draw_keys("anna", entropy), entropy, 1.9e9)
    assert list(list_turns(ROOM, news, room.changes, room.changes.roster)) == turns

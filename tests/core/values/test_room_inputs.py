"""What is wanted of rooms, where there is none."""

from __future__ import annotations

import pytest

from p2pchat.core.node import NodeMachine
from p2pchat.core.values import room_inputs
from p2pchat.core.values.records import Memory
from p2pchat.core.values.refusals import Rejected
from p2pchat.core.values.room_records import Loudness, RoomRole
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, ConversationId, MemberId, RoomOfferId
from tests.support.homes import identity

ROOM, MEMBER, OFFER = ConversationId("#" + "0" * 64), MemberId(bytes(32)), RoomOfferId(bytes(16))


@pytest.mark.parametrize(
    "input",
    [
        room_inputs.RoomFounded("book club"),
        room_inputs.RoomOffered(ROOM, ContactId("0" * 64)),
        room_inputs.RoomOfferWithdrawn(OFFER),
        room_inputs.RoomOfferAnswered(OFFER, accept=True),
        room_inputs.RoomLeft(ROOM),
        room_inputs.RoomForgotten(ROOM),
        room_inputs.MemberRemoved(ROOM, MEMBER),
        room_inputs.RoleGiven(ROOM, MEMBER, RoomRole.ADMIN),
        room_inputs.RoomRenamed(ROOM, "film club"),
        room_inputs.RoomRetention(ROOM, 60),
        room_inputs.RoomLoudness(ROOM, Loudness.NONE),
    ],
    ids=lambda input: type(input).__name__,
)
def test_a_node_without_rooms_refuses_plainly(input: room_inputs.RoomInput) -> None:
    (answer,) = NodeMachine(Memory(identity()), SeededEntropy(b"1")).handle(input, 1.0)
    assert isinstance(answer, Rejected)

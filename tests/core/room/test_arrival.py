"""Somebody comes in with keys of its own, and is given what it needs and nothing else."""

from __future__ import annotations

import pytest

from p2pchat.core.room.arrival import MemberKeys, make_welcome
from p2pchat.core.room.room import Room
from p2pchat.errors import LimitError, Malformed, RefusedInput
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import EntryId
from tests.support.room_world import RoomWorld


def test_a_welcome_has_the_log_a_period_and_the_numbers_of_before() -> None:
    world = RoomWorld(1, "anna", "ben")
    world.say("ben", "before")
    world.run(20.0)
    keys = MemberKeys.draw_keys("carl", SeededEntropy("carl"))
    welcome, _ = world.room("anna").admit_member(keys.public, world.now)
    assert welcome.numbers == ((world["ben"].id, 1),)
    assert len(welcome.entries) == 3 and len(welcome.grant.members) == 3
    room = Room.enter_room(welcome, keys, SeededEntropy("carl"), world.now)
    assert room.changes.members == world.room("anna").changes.members
    assert room.flow.numbers.frontier_of(world["ben"].id) == 1


def test_a_welcome_for_other_keys_is_refused() -> None:
    world = RoomWorld(2, "anna", "ben")
    keys = MemberKeys.draw_keys("carl", SeededEntropy("carl"))
    welcome, _ = world.room("anna").admit_member(keys.public, world.now)
    other = MemberKeys.draw_keys("carl", SeededEntropy("other"))
    with pytest.raises(RefusedInput):
        Room.enter_room(welcome, other, SeededEntropy("carl"), world.now)


def test_who_may_not_let_in_cannot_welcome() -> None:
    world = RoomWorld(3, "anna", "ben")
    keys = MemberKeys.draw_keys("carl", SeededEntropy("carl"))
    room = world.room("ben")
    with pytest.raises(LimitError):
        room.admit_member(keys.public, world.now)
    with pytest.raises(LimitError):
        make_welcome(EntryId(b"x" * 32), room.changes, room.state, room.flow)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(Malformed):
        _ = MemberKeys.draw_keys("", SeededEntropy("absent")).public

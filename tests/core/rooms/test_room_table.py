"""Each room has a name of its own here."""

from __future__ import annotations

from tests.support.homes_in_rooms import RoomsWorld


def test_two_rooms_of_one_name_can_be_told_apart() -> None:
    world = RoomsWorld("alice", "bob")
    world.found("alice", "walkers")
    world.found("bob", "Walkers")
    world.offer("alice", "bob")
    world.answer("bob")
    world.run(20.0)
    names = [room.record.name for room in world.rooms("bob")]
    assert names == ["Walkers", "walkers-2"]
    assert [room.own_name for room in world.rooms("bob")] == ["Walkers", "walkers"]

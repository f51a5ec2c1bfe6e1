"""A room comes to be here, and goes on after a restart."""

from __future__ import annotations

from p2pchat.core.values.room_inputs import RoomLeft
from tests.support.homes_in_rooms import RoomsWorld


def test_a_damaged_room_is_left_alone_and_others_go_on() -> None:
    world = RoomsWorld("alice", "bob")
    world.found("alice", "walkers")
    world.found("alice", "climbers")
    first, second = world.rooms("alice")
    world.machines["alice"].store.room_records[first.record.id] = {b"log": b"nonsense"}
    world.restart("alice")
    assert [room.record.id for room in world.rooms("alice")] == [second.record.id]
    assert world.machines["alice"].running.get_status().counters["rooms not restored"] == 1
    assert first.record.id in world.machines["alice"].store.rooms, "it stays on disk"


def test_who_left_comes_back_as_another_member_into_the_same_conversation() -> None:
    world = RoomsWorld("alice", "bob")
    world.found("alice")
    world.let_in("alice", "bob")
    world.run(20.0)
    before, room = world.own("bob"), world.id("bob")
    world.say("bob", "before")
    world.run(20.0)
    world.tell("bob", RoomLeft(room))
    world.run(30.0)
    world.let_in("alice", "bob")
    world.run(20.0)
    assert world.id("bob") == room and world.own("bob") != before
    assert world.names("alice") == ["alice", "bob"]
    world.say("bob", "after")
    world.run(20.0)
    assert world.machines["alice"].store.received() == ["before", "after"]
    assert [line.text for line in world.machines["bob"].store.history] == ["before", "after"]
    world.restart("bob")
    assert world.own("bob") == world.machines["bob"].store.rooms[room].own

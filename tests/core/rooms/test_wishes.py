"""What a member may want of a room, and what all see of it."""

from __future__ import annotations

import pytest

from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_events import RoomTurn
from p2pchat.core.values.room_inputs import (
    MemberRemoved,
    RoleGiven,
    RoomInput,
    RoomLeft,
    RoomLoudness,
    RoomRenamed,
    RoomRetention,
)
from p2pchat.core.values.room_records import Loudness, RoomRole
from p2pchat.types import MemberId
from tests.support.homes_in_rooms import RoomsWorld


@pytest.fixture
def world() -> RoomsWorld:
    world = RoomsWorld("alice", "bob", "carol")
    world.found("alice")
    world.let_in("alice", "bob")
    world.let_in("alice", "carol")
    world.run(20.0)
    return world


def roles(world: RoomsWorld, name: str) -> dict[str, RoomRole]:
    return {member.name: member.role for member in world.room(name).members}


def test_the_owner_gives_offices_and_hands_the_room_over(world: RoomsWorld) -> None:
    room = world.id("alice")
    world.tell("alice", RoleGiven(room, world.own("bob"), RoomRole.ADMIN))
    world.run(20.0)
    assert roles(world, "carol")["bob"] is RoomRole.ADMIN and RoomTurn.ROLE in world.turns("carol")
    world.tell("alice", RoleGiven(room, world.own("carol"), RoomRole.OWNER))
    world.run(20.0)
    assert roles(world, "bob")["carol"] is RoomRole.OWNER and world.room("carol").role is RoomRole.OWNER
    world.tell("carol", RoomLeft(room, (world.own("bob"),)))
    world.run(60.0)
    assert roles(world, "alice") == {"alice": RoomRole.MEMBER, "bob": RoomRole.OWNER}


def test_a_removed_member_is_told_and_hears_nothing_more(world: RoomsWorld) -> None:
    world.tell("alice", MemberRemoved(world.id("alice"), world.own("bob")))
    world.run(30.0)
    assert world.room("bob").role is None and world.turns("bob")[-1] is RoomTurn.ENDED
    world.say("carol", "without bob")
    world.run(30.0)
    assert world.machines["alice"].store.received() == ["without bob"]
    assert world.machines["bob"].store.received() == []


def test_name_and_retention_hold_for_all(world: RoomsWorld) -> None:
    room = world.id("alice")
    world.tell("alice", RoomRenamed(room, "climbers"))
    world.tell("alice", RoomRetention(room, 60))
    world.run(20.0)
    assert world.room("carol").record.name == "climbers" and world.room("carol").retention_s == 60
    world.say("bob", "soon gone")
    world.run(20.0)
    (line,) = world.machines["carol"].store.history
    assert line.expires_at is not None
    world.run(120.0)
    for name in world.machines:
        assert world.machines[name].store.history == [], name


def test_how_loud_a_room_is_concerns_its_person_alone(world: RoomsWorld) -> None:
    world.tell("bob", RoomLoudness(world.id("bob"), Loudness.MENTIONS))
    world.restart("bob")
    assert world.room("bob").record.loudness is Loudness.MENTIONS
    assert world.room("alice").record.loudness is Loudness.ALL


def test_what_an_office_does_not_permit_is_refused(world: RoomsWorld) -> None:
    room = world.id("bob")

    def refusal(wish: RoomInput) -> list[object]:
        return list(world.machines["bob"].running.rooms.take_input(wish, world.now))

    assert refusal(MemberRemoved(room, world.own("carol"))) == [Rejected(Reason.MAY_NOT)]
    assert refusal(MemberRemoved(room, MemberId(bytes(32)))) == [Rejected(Reason.NO_SUCH_MEMBER)]
    assert refusal(RoleGiven(room, MemberId(bytes(32)), RoomRole.ADMIN)) == [Rejected(Reason.NO_SUCH_MEMBER)]
    assert refusal(RoomRenamed(room, "climbers")) == [Rejected(Reason.MAY_NOT)]
    assert refusal(RoomRenamed(room, "")) == [Rejected(Reason.NAME_MALFORMED)]
    assert refusal(RoomRetention(room, 3)) == [Rejected(Reason.RETENTION_IMPOSSIBLE)]
    world.tell("bob", RoomLeft(room))
    assert refusal(RoomLeft(room)) == [Rejected(Reason.NOT_IN_ROOM)]

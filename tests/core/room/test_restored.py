"""A home that was put back to a copy of itself: it goes on, and takes no key or number twice."""

from __future__ import annotations

import pytest

from p2pchat.core.room.outputs import HomePutBack, OtherToldOtherwise
from p2pchat.core.room.own_number import DOUBT_S
from p2pchat.core.room.room import Room
from p2pchat.errors import LimitError
from p2pchat.types import EntryId
from p2pchat.wire.room_actions import RenameRoom
from tests.support.room_world import RoomWorld


def put_back(world: RoomWorld, name: str, records: dict[bytes, bytes], told: bool) -> None:
    """A home goes on from older records; ``told``: and it knows."""
    home = world[name]
    home.records = dict(records)
    home.lines.clear()
    home.room = Room.restore_room(home.records, world.entropy.make_child(f"put back {name}"), world.now)
    if told:
        world.do(name, home.room.on_restored(world.now))


def talk(world: RoomWorld) -> dict[bytes, bytes]:
    """anna says things, and what she kept in the midst of it."""
    world.say("anna", "one")
    world.run(30.0)
    kept = dict(world["anna"].records)
    for text in ("two", "three"):
        world.say("anna", text)
        world.run(30.0)
    world.say("ben", "I see")
    world.run(30.0)
    return kept


def test_a_home_that_was_put_back_waits_for_the_others_and_goes_on_behind_what_they_have() -> None:
    world = RoomWorld(1, "anna", "ben", "carl")
    put_back(world, "anna", talk(world), told=True)
    with pytest.raises(LimitError):
        world.say("anna", "too early")
    with pytest.raises(LimitError):
        world.change("anna", RenameRoom("climbers"))
    world.run(DOUBT_S + 3600.0)
    world.say("anna", "four")
    world.run(60.0)
    assert world["ben"].texts == ["one", "two", "three", "four"]
    assert world["carl"].texts == ["one", "two", "three", "I see", "four"]
    for name in world.homes:
        assert not [news for news in world[name].news if isinstance(news, OtherToldOtherwise)]
        world.check_lines(name)


def test_the_doubt_outlives_a_crash() -> None:
    world = RoomWorld(2, "anna", "ben", "carl")
    put_back(world, "anna", talk(world), told=True)
    world.kill("anna")
    with pytest.raises(LimitError):
        world.say("anna", "too early")
    world.run(DOUBT_S + 3600.0)
    world.say("anna", "four")


def test_a_home_that_is_not_told_finds_it_out_by_what_the_others_have() -> None:
    world = RoomWorld(3, "anna", "ben", "carl")
    put_back(world, "anna", talk(world), told=False)
    world.run(3600.0)
    assert [news for news in world["anna"].news if isinstance(news, HomePutBack)] == [HomePutBack()]
    world.run(3600.0)
    world.say("anna", "four")
    world.run(60.0)
    assert world["ben"].texts[-1] == world["carl"].texts[-1] == "four"


def test_who_is_alone_does_not_wait() -> None:
    world = RoomWorld(4, "anna")
    put_back(world, "anna", dict(world["anna"].records), told=True)
    world.say("anna", "alone")


def test_entries_that_were_written_since_the_copy_come_back_and_count() -> None:
    world = RoomWorld(5, "anna", "ben", "carl")
    kept = dict(world["anna"].records)
    world.change("anna", RenameRoom("climbers"))
    world.run(30.0)
    last = EntryId(world.room("anna").changes.heads)
    put_back(world, "anna", kept, told=True)
    assert not world.room("anna").changes.has_entry(last)
    world.run(DOUBT_S + 3600.0)
    assert world.room("anna").changes.roster.name == "climbers"
    world.change("anna", RenameRoom("divers"))
    world.run(60.0)
    assert {world.room(name).changes.roster.name for name in world.homes} == {"divers"}
    assert not [news for news in world["ben"].news if isinstance(news, OtherToldOtherwise)]

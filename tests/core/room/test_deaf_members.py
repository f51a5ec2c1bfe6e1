"""A member that lost what began a period hears no cell that follows: it notices that, and asks."""

from __future__ import annotations

from p2pchat.core.room.asks import DEAF_MIN_S
from tests.support.room_world import RoomWorld

FOUR = ("anna", "ben", "carl", "dora")


def world_in_which_carl_lacks_a_leave(seed: int) -> RoomWorld:
    """Dora has left; anna commits without her, and carl has the commit, but not dora's entry."""
    world = RoomWorld(seed, *FOUR)
    world.part(["anna", "ben", "dora"], ["carl"])
    world.leave("dora")
    world.run(20.0)
    world.go("dora")
    world.part(FOUR)
    world.say("anna", "three are left")
    world.run(5.0)
    return world


def test_a_commit_upon_entries_that_are_not_here_has_its_reader_ask_for_them() -> None:
    world = world_in_which_carl_lacks_a_leave(1)
    world.run(120.0)
    world.say("anna", "do you hear us?")
    world.run(120.0)
    assert world["carl"].texts == ["three are left", "do you hear us?"]
    assert world.roster_of("carl") == ["anna", "ben", "carl"]


def test_a_kill_while_something_waits_costs_no_more() -> None:
    world = world_in_which_carl_lacks_a_leave(2)
    world.kill("carl")
    world.run(120.0)
    world.say("anna", "do you hear us?")
    world.run(120.0)
    assert world["carl"].texts == ["three are left", "do you hear us?"]


def test_after_a_kill_while_nothing_waits_no_member_is_asked() -> None:
    world = RoomWorld(3, *FOUR)
    world.say("anna", "one")
    world.run(60.0)
    world.kill("carl")
    assert not world.room("carl").repair.asks.list_needs()


def test_who_hears_no_member_for_some_minutes_asks_one() -> None:
    world = RoomWorld(4, *FOUR)
    world.say("ben", "one")
    world.run(60.0)
    world.part(["anna", "ben", "dora"], ["carl"])
    world.remove("anna", "dora")
    world.run(20.0)
    world.part(FOUR)
    world.say("anna", "do you hear us?")
    world.run(3 * DEAF_MIN_S)
    assert world["carl"].texts == ["one", "do you hear us?"]
    assert world.roster_of("carl") == ["anna", "ben", "carl"]

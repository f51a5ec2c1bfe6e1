"""What a member does unasked goes at random times, and not because something came."""

from __future__ import annotations

from p2pchat.core.room.duties import (
    LEAVES_S,
    MERGES_AT_ONCE,
    REPLIES_AT_ONCE,
    REPLY_GAP_S,
    REPLY_PER_MEMBER_S,
)
from p2pchat.core.room.outputs import ReachedMember
from p2pchat.wire.room_actions import RenameRoom, SetRole, StrikeEntries
from tests.support.room_world import DAY_S, RoomWorld


def test_frontiers_go_while_a_room_is_in_use_and_stop_after_a_day() -> None:
    world = RoomWorld(1, "anna", "ben")
    world.say("anna", "hello")
    world.run(DAY_S / 2)
    at_half = world["ben"].cells
    assert 60 < at_half < 250
    world.run(DAY_S)
    after = world["ben"].cells
    world.run(DAY_S)
    assert world["ben"].cells - after < 40, "commits, and an ask where no member was heard for long"


def test_a_few_messages_in_a_row_are_each_told_of_as_soon_as_they_want_it() -> None:
    world = RoomWorld(2, "anna", "ben", "carl")
    for number in range(1, 5):
        world.say("anna", f"{number}", wants=True)
        world.run(3 * REPLY_PER_MEMBER_S + 10.0)
        reached = [news.number for news in world["anna"].news if isinstance(news, ReachedMember)]
        assert reached.count(number) == 2


def test_in_the_long_run_it_is_told_once_a_minute_however_often_it_is_wanted() -> None:
    world = RoomWorld(2, "anna", "ben", "carl")
    before = world["ben"].cells + world["carl"].cells
    for number in range(600):
        world.say("anna", f"{number}", wants=True)
        world.run(1.0)
    cells = world["ben"].cells + world["carl"].cells - before
    frontiers_and_commits = 20
    assert cells <= 2 * (REPLIES_AT_ONCE + 600 / REPLY_GAP_S) + frontiers_and_commits


def test_newcomers_are_sent_a_share_within_a_week() -> None:
    world = RoomWorld(3, "anna", "ben", "carl")
    assert world.room("carl").state.pairs.lacks_share(world["ben"].id)
    world.run(8 * DAY_S)
    for name in world.homes:
        others = [home.id for home in world.homes.values() if home.name != name]
        assert not any(world.room(name).state.pairs.lacks_share(other) for other in others)


def test_after_a_merge_somebody_commits_within_ten_minutes() -> None:
    world = RoomWorld(4, "anna", "ben", "carl")
    world.leave("carl")
    world.run(5.0)
    rooms = [world.room(name) for name in ("anna", "ben")]
    assert all(room.state.periods.choose_period(room.changes.members) is None for room in rooms)
    world.run(620.0)
    assert all(room.state.periods.choose_period(room.changes.members) is not None for room in rooms)


def test_entries_that_are_written_unasked_are_few_however_often_one_lets_in_others_apart() -> None:
    world = RoomWorld(5, "anna", "ben")
    world.change("anna", SetRole(world["ben"].id, admin=True))
    world.run(30.0)
    for number in range(MERGES_AT_ONCE + 2):
        world.part(["ben"], [name for name in world.homes if name != "ben"])
        world.change("anna", RenameRoom(f"walkers {number}"))
        world.let_in("ben", f"m{number}")
        world.run(30.0)
        world.heal()
        world.run(700.0)
    entries = [
        entry for entry in world.room("anna").changes.log.list_entries() if entry.author == world["anna"].id
    ]
    merges = sum(isinstance(entry.action, StrikeEntries) for entry in entries)
    assert MERGES_AT_ONCE <= merges <= MERGES_AT_ONCE + 1
    world.run(DAY_S / 4)
    assert {world.room(name).changes.roster.name for name in world.homes} == {f"walkers {MERGES_AT_ONCE + 1}"}


def test_a_leave_that_was_lost_on_all_is_written_again() -> None:
    world = RoomWorld(6, "anna", "ben", "carl")
    world.part(["anna", "ben"], ["carl"])
    world.leave("carl")
    before = world["carl"].cells
    world.heal(since=world.now + 1.0)
    world.run(3600.0)
    assert world.roster_of("anna") == world.roster_of("ben") == ["anna", "ben"]
    world.run(DAY_S / 4)
    assert world["carl"].cells <= before + 2 * len(LEAVES_S), "and then carl is silent"

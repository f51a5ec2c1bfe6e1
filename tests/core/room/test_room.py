"""One room: who says what to whom, who is in, and what each home tells its person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.room.arrival import MemberKeys
from p2pchat.core.room.outputs import MemberSpoke, ReachedMember, RosterChanged
from p2pchat.errors import LimitError, Unreadable
from p2pchat.wire.room_actions import STRUCK_MAX, AddMember, LeaveRoom, RenameRoom, SetRole
from p2pchat.wire.room_log import SentEntry
from tests.support.room_book import newcomer
from tests.support.room_world import DAY_S, RoomWorld


def test_what_one_says_all_read_and_it_is_one_cell() -> None:
    world = RoomWorld(1, "anna", "ben", "carl", "dora")
    before = world["anna"].cells
    world.say("anna", "hello")
    assert world["anna"].cells == before + 1
    world.run(20.0)
    world.say("ben", "hi")
    world.run(20.0)
    assert [world[name].texts for name in ("carl", "dora")] == [["hello", "hi"]] * 2
    assert world["anna"].texts == ["hi"] and world["ben"].texts == ["hello"]
    for name in world.homes:
        world.check_lines(name)
        world.check_counters(name)


def test_members_tell_how_far_they_have_read() -> None:
    world = RoomWorld(2, "anna", "ben", "carl")
    world.say("anna", "hello", wants=True)
    world.run(60.0)
    reached = {news.member for news in world["anna"].news if isinstance(news, ReachedMember)}
    assert world.names_of(reached) == ["ben", "carl"]


def test_somebody_is_there_once_it_was_heard() -> None:
    world = RoomWorld(3, "anna", "ben")
    spoke = [news.member for news in world["anna"].news if isinstance(news, MemberSpoke)]
    assert world.names_of(spoke) == ["ben"]


def test_newcomers_read_what_is_said_from_then_on_and_nothing_of_before() -> None:
    world = RoomWorld(4, "anna", "ben")
    world.say("anna", "before")
    world.run(20.0)
    world.let_in("anna", "carl")
    world.run(20.0)
    world.say("ben", "after")
    world.run(3600.0)
    assert world["carl"].texts == ["after"]
    world.check_lines("carl")
    assert world.roster_of("ben") == ["anna", "ben", "carl"]


def test_who_is_removed_knows_it_and_reads_nothing_more() -> None:
    world = RoomWorld(5, "anna", "ben", "carl")
    world.say("carl", "what did I do")
    world.run(20.0)
    world.remove("anna", "carl")
    world.run(20.0)
    world.say("ben", "he is gone")
    world.run(3600.0)
    assert world["carl"].texts == []
    assert not world.room("carl").changes.is_in
    with pytest.raises(LimitError):
        world.say("carl", "let me in")
    assert world["anna"].texts == ["what did I do", "he is gone"]


def test_who_leaves_is_out_and_the_others_commit_without_it() -> None:
    world = RoomWorld(6, "anna", "ben", "carl")
    world.leave("carl")
    world.run(700.0)
    period = world.room("ben").state.periods.choose_period()
    assert period is not None and world.names_of(period.members) == ["anna", "ben"]
    world.say("ben", "bye")
    world.run(20.0)
    assert world["anna"].texts == ["bye"] and world["carl"].texts == []


def test_an_owner_that_leaves_has_an_heir() -> None:
    world = RoomWorld(7, "anna", "ben", "carl")
    world.leave("anna", "carl")
    world.run(700.0)
    assert world.room("ben").changes.roster.owner == world["carl"].id
    world.let_in("carl", "dora")
    world.run(20.0)
    assert world.roster_of("ben") == ["ben", "carl", "dora"]


def test_offices_and_names_are_told() -> None:
    world = RoomWorld(8, "anna", "ben", "carl")
    world.change("anna", SetRole(world["ben"].id, admin=True))
    world.change("anna", RenameRoom("climbers"))
    world.run(20.0)
    changed = [news for news in world["carl"].news if isinstance(news, RosterChanged)][-1]
    assert (changed.name, changed.admins) == ("climbers", (world["ben"].id,))
    assert not changed.joined and not changed.left
    world.let_in("ben", "dora")
    world.run(20.0)
    assert world.roster_of("carl") == ["anna", "ben", "carl", "dora"]


def test_what_a_sender_did_not_know_is_marked() -> None:
    world = RoomWorld(9, "anna", "ben", "carl")
    world.part(["ben"], ["anna", "carl"])
    world.remove("anna", "carl")
    world.run(20.0)
    world.say("ben", "carl need not know")
    world.heal()
    world.run(60.0)
    (line,) = [line for line in world["anna"].lines if line.sender == world["ben"].id]
    assert world.names_of(line.could_read) == ["carl"]


def test_a_key_that_is_refused_lets_nobody_in() -> None:
    world = RoomWorld(10, "anna", "ben")
    with pytest.raises(Unreadable):
        world.room("anna").admit_member(world["ben"].keys.public, world.now)
    new = MemberKeys.draw_keys("carl", world.entropy.make_child("keys of carl")).public
    with pytest.raises(Unreadable):
        world.room("anna").admit_member(replace(new, recovery_key=bytes(32)), world.now)
    known = replace(new, recovery_key=world["ben"].keys.public.key)
    with pytest.raises(LimitError):
        world.room("anna").admit_member(known, world.now)
    assert world.roster_of("anna") == ["anna", "ben"]


def test_members_commit_at_random_times_and_go_on() -> None:
    world = RoomWorld(11, "anna", "ben", "carl")
    world.run(3 * DAY_S)
    depths = [max(period.depth for period in world.room(name).state.periods) for name in world.homes]
    assert min(depths) > 10
    world.say("carl", "still here")
    world.run(20.0)
    assert world["anna"].texts == ["still here"]


def test_a_home_that_is_killed_goes_on_from_what_it_has_kept() -> None:
    world = RoomWorld(12, "anna", "ben", "carl")
    world.say("anna", "one")
    world.run(20.0)
    for name in world.homes:
        world.kill(name)
    world.say("ben", "two")
    world.run(20.0)
    world.say("anna", "three")
    world.run(60.0)
    assert world["carl"].texts == ["one", "two", "three"]
    for name in world.homes:
        world.check_lines(name)


def test_a_message_that_waits_for_its_parents_outlives_a_crash() -> None:
    world = RoomWorld(13, "anna", "ben", "carl")
    world.part(["anna", "ben"], ["carl"])
    world.say("anna", "first")
    world.run(20.0)
    world.part(["anna", "ben", "carl"])
    world.say("ben", "second")
    world.run(5.0)
    assert world["carl"].texts == []
    world.kill("carl")
    world.run(600.0)
    assert world["carl"].texts == ["first", "second"]
    world.check_lines("carl")


def test_all_who_can_leave_alone_leaves_a_room_in_which_nothing_is_due_at_once() -> None:
    world = RoomWorld(14, "anna", "ben")
    world.change("ben", LeaveRoom(1))
    world.run(2 * DAY_S)
    assert world.roster_of("anna") == ["anna"]
    world.say("anna", "to myself")
    assert [line.payload for line in world["anna"].lines] == [b"to myself"]


def test_however_many_entries_we_do_not_apply_none_is_taken_in_by_what_we_write() -> None:
    """ben lets in members, and gives anna no MAC."""
    world = RoomWorld(31, "anna", "ben", "carl")
    world.change("anna", SetRole(world["ben"].id, admin=True))
    world.run(30.0)
    anna, ben = world.room("anna"), world.room("ben")
    for number in range(2 * STRUCK_MAX + 3):
        ben.changes.write_entry(AddMember(newcomer(f"ghost {number}")), ben.state)
    for entry in ben.changes.log.list_entries():
        anna.changes.take_entry(SentEntry(entry, ()), anna.state, world.now)
    anna.changes.note_heads(ben.changes.heads)  # as carl would name them
    assert len(anna.changes.roster.unsettled) == 2 * STRUCK_MAX + 3
    world.change("anna", RenameRoom("climbers"))
    assert world.roster_of("anna") == ["anna", "ben", "carl"] and len(anna.changes.members) == 3
    assert not anna.changes.roster.unsettled and len(anna.changes.roster.struck) == 2 * STRUCK_MAX + 3

"""What is lost is asked for and comes, each with the MAC of its sender; what no member has is told."""

from __future__ import annotations

from p2pchat.core.room.letters import LetterOpened
from p2pchat.core.room.outputs import GapFound, WithheldEntries
from p2pchat.types import EntryId
from p2pchat.wire.room_letters import encode_item
from p2pchat.wire.room_log import SentEntry
from tests.support.room_world import DAY_S, RoomWorld


def test_a_message_that_was_lost_comes_from_another() -> None:
    world = RoomWorld(1, "anna", "ben", "carl")
    world.part(["anna", "ben"], ["carl"])
    world.say("anna", "lost on carl")
    world.run(20.0)
    world.go("anna")
    world.part(["ben", "carl"])
    world.say("ben", "as she says")
    world.run(300.0)
    assert world["carl"].texts == ["lost on carl", "as she says"]
    assert [line.through for line in world["carl"].lines] == [None, None]
    world.check_lines("carl")


def test_a_commit_and_a_removal_that_were_lost_come_from_another() -> None:
    world = RoomWorld(2, "anna", "ben", "carl", "dora")
    world.part(["anna", "ben", "dora"], ["carl"])
    world.remove("anna", "dora")
    world.run(20.0)
    world.part(["anna", "ben", "carl", "dora"])
    world.say("ben", "without dora")
    world.run(3 * 3600.0)
    assert world.roster_of("carl") == ["anna", "ben", "carl"]
    assert world["carl"].texts == ["without dora"]


def test_members_on_two_branches_find_each_other() -> None:
    world = RoomWorld(3, "anna", "ben", "carl", "dora")
    world.part(["anna", "ben"], ["carl", "dora"])
    for name in ("anna", "carl"):
        for _ in range(3):
            world.do(name, world.room(name)._duties.make_commit(world.now))
        world.say(name, f"{name} apart")
        world.run(60.0)
    world.heal(since=world.now)
    world.run(DAY_S / 4)
    world.say("anna", "one room")
    world.run(60.0)
    for name in ("ben", "carl", "dora"):
        assert set(world[name].texts) == world.entitled(name)


def test_the_last_words_of_a_member_who_has_left_are_asked_for() -> None:
    world = RoomWorld(8, "anna", "ben", "carl", "dora")
    world.part(["anna", "ben", "dora"], ["carl"])
    world.say("dora", "last words")
    world.run(20.0)
    world.leave("dora")
    world.run(20.0)
    world.heal(since=world.now)
    world.say("anna", "dora has left")
    world.run(3 * 3600.0)
    assert world["carl"].texts == ["last words", "dora has left"]
    world.check_lines("carl")


def test_a_newcomer_on_a_branch_of_its_own_is_given_the_period_of_the_others() -> None:
    world = RoomWorld(10, "anna", "ben", "carl")
    world.part(["anna"], ["ben", "carl"])
    world.let_in("anna", "dora")
    for name in ("ben", "carl"):  # the entry reaches them, and the commit does not
        room, entry = world.room(name), world.room("anna").changes.find_sent(EntryId(world["dora"].id))
        room.changes.take_entry(entry, room.state, world.now)
    for text in ("ben commits", "and once more"):
        world.do("ben", world.room("ben")._duties.make_commit(world.now))
        world.say("ben", text)
        world.run(20.0)
    world.heal(since=world.now)
    world.say("carl", "one room")
    world.run(3600.0)
    assert set(world["dora"].texts) == world.entitled("dora")
    assert len({choice(world, name) for name in world.homes}) == 1


def choice(world: RoomWorld, name: str) -> bytes:
    """The period under which a home writes."""
    room = world.room(name)
    period = room.state.periods.choose_period(room.changes.members)
    return period.id if period is not None else b""


def test_a_newcomer_that_has_never_heard_anybody_asks_when_it_is_quiet() -> None:
    world = RoomWorld(11, "anna", "ben", "carl", "dora")
    world.let_in("anna", "emil")
    world.part(["anna", "ben", "carl", "dora"], ["emil"])
    world.remove("anna", "dora")  # and with dora goes the tag key
    world.run(20.0)
    world.heal(since=world.now)
    world.say("ben", "without dora")
    world.run(3 * 3600.0)
    assert world.roster_of("emil") == ["anna", "ben", "carl", "emil"]
    assert world["emil"].texts == ["without dora"]


def test_an_entry_in_an_answer_is_placed_though_its_mac_is_for_a_period_that_is_lost() -> None:
    """The one who answers speaks for it; it counts when a senior has built upon it."""
    world = RoomWorld(12, "anna", "ben", "carl", "dora")
    world.part(["anna", "ben", "dora"], ["carl"])
    world.leave("dora")
    world.run(20.0)
    (leave,) = world.room("ben").changes.log.list_heads()
    entry = world.room("ben").changes.find_sent(leave).entry
    carl, letter = world.room("carl"), encode_item(SentEntry(entry, ()))
    world.do("carl", carl._intake.take_events([LetterOpened(world["ben"].id, b"", letter)], world.now))
    assert carl.changes.has_entry(leave)
    assert "dora" in world.roster_of("carl")
    world.heal(since=world.now)
    world.run(3 * 3600.0)
    assert world.roster_of("carl") == ["anna", "ben", "carl"]


def test_what_nobody_has_is_a_gap_with_its_count() -> None:
    world = RoomWorld(4, "anna", "ben", "carl")
    world.part(["anna"], ["ben", "carl"])
    world.say("anna", "no member hears")
    world.say("anna", "no member hears this")
    world.part(["anna", "ben", "carl"])
    for key in [key for key in world["anna"].records if key[:1] == b"m"]:
        del world["anna"].records[key]
    world.say("anna", "is anybody there")
    world.run(3600.0)
    gaps = [(news.member, news.count) for news in world["ben"].news if isinstance(news, GapFound)]
    assert gaps == [(world["anna"].id, 2)]
    assert world["ben"].texts == ["is anybody there"]


def test_an_entry_that_nobody_has_is_told() -> None:
    world = RoomWorld(5, "anna", "ben", "carl")
    log = world.room("ben").changes.log
    log.note_head(EntryId(b"x" * 32))
    world.run(DAY_S / 2)
    assert log.list_missing() == []
    assert not [news for news in world["ben"].news if isinstance(news, WithheldEntries)], (
        "nothing waited for it"
    )


def test_nobody_answers_who_was_not_asked() -> None:
    world = RoomWorld(6, *(f"m{number}" for number in range(8)))
    world.run(60.0)
    before = {name: home.cells for name, home in world.homes.items()}
    world.go("m7")
    for number in range(5):
        world.say("m0", f"missed {number}")
    world.run(10.0)
    world.homes["m7"].here = True
    world.say("m1", "is m7 back")
    world.run(50.0)
    answering = [
        name
        for name in world.homes
        if name not in ("m0", "m1", "m7") and world[name].cells > before[name] + 1
    ]
    assert len(answering) <= 1
    assert len(world["m7"].texts) == 6


def test_in_a_talking_room_frontiers_and_repair_stay_under_one_cell_a_member_and_minute() -> None:
    world = RoomWorld(7, *(f"m{number}" for number in range(10)), loss=0.02)
    world.run(600.0)
    before, said = sum(home.cells for home in world.homes.values()), 0
    for _ in range(60):
        world.say(world.random.choice(list(world.homes)), f"{said}")
        said += 1
        world.run(60.0)
    cells = sum(home.cells for home in world.homes.values()) - before - said
    assert cells < 10 * 60

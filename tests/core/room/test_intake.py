"""What comes is told as what it is, and what is refused changes nothing."""

from __future__ import annotations

from p2pchat.core.room.messages import NO_PARENTS, NewMessage
from p2pchat.core.room.outputs import MemberUneven, OtherToldOtherwise
from p2pchat.core.room.reading import CommittedUnevenly, EntryOpened, PeriodOpened
from p2pchat.wire.room_cells import RoomKind
from tests.support.room_world import RoomWorld


def test_uneven_and_second_commits_are_told_with_their_author() -> None:
    world = RoomWorld(1, "anna", "ben")
    anna, intake = world["anna"].id, world.room("ben")._intake
    assert intake.take_events([CommittedUnevenly(b"p" * 32, anna)], world.now) == [MemberUneven(anna)]
    told = intake.take_events([PeriodOpened(b"p" * 32, anna, doubtful=True)], world.now)
    assert told == [OtherToldOtherwise(anna)]
    assert intake.take_events([PeriodOpened(b"p" * 32, anna, doubtful=False)], world.now) == []


def test_entries_that_are_none_are_counted() -> None:
    world = RoomWorld(2, "anna", "ben")
    room = world.room("ben")
    opened = EntryOpened(world["anna"].id, b"nonsense", (b"p" * 32, world["anna"].id, 0), 1)
    assert room._intake.take_events([opened], world.now) == []
    assert sum(room.counters.values()) == 1


def test_words_of_later_versions_and_messages_without_a_frontier_change_nothing() -> None:
    world = RoomWorld(3, "anna", "ben")
    anna, ben = world.room("anna"), world.room("ben")
    for number, kind, payload in ((0, RoomKind.WORD, b"\x63later"), (1, RoomKind.MESSAGE, b"\7no frontier")):
        new = NewMessage(kind, number, anna.changes.heads, NO_PARENTS, payload)
        sealed = anna._writing.seal_message(new, anna.changes.members, world.now)
        assert sealed is not None
        for cell in sealed.cells:
            world.broadcast("anna", cell)
        world.run(10.0)
    assert world["ben"].texts == []
    assert sum(ben.counters.values()) == 1
    world.say("ben", "what was that")
    world.run(10.0)
    assert world["anna"].texts == ["what was that"]

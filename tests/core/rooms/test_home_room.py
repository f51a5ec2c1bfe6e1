"""One room between its machine and the node: when it has its turn, and what it keeps first."""

from __future__ import annotations

from collections import Counter

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.messaging.outputs import Routed, SendInto
from p2pchat.core.messaging.retention import Purge
from p2pchat.core.room.arrival import MemberKeys
from p2pchat.core.room.room import Room
from p2pchat.core.rooms.home_room import AWAY_S, HomeRoom, RoomSurroundings
from p2pchat.core.values.changes import PutMessage
from p2pchat.core.values.effects import Persist
from p2pchat.core.values.room_inputs import RoomRecordsFetched
from p2pchat.core.values.room_records import PutRoomRecords, RoomRecord
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MemberId, MeshId, MessageId, conversation_in
from p2pchat.wire.content import Text
from p2pchat.wire.room_actions import SetRoomRetention

NOW, MESHES = 1.9e9, [MeshId(b"1" * 16), MeshId(b"2" * 16)]


def home_room() -> HomeRoom:
    entropy = SeededEntropy("home room")
    room = Room.found_room("walkers", MemberKeys.draw_keys("anna", entropy), entropy, NOW)
    around = RoomSurroundings(
        Purge(lines_expire=False), False, Counter(), lambda name, but: name, lambda mesh: MESHES
    )
    id = conversation_in(room.changes.log.room)
    return HomeRoom(RoomRecord(id, "walkers", MESHES[0], room.own, NOW), room, {}, around, NOW)


def say(room: HomeRoom, now: float) -> list[Routed]:
    return room.accept_content(Text(MessageId("1" * 32), now, "hello"), False, now)


def sent(steps: list[Routed]) -> list[MeshId]:
    return [step.mesh for step in steps if isinstance(step, SendInto)]


def test_what_is_kept_comes_before_what_leaves_and_goes_into_all_meshes_of_a_line() -> None:
    room = home_room()
    room.on_links(1, NOW, NOW)
    room.tick(NOW)
    steps = say(room, NOW + 1)
    assert sent(steps) == MESHES, "one cell, as members move from one mesh to the next"
    first = next(at for at, step in enumerate(steps) if isinstance(step, SendInto))
    assert all(isinstance(step, SendInto) for step in steps[first:])
    assert any(isinstance(step, Persist) and isinstance(step.change, PutRoomRecords) for step in steps)


def test_without_a_link_nothing_is_due_and_what_is_said_waits() -> None:
    room = home_room()
    assert room.next_wakeup() == NEVER and room.tick(NOW) == []
    assert sent(say(room, NOW)) == [] and room.waiting == 1
    later = NOW + AWAY_S + 1
    room.on_links(2, later + 5.0, later)
    assert room.next_wakeup() == later + 5.0, "after a longer time it waits for its turn"
    assert room.tick(later) == []
    assert set(sent(room.tick(later + 5.0))) == set(MESHES) and room.waiting == 1


def test_what_disappears_is_kept_for_others_no_longer_than_that() -> None:
    room = home_room()
    room.on_links(1, NOW, NOW)
    room.tick(NOW)
    room.change_roster(lambda: room.room.change_roster(SetRoomRetention(60), NOW), NOW)
    changes = [step.change for step in say(room, NOW + 1) if isinstance(step, Persist)]
    kept = [change for change in changes if isinstance(change, PutRoomRecords) and change.expires_at]
    assert [change.expires_at for change in kept] == [NOW + 61] and len(kept[0].records) == 1
    (line,) = [change.message for change in changes if isinstance(change, PutMessage)]
    assert line.expires_at == NOW + 61


def test_records_that_were_read_are_taken_whoever_asked() -> None:
    room = home_room()
    name = b"m" + bytes(32) + (1).to_bytes(4, "big")
    assert room.take_fetched(RoomRecordsFetched(room.id, MemberId(bytes(32)), {name: None}), NOW) == []

"""Whatever a room has sealed, its records stand in front of the cells."""

from __future__ import annotations

from p2pchat.core.room.outputs import KeepRecords, RoomOutput, SendRoomCell
from p2pchat.wire.room_actions import RenameRoom
from tests.support.room_world import RoomWorld


def comes_kept(outputs: list[RoomOutput]) -> bool:
    cells = [at for at, output in enumerate(outputs) if isinstance(output, SendRoomCell)]
    kept = [at for at, output in enumerate(outputs) if isinstance(output, KeepRecords)]
    return bool(cells) and kept == [0]


def test_records_stand_in_front_of_cells() -> None:
    world = RoomWorld(1, "anna", "ben", "carl")
    room = world.room("anna")
    assert comes_kept(room.say_payload(b"hello", False, world.now))
    assert comes_kept(room.change_roster(RenameRoom("climbers"), world.now))
    assert comes_kept(room.remove_member(world["carl"].id, world.now))
    assert comes_kept(room.greet_members(world.now))
    assert comes_kept(room.leave_room((), world.now))


def test_what_is_secret_is_not_shown() -> None:
    world = RoomWorld(2, "anna", "ben")
    shown = repr(world.room("anna").say_payload(b"hello", False, world.now))
    assert "hello" not in shown and len(shown) < 500

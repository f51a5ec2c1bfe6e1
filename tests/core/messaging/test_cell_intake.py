"""A cell waits for a random while, and is then opened by the owner of its tag, a contact or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from p2pchat.core.messaging.cell_intake import CellIntake
from p2pchat.core.messaging.letterbox import OPEN_MAX, Letterbox, ReceivedCell
from p2pchat.core.messaging.outputs import Output, Routed, SendCell, SendInto
from p2pchat.core.messaging.tag_owner import TagTable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ConversationId, Epoch, MeshId, Tag
from p2pchat.wire.cell import Cell
from p2pchat.wire.geometry import GEOMETRY

MESH = MeshId(b"m" * 16)


@dataclass
class Room:
    """An owner that is no contact's conversation. It answers what it opens."""

    id: ConversationId
    tags: list[Tag]
    opened: list[list[ReceivedCell]] = field(default_factory=list)

    def list_tags(self) -> list[Tag]:
        return self.tags

    def open_cells(self, received: Iterable[ReceivedCell], now: float) -> list[Output]:
        self.opened.append(list(received))
        return [SendCell(b"answer")]


def cell(tag: bytes) -> Cell:
    return Cell(Tag(tag.ljust(GEOMETRY.cell_tag)), Epoch(1), bytes(GEOMETRY.stamp), bytes(GEOMETRY.box))


def dispatch(owner: Room, wishes: Iterable[Output], now: float) -> list[Routed]:
    return [SendInto(MESH, wish.cell) for wish in wishes if isinstance(wish, SendCell)]


@pytest.fixture
def room() -> Room:
    return Room(ConversationId("1"), [cell(tag).tag for tag in (b"a", b"b")])


@pytest.fixture
def tags(room: Room) -> TagTable[Room]:
    table = TagTable[Room]()
    table.register_owner(room)
    return table


@pytest.fixture
def intake(tags: TagTable[Room]) -> CellIntake[Room]:
    return CellIntake(tags, Letterbox(SeededEntropy("intake"), (1.0, 2.0)), dispatch)


def test_cells_for_others_are_passed_over(intake: CellIntake[Room]) -> None:
    assert intake.put_cell(cell(b"x"), False, 0.0) is None
    assert intake.open_all(9.0) == []


def test_what_came_is_opened_together_when_it_is_time(intake: CellIntake[Room], room: Room) -> None:
    assert intake.put_cell(cell(b"a"), True, 0.0) is room
    intake.put_cell(cell(b"b"), False, 0.5)
    assert 1.0 <= intake.open_at <= 2.0
    assert intake.open_due(0.9) == [] and not room.opened
    assert intake.open_due(intake.open_at) == [SendInto(MESH, b"answer")]
    assert room.opened == [[ReceivedCell(cell(b"a"), late=True), ReceivedCell(cell(b"b"))]]


def test_who_has_gone_meanwhile_opens_nothing(
    intake: CellIntake[Room], room: Room, tags: TagTable[Room]
) -> None:
    intake.put_cell(cell(b"a"), False, 0.0)
    tags.unregister_owner(room)
    assert intake.open_all(0.0) == [] and not room.opened


def test_a_node_that_stops_opens_all_of_it(intake: CellIntake[Room], room: Room) -> None:
    for _ in range(OPEN_MAX + 1):
        intake.put_cell(cell(b"a"), False, 0.0)
    assert len(intake.open_all(0.0)) == 2
    assert [len(received) for received in room.opened] == [OPEN_MAX, 1]


@dataclass
class Rooms:
    """One room, whose members are known by the first received of their tags."""

    received: set[bytes] = field(default_factory=set)
    opened: list[Tag] = field(default_factory=list)
    awaits_welcome: bool = False

    def expects_keys(self) -> bool:
        return self.awaits_welcome or bool(self.received)

    def count_tag_keys(self) -> int:
        return len(self.received)

    def find_owner(self, cell: Cell, now: float) -> ConversationId | None:
        return ConversationId("#") if cell.tag[:1] in self.received else None

    def open_cells(self, owner: ConversationId, cells: Iterable[Cell], now: float) -> list[Routed]:
        """Each cell opened brings the key of the next received_cell, as a commit does."""
        self.opened += (each := [cell.tag for cell in cells])
        self.received |= {bytes([tag[0] + 1]) for tag in each}
        return []


def test_what_came_before_the_cell_that_makes_it_known_is_opened_after_it(intake: CellIntake[Room]) -> None:
    intake.rooms = rooms = Rooms({b"p"})
    for received_cell in (b"z", b"p", b"q", b"s", b"r"):
        intake.put_cell(cell(received_cell), True, 0.0)
    intake.open_all(9.0)
    assert [tag[:1] for tag in rooms.opened] == [b"p", b"q", b"r", b"s"]


def test_what_came_for_a_room_that_is_entered_later_is_opened_then(intake: CellIntake[Room]) -> None:
    intake.rooms = rooms = Rooms({b"p"})
    intake.put_cell(cell(b"a2"), False, 0.0)
    intake.put_cell(cell(b"m"), False, 0.0)
    rooms.received.add(b"m")
    intake.put_cell(cell(b"z"), False, 1.0)
    intake.open_all(9.0)
    assert [tag[:1] for tag in rooms.opened] == [b"m"]


def test_what_comes_before_the_welcome_into_a_first_room_is_opened_after_it(intake: CellIntake[Room]) -> None:
    intake.rooms = rooms = Rooms(awaits_welcome=True)
    intake.put_cell(cell(b"m"), False, 0.0)
    rooms.received.add(b"m")
    intake.put_cell(cell(b"z"), False, 1.0)
    intake.open_all(9.0)
    assert [tag[:1] for tag in rooms.opened] == [b"m"]


def test_a_node_without_rooms_remembers_no_strange_cells(intake: CellIntake[Room]) -> None:
    intake.rooms = Rooms()
    intake.put_cell(cell(b"x"), False, 0.0)
    assert not intake._strange

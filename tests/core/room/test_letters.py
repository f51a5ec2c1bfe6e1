"""A letter is for one member alone, and no other member can open or make it."""

from __future__ import annotations

from p2pchat.core.room.letters import LetterOpened
from p2pchat.wire.cell import decode_cell
from tests.support.rooms import NOW, Member, founded


def write(sender: Member, receiver: Member, data: bytes) -> list[bytes]:
    return sender.reading.letters.seal_letter(sender.latest, receiver.id, data, NOW)


def read(member: Member, cells: list[bytes]) -> list[tuple[bytes, bytes]]:
    told = [event for cell in cells for event in member.reading.open_cell(decode_cell(cell), NOW)]
    return [(event.sender, event.data) for event in told if isinstance(event, LetterOpened)]


def test_only_its_receiver_opens_a_letter() -> None:
    anna, ben, carl = founded("anna", "ben", "carl").members
    cells = write(anna, ben, b"for you")
    assert len(cells) == 1
    assert read(carl, cells) == [] and read(anna, cells) == []
    assert read(ben, cells) == [(anna.id, b"for you")]
    assert not ben.reading.counters and not carl.reading.counters


def test_a_long_letter_takes_several_cells_in_any_order() -> None:
    anna, ben = founded("anna", "ben").members
    cells = write(anna, ben, bytes(3000))
    assert len(cells) == 4
    assert read(ben, cells[::-1]) == [(anna.id, bytes(3000))]


def test_a_letter_stands_in_no_chain() -> None:
    anna, ben = founded("anna", "ben").members
    write(anna, ben, b"for you")
    assert anna.latest.index == 0
    ben.hear(anna.say("for all"))
    assert ben.texts == [(anna.id, b"for all")]


def test_nothing_is_written_to_whom_we_have_no_key_with() -> None:
    room = founded("anna", "ben")
    stranger = Member.named("carl", room.log)
    assert write(room[0], stranger, b"who are you") == []


def test_what_is_ruined_is_no_letter() -> None:
    anna, ben = founded("anna", "ben").members
    cell = bytearray(write(anna, ben, b"for you")[0])
    cell[-1] ^= 1
    assert read(ben, [bytes(cell)]) == []

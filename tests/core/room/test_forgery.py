"""One member alone makes up a whole transcript of a room, and one judge accepts it as the true one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.room.forgery import (
    COMMIT,
    RoomTranscript,
    Written,
    forge_transcript,
    verify_transcript,
)
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from tests.support.rooms import NOW, Member, Room, founded


@pytest.fixture
def room() -> Room:
    return founded("ann", "bob", "cid", "dee")


def script(room: Room) -> list[Written]:
    ann, bob, cid, dee = (member.id for member in room.members)
    return [
        (bob, b"Meet me at nine."),
        (ann, b"Where?"),
        (cid, COMMIT),
        (cid, b"At the bridge. " * 200),
        (bob, COMMIT),
        (bob, b"We two alone."),
        (dee, b"I was never there."),
    ]


def by_others(written: list[Written], judge: Member) -> list[Written]:
    return [(who, text) for who, text in written if text is not None and who != judge.id]


def true(room: Room, written: list[Written]) -> RoomTranscript:
    """What really passes between four homes, as the first one keeps it."""
    grant = room[0].state.make_grant(room[0].period)
    assert grant is not None
    by_id, cells = {member.id: member for member in room.members}, []
    for who, text in written:
        made = by_id[who].commit() if text is None else by_id[who].say(text.decode())
        room.tell(made, but=[by_id[who]])
        cells += made
    return RoomTranscript(grant, tuple(cells))


def made_up(room: Room, written: list[Written]) -> RoomTranscript:
    """By the first one alone: of the others only their public keys are used."""
    return forge_transcript(room[0].state.pairs, room[0].period.keys, written, SeededEntropy("forger"), NOW)


def test_a_judge_accepts_what_really_was_written(room: Room) -> None:
    transcript = true(room, script(room))
    assert verify_transcript(transcript, room[0].state.pairs, NOW) == by_others(script(room), room[0])


def test_and_accepts_what_one_member_made_up_alone(room: Room) -> None:
    transcript = made_up(room, script(room))
    assert verify_transcript(transcript, room[0].state.pairs, NOW) == by_others(script(room), room[0])


def test_the_forger_puts_any_words_into_any_mouth(room: Room) -> None:
    written: list[Written] = [(room[3].id, b"I owe ann a million."), (room[1].id, b"I have seen it.")]
    assert verify_transcript(made_up(room, written), room[0].state.pairs, NOW) == written


def test_both_have_cells_of_the_same_sizes_and_numbers(room: Room) -> None:
    forged, honest = made_up(room, script(room)), true(room, script(room))
    assert [len(cell) for cell in forged.cells] == [len(cell) for cell in honest.cells]


def test_a_judge_refuses_what_another_made_up_in_the_members_name(room: Room) -> None:
    """Else accepting would mean nothing: bob's forgery does not convince ann."""
    forged = forge_transcript(
        room[1].state.pairs, room[0].period.keys, [(room[2].id, b"no")], SeededEntropy("bob"), NOW
    )
    with pytest.raises(Unreadable):
        verify_transcript(forged, room[0].state.pairs, NOW)


def test_a_judge_refuses_a_transcript_with_an_altered_cell(room: Room) -> None:
    honest = true(room, script(room))
    cell = honest.cells[0]
    altered = replace(honest, cells=(cell[:-1] + bytes([cell[-1] ^ 1]), *honest.cells[1:]))
    with pytest.raises(Unreadable):
        verify_transcript(altered, room[0].state.pairs, NOW)


def test_nothing_of_the_members_own_is_used_up_by_it(room: Room) -> None:
    before = room[0].state.pairs.as_values()
    verify_transcript(made_up(room, script(room)), room[0].state.pairs, NOW)
    assert room[0].state.pairs.as_values() == before
    room.say(1, "still here")
    assert room[0].texts[-1] == (room[1].id, b"still here")

"""A file is kept and told in each state; what is over goes in time."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.files.outputs import SendBlocks, TellFileWord
from p2pchat.core.files.sending import Sending
from p2pchat.core.files.table import FINISHED_MAX, FileTable, expiry_of, holds_content, is_over
from p2pchat.core.values.effects import Notify, Persist
from p2pchat.core.values.files import DropContent, DropFile, FileMoved, FileState, PutFile
from p2pchat.core.values.records import ConversationPreferences
from p2pchat.crypto.identity import received_id
from p2pchat.types import ContactId
from p2pchat.wire.files import FileEnd, FileEnded
from tests.support.file_records import make_file
from tests.support.homes import BOB

OURS = make_file(b"ours", 1, outgoing=True)
THEIRS = make_file(b"theirs", 2)


def table(*files: object) -> FileTable:
    return FileTable(files, lambda contact: BOB)  # type: ignore[arg-type]


def test_a_file_is_found_by_how_both_ends_call_it() -> None:
    theirs = replace(THEIRS, id=received_id(BOB.id, THEIRS.called))
    known = table(OURS, theirs)
    assert known.find_called(BOB.id, OURS.called, outgoing=True) == OURS
    assert known.find_called(BOB.id, theirs.called, outgoing=False) == theirs
    assert known.find_called(BOB.id, OURS.called, outgoing=False) is None
    assert known.find_called(ContactId("e" * 64), OURS.called, outgoing=True) is None


def test_what_comes_is_in_the_order_in_which_it_was_accepted() -> None:
    second, first = replace(THEIRS, changed_at=9.0), make_file(b"first", 3)
    assert list(table(second, first, OURS).list_coming()) == [first, second]


def test_an_end_is_kept_and_told_to_both() -> None:
    known = table(OURS)
    known.sending[OURS.id] = Sending()
    outputs = known.end_transfer(OURS, FileState.LOST, FileEnd.UNKNOWN, 5.0)
    over = replace(OURS, state=FileState.LOST, changed_at=5.0)
    assert outputs == [
        TellFileWord(BOB.id, FileEnded(OURS.called, FileEnd.UNKNOWN)),
        Persist(PutFile(over)),
        Notify(FileMoved(over, 0, 0.0, turned=True)),
        SendBlocks(BOB.id, OURS.called, ()),
        DropContent(OURS.id),
    ]
    assert known.moved and not known.sending
    assert known.end_transfer(over, FileState.LOST, FileEnd.UNKNOWN, 6.0) == []


def test_what_came_whole_stays_in_the_home() -> None:
    outputs = table(THEIRS).finish_transfer(THEIRS, FileState.WHOLE, 5.0)
    assert DropContent(THEIRS.id) not in outputs
    assert (
        Notify(FileMoved(replace(THEIRS, state=FileState.WHOLE, changed_at=5.0), 6, 0.0, turned=True))
        in outputs
    )


def test_of_many_that_are_over_the_oldest_are_forgotten() -> None:
    over = [
        make_file(b"", number, outgoing=True, state=FileState.WHOLE, changed_at=float(number))
        for number in range(5000, 5000 + FINISHED_MAX)
    ]
    known = table(*over, THEIRS)
    outputs = known.finish_transfer(THEIRS, FileState.CANCELLED, 9000.0)
    assert Persist(DropFile(over[0].id)) in outputs and over[0].id not in known.files
    assert len(known.files) == FINISHED_MAX


def test_what_came_whole_is_not_over_before_it_is_saved() -> None:
    assert not is_over(replace(THEIRS, state=FileState.WHOLE))
    assert is_over(replace(OURS, state=FileState.WHOLE)) and is_over(replace(THEIRS, state=FileState.SAVED))
    assert not is_over(OURS) and not is_over(THEIRS)


def test_whose_content_is_here() -> None:
    assert holds_content(replace(OURS, state=FileState.OFFERED)) and holds_content(OURS)
    assert not holds_content(replace(OURS, state=FileState.WHOLE))
    assert not holds_content(replace(THEIRS, state=FileState.OFFERED)) and holds_content(THEIRS)


def test_a_file_lasts_as_long_as_what_is_said() -> None:
    assert expiry_of(BOB, 5.0) is None
    assert expiry_of(replace(BOB, preferences=ConversationPreferences(retention_s=60.0)), 5.0) == 65.0

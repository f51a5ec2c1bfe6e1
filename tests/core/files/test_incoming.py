"""What comes of an offer, a block, a piece on disk: without a mesh."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from p2pchat.core.files.incoming import IncomingFiles
from p2pchat.core.files.outputs import AskForBlocks, FileOutput, TellFileWord
from p2pchat.core.files.quotas import OFFERS_MAX, FileLimits, FileQuotas
from p2pchat.core.files.table import FileTable
from p2pchat.core.values.effects import Notify, Persist
from p2pchat.core.values.files import (
    CheckFile,
    DropContent,
    FileMoved,
    FileRecord,
    FileState,
    KeepPiece,
    PutFile,
)
from p2pchat.crypto.identity import received_id
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import BLOCK_BYTES, FileAccepted, FileBlock, FileEnd, FileEnded, FileOffer, cut_block
from tests.support.file_records import SALT, grow_tree, make_file, make_sent
from tests.support.homes import BOB

CONTENT = bytes(range(200)) * 10
SENT = make_sent(CONTENT, 0)
CALLED = MessageId("0a" * 16)
OFFER = FileOffer(CALLED, 3.0, "report.pdf", len(CONTENT), "", SALT, grow_tree(CONTENT)[1])
FILE = replace(make_file(CONTENT), id=received_id(BOB.id, CALLED), called=CALLED)
LIMITS = FileLimits(1 << 20)


def machine(*files: FileRecord) -> tuple[FileTable, IncomingFiles, Counter[str]]:
    table = FileTable(files, lambda contact: BOB if contact == BOB.id else None)
    counters: Counter[str] = Counter()
    entropy = SeededEntropy("incoming")
    return table, IncomingFiles(table, FileQuotas(LIMITS), entropy, counters, 30.0), counters


def blocks(sent: bytes = SENT) -> list[FileBlock]:
    count = -(-len(sent) // BLOCK_BYTES)
    return [FileBlock(CALLED, 0, at, cut_block(sent, at)) for at in range(count)]


def begun() -> tuple[FileTable, IncomingFiles, Counter[str]]:
    table, incoming, counters = machine(FILE)
    incoming.take_checked(FILE.id, b"", 0.0)
    asked = incoming.begin_next(0.0)
    assert isinstance(asked[0], AskForBlocks) and asked[0].request.resend
    return table, incoming, counters


def states(outputs: list[FileOutput]) -> list[FileState]:
    return [
        each.event.file.state
        for each in outputs
        if isinstance(each, Notify) and isinstance(each.event, FileMoved)
    ]


def test_an_offer_is_kept_and_told_and_no_second_of_its_name() -> None:
    table, incoming, _ = machine()
    outputs = incoming.take_offer(BOB.id, OFFER, 5.0)
    (file,) = table.files.values()
    assert outputs[0] == Persist(PutFile(file)) and states(outputs) == [FileState.OFFERED]
    assert file.id == received_id(BOB.id, CALLED) and (file.called, file.at) == (CALLED, 3.0)
    assert incoming.take_offer(BOB.id, OFFER, 6.0) == []
    assert incoming.take_offer(ContactId("e" * 64), OFFER, 6.0) == [], "whom we do not know"


def test_an_offer_from_the_future_is_of_now() -> None:
    table, incoming, _ = machine()
    incoming.take_offer(BOB.id, replace(OFFER, at=9e9), 5.0)
    assert next(iter(table.files.values())).at == 5.0


def test_too_many_offers_are_answered_and_not_kept() -> None:
    waiting = [make_file(b"", number, state=FileState.OFFERED) for number in range(OFFERS_MAX)]
    table, incoming, counters = machine(*waiting)
    assert incoming.take_offer(BOB.id, OFFER, 5.0) == [TellFileWord(BOB.id, FileEnded(CALLED, FileEnd.FULL))]
    assert len(table.files) == OFFERS_MAX and counters["offers of files refused: too many"] == 1


def test_what_is_accepted_is_told_and_comes_next() -> None:
    _, incoming, _ = machine(replace(FILE, state=FileState.OFFERED))
    outputs = incoming.answer_offer(FILE.id, accept=True, now=5.0)
    assert outputs[-1] == TellFileWord(BOB.id, FileAccepted(CALLED))
    (asked, _) = incoming.begin_next(5.0)
    assert isinstance(asked, AskForBlocks) and asked.request.piece == 0
    assert incoming.begin_next(6.0) == [], "one at a time"


def test_nothing_is_asked_before_the_disk_was_looked_at() -> None:
    _, incoming, _ = machine(FILE)
    assert incoming.check_all() == [CheckFile(FILE)]
    assert incoming.begin_next(0.0) == []
    assert incoming.take_checked(FILE.id, b"", 0.0) == []
    assert incoming.begin_next(0.0)


def test_what_was_whole_on_disk_before_a_restart_is_whole() -> None:
    _, incoming, _ = machine(FILE)
    incoming.take_checked(FILE.id, b"\1", 0.0)
    outputs = incoming.begin_next(0.0)
    assert states(outputs) == [FileState.WHOLE]
    assert TellFileWord(BOB.id, FileEnded(CALLED, FileEnd.WHOLE)) in outputs


def test_blocks_become_a_piece_and_the_piece_a_file() -> None:
    _, incoming, _ = begun()
    *first, last = blocks()
    assert [incoming.take_block(BOB.id, block, 1.0) for block in first] == [[]] * len(first)
    assert incoming.take_block(BOB.id, last, 1.0) == [KeepPiece(FILE, 0, CONTENT)]
    outputs = incoming.take_kept(FILE.id, 0, kept=True, now=2.0)
    assert outputs[0] == Persist(PutFile(replace(FILE, pieces=b"\1")))
    assert states(outputs) == [FileState.WHOLE]


def test_a_block_of_another_contact_is_none_of_ours() -> None:
    _, incoming, counters = begun()
    assert incoming.take_block(ContactId("e" * 64), blocks()[0], 1.0) == []
    assert counters["blocks of files not wanted"] == 1


def test_a_wrong_piece_is_asked_for_once_more_and_then_no_longer() -> None:
    _, incoming, counters = begun()
    wrong = blocks(bytes(len(SENT)))
    outputs = [output for block in wrong for output in incoming.take_block(BOB.id, block, 1.0)]
    (asked,) = outputs
    assert isinstance(asked, AskForBlocks) and asked.request.resend
    outputs = [output for block in wrong for output in incoming.take_block(BOB.id, block, 2.0)]
    assert states(outputs) == [FileState.WRONG] and DropContent(FILE.id) in outputs
    assert counters["pieces of files refused"] == 2


def test_a_piece_that_found_no_room_is_not_counted() -> None:
    table, incoming, counters = begun()
    for block in blocks():
        incoming.take_block(BOB.id, block, 1.0)
    assert incoming.take_kept(FILE.id, 0, kept=False, now=2.0) == []
    assert table.files[FILE.id].pieces == b"" and counters["pieces of files without room"] == 1
    assert incoming.next_wakeup() > 500.0
    (asked,) = incoming.tick(incoming.next_wakeup())
    assert isinstance(asked, AskForBlocks) and asked.request.resend


def test_a_piece_that_was_kept_too_late_is_dropped() -> None:
    table, incoming, _ = begun()
    table.forget_file(FILE)
    assert incoming.take_kept(FILE.id, 0, kept=True, now=2.0) == [DropContent(FILE.id)]


def test_a_sender_ends_only_what_is_open() -> None:
    _, incoming, _ = machine(FILE)
    assert states(incoming.take_end(BOB.id, CALLED, FileEnd.UNKNOWN, 5.0)) == [FileState.LOST]
    assert incoming.take_end(BOB.id, CALLED, FileEnd.CANCELLED, 6.0) == []
    assert incoming.take_saved(FILE.id, 7.0) == []

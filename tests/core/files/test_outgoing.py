"""What comes of what a contact says about our files: without a mesh."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.files.outgoing import STATES, UNKNOWN_MAX, OutgoingFiles
from p2pchat.core.files.outputs import SendBlocks, TellFileWord
from p2pchat.core.files.quotas import FileLimits, FileQuotas
from p2pchat.core.files.table import FileTable
from p2pchat.core.values.files import DropContent, FetchPiece, FileRecord, FileState, FileSubmitted
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import FileEnd, FileEnded, FileOffer, FileRequest
from tests.support.file_records import KEY, SALT, grow_tree, make_file, make_sent
from tests.support.homes import BOB

CONTENT = bytes(3000)
FILE = make_file(CONTENT, outgoing=True, state=FileState.OFFERED)
ROOT = grow_tree(CONTENT)[1]
SUBMITTED = FileSubmitted(FILE.id, BOB.id, "report.pdf", len(CONTENT), "", SALT, ROOT, KEY)
REQUEST = FileRequest(FILE.called, 0, b"", 0, resend=True)


def machine(*files: FileRecord, blocked: bool = False) -> tuple[FileTable, OutgoingFiles]:
    contact = replace(BOB, blocked=blocked)
    table = FileTable(files, lambda id: contact if id == BOB.id else None)
    return table, OutgoingFiles(table, FileQuotas(FileLimits(1 << 20)))


def test_an_offer_is_kept_and_then_told() -> None:
    table, outgoing = machine()
    outputs = outgoing.offer_file(SUBMITTED, 5.0)
    assert table.files[FILE.id].state is FileState.OFFERED
    offer = FileOffer(FILE.id, 5.0, "report.pdf", len(CONTENT), "", SALT, ROOT)
    assert outputs[-1] == TellFileWord(BOB.id, offer)
    assert outgoing.offer_file(SUBMITTED, 6.0) == [], "once"


def test_a_blocked_contact_is_offered_nothing() -> None:
    _, outgoing = machine(blocked=True)
    assert outgoing.offer_file(SUBMITTED, 5.0) == [Rejected(Reason.CONTACT_BLOCKED)]


def test_who_asks_has_accepted() -> None:
    table, outgoing = machine(FILE)
    outputs = outgoing.take_request(BOB.id, REQUEST, 5.0)
    accepted = table.files[FILE.id]
    assert accepted.state is FileState.ACCEPTED and FetchPiece(accepted, 0) in outputs
    assert outgoing.take_acceptance(BOB.id, FILE.called, 6.0) == []


def test_what_was_read_is_sent_in_blocks() -> None:
    _, outgoing = machine(FILE)
    outgoing.take_request(BOB.id, REQUEST, 5.0)
    (sent,) = outgoing.take_fetched(FILE.id, 0, make_sent(CONTENT, 0), 6.0)
    assert isinstance(sent, SendBlocks) and len(sent.blocks) == 4


def test_what_cannot_be_read_is_over() -> None:
    table, outgoing = machine(FILE)
    outgoing.take_request(BOB.id, REQUEST, 5.0)
    outputs = outgoing.take_fetched(FILE.id, 0, None, 6.0)
    assert outputs[0] == TellFileWord(BOB.id, FileEnded(FILE.called, FileEnd.UNKNOWN))
    assert table.files[FILE.id].state is FileState.LOST
    assert outgoing.take_fetched(FILE.id, 0, None, 7.0) == []
    assert outgoing.take_request(BOB.id, REQUEST, 8.0) == [], "it is over"


def test_another_contact_gets_nothing_of_it() -> None:
    _, outgoing = machine(FILE)
    eve = ContactId("e" * 64)
    told = [TellFileWord(eve, FileEnded(FILE.called, FileEnd.UNKNOWN))]
    assert outgoing.take_request(eve, REQUEST, 5.0) == told
    assert outgoing.take_request(eve, REQUEST, 6.0) == [], "told once"
    assert outgoing.take_end(eve, FILE.called, FileEnd.WHOLE, 7.0) == []


def test_so_many_files_in_vain_are_remembered() -> None:
    _, outgoing = machine()
    for number in range(UNKNOWN_MAX + 1):
        outgoing.take_acceptance(BOB.id, MessageId(f"{number:032x}"), 5.0)
    assert len(outgoing._unknown) == UNKNOWN_MAX


@pytest.mark.parametrize("end", FileEnd)
def test_what_the_receiver_says_is_what_became_of_it(end: FileEnd) -> None:
    table, outgoing = machine(FILE)
    assert DropContent(FILE.id) in outgoing.take_end(BOB.id, FILE.called, end, 5.0)
    assert table.files[FILE.id].state is STATES[end]

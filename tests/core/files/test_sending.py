"""What a contact asks for is read once, and sent as far as it is missing."""

from __future__ import annotations

from p2pchat.core.files.sending import SERVED_MAX, Sending
from p2pchat.wire.files import FileRequest, count_blocks
from tests.support.file_records import make_file, make_sent

CONTENT = bytes(300_000)
FILE = make_file(CONTENT, outgoing=True)
SENT = make_sent(CONTENT, 1)
BLOCKS = count_blocks(len(CONTENT), 1)


def request(piece: int = 1, have: bytes = b"", kept: int = 0, resend: bool = False) -> FileRequest:
    return FileRequest(FILE.called, piece, have, kept, resend)


def test_a_piece_is_read_when_it_is_asked_for() -> None:
    sending = Sending()
    assert sending.take_request(FILE, request())
    assert not sending.take_request(FILE, request()), "it is being read"
    blocks = sending.cut_blocks(FILE, 1, SENT)
    assert blocks is not None and len(blocks) == BLOCKS
    assert b"".join(block.data for block in blocks) == SENT


def test_a_report_of_progress_sends_nothing_new() -> None:
    sending = Sending()
    sending.take_request(FILE, request())
    sending.cut_blocks(FILE, 1, SENT)
    assert not sending.take_request(FILE, request(have=b"\xff"))
    assert sending.count_bytes(FILE) == 8 * 800


def test_what_did_not_come_is_sent_once_more_and_nothing_else() -> None:
    sending = Sending()
    sending.take_request(FILE, request())
    sending.cut_blocks(FILE, 1, SENT)
    assert sending.take_request(FILE, request(have=b"\xfe", resend=True))
    blocks = sending.cut_blocks(FILE, 1, SENT)
    assert blocks is not None and [block.index for block in blocks] == [0, *range(8, BLOCKS)]


def test_who_wants_another_piece_meanwhile_gets_that() -> None:
    sending = Sending()
    sending.take_request(FILE, request(piece=0))
    assert not sending.take_request(FILE, request(piece=1))
    assert sending.cut_blocks(FILE, 0, b"read for nothing") is None
    assert sending.cut_blocks(FILE, 1, SENT) is not None


def test_a_piece_that_is_not_there_is_not_read() -> None:
    assert not Sending().take_request(FILE, request(piece=2))
    assert Sending().count_bytes(FILE) == 0


def test_a_file_is_sent_a_few_times_and_then_no_longer() -> None:
    sending, sent = Sending(), 0
    for _ in range(SERVED_MAX * 20):
        sending.take_request(FILE, request(resend=True))
        blocks = sending.cut_blocks(FILE, 1, SENT)
        assert blocks is not None
        sent += len(blocks)
    assert not blocks
    assert sent < (SERVED_MAX + 1) * (BLOCKS + count_blocks(len(CONTENT), 0))

"""One piece comes in blocks, in any order; what is wrong is asked for once more, and then no longer."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.files.receiving import (
    ASK_FIRST_S,
    ASK_LAST_S,
    REPORT_BLOCKS,
    RETURN_S,
    Receiving,
    ask_first_s,
)
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.values.profile import FAST, STRONG
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.files import BLOCK_BYTES, FileBlock, cut_block
from tests.support.file_records import make_file, make_sent

CONTENT = bytes(range(256)) * 64
FILE = make_file(CONTENT)
SENT = make_sent(CONTENT, 0)
BLOCKS = [FileBlock(FILE.called, 0, at, cut_block(SENT, at)) for at in range(-(-len(SENT) // BLOCK_BYTES))]


def begun() -> Receiving:
    receiving = Receiving(SeededEntropy("receiving"))
    receiving.begin_piece(0, 0.0)
    return receiving


def test_blocks_in_any_order_make_the_piece() -> None:
    receiving = begun()
    for block in reversed(BLOCKS):
        assert not receiving.is_piece_whole(FILE)
        assert receiving.take_block(FILE, block, 1.0)
    assert receiving.is_piece_whole(FILE) and receiving.partial_bytes == len(SENT)
    assert receiving.open_whole(FILE) == CONTENT
    assert receiving.keeping and receiving.ask_at == NEVER
    assert not receiving.take_block(FILE, BLOCKS[0], 2.0), "it is on its way to the disk"


def test_what_was_not_asked_for_is_not_taken() -> None:
    receiving = begun()
    assert receiving.take_block(FILE, BLOCKS[0], 1.0)
    assert not receiving.take_block(FILE, BLOCKS[0], 1.0), "it is here"
    assert not receiving.take_block(FILE, replace(BLOCKS[1], piece=1), 1.0)
    assert not receiving.take_block(FILE, replace(BLOCKS[1], data=b"short"), 1.0)
    assert not receiving.take_block(FILE, replace(BLOCKS[1], index=len(BLOCKS)), 1.0)
    assert not Receiving(SeededEntropy(1)).take_block(FILE, BLOCKS[0], 1.0), "nothing was asked for"


def test_a_request_says_what_is_here() -> None:
    receiving = begun()
    assert receiving.make_request(FILE, resend=True).have == b""
    for at in (0, 9):
        receiving.take_block(FILE, BLOCKS[at], 1.0)
    request = receiving.make_request(FILE, resend=False)
    assert request.have == bytes([1, 2, 0]) and (request.piece, request.kept) == (0, 0)


def test_a_report_is_due_after_some_blocks() -> None:
    receiving = begun()
    for block in BLOCKS[:REPORT_BLOCKS]:
        assert not receiving.is_report_due()
        receiving.take_block(FILE, block, 1.0)
    assert receiving.is_report_due()
    receiving.make_request(FILE, resend=False)
    assert not receiving.is_report_due()


def test_two_wrong_pieces_are_the_end() -> None:
    receiving = begun()
    for _ in range(2):
        assert not receiving.is_wrong
        for block in BLOCKS:
            receiving.take_block(FILE, replace(block, data=bytes(len(block.data))), 1.0)
        assert receiving.open_whole(FILE) is None
    assert receiving.is_wrong


def test_gaps_grow_while_nothing_comes_and_shrink_when_the_sender_is_back() -> None:
    receiving = begun()
    first = receiving.ask_at
    assert 0.7 * ASK_FIRST_S < first < 1.3 * ASK_FIRST_S
    now = first
    for _ in range(10):
        receiving.ask_once_more(now)
        gap, now = receiving.ask_at - now, receiving.ask_at
    assert gap > 0.7 * ASK_LAST_S
    receiving.ask_once_more(now)
    receiving.hurry_request(now)
    assert receiving.ask_at <= now + RETURN_S


def test_without_room_it_waits() -> None:
    receiving = begun()
    for block in BLOCKS:
        receiving.take_block(FILE, block, 1.0)
    receiving.open_whole(FILE)
    receiving.wait_for_room(5.0)
    assert receiving.ask_at == 5.0 + ASK_LAST_S


def test_nothing_is_due_before_a_piece_is_begun() -> None:
    receiving = Receiving(SeededEntropy(1))
    receiving.hurry_request(5.0)
    assert receiving.ask_at == NEVER


def test_a_slow_profile_waits_longer() -> None:
    assert ask_first_s(None) == ask_first_s(FAST) == ASK_FIRST_S
    assert ask_first_s(STRONG) == 60.0

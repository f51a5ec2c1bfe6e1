"""What is said of files: it comes back as it was said, within bounds, and no name can do harm."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.types import MessageId
from p2pchat.wire import files
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.files import (
    BLOCK_BYTES,
    BLOCKS_MAX,
    NAME_LIMIT,
    PATH_MAX,
    PIECE_BYTES,
    PIECES_MAX,
    SENT_PIECE_MAX,
    SIZE_MAX,
    FileAccepted,
    FileBlock,
    FileEnd,
    FileEnded,
    FileNotice,
    FileOffer,
    FileRequest,
    FileWord,
    check_file_name,
    count_blocks,
    count_pieces,
    cut_block,
    decode_piece,
    encode_piece,
    make_file_name,
    path_length,
    sent_size,
)
from p2pchat.wire.geometry import GEOMETRY

ID = MessageId("01" * 16)
OFFER = FileOffer(ID, 1.0, "report.pdf", 300_000, "application/pdf", b"s" * 32, b"r" * 32)
WORDS: list[FileWord] = [
    OFFER,
    replace(OFFER, size=0, kind="", name="naïve – 写真.tar.gz"),
    replace(OFFER, size=SIZE_MAX, name="x" * NAME_LIMIT),
    FileAccepted(ID),
    *(FileEnded(ID, end) for end in FileEnd),
]
NOTICES: list[FileNotice] = [
    FileRequest(ID, 0, b"", 0, resend=False),
    FileRequest(ID, PIECES_MAX - 1, bytes(42), SIZE_MAX, resend=True),
    FileBlock(ID, 0, 0, b"d"),
    FileBlock(ID, PIECES_MAX - 1, BLOCKS_MAX - 1, b"d" * BLOCK_BYTES),
]
HOSTILE = [
    "",
    ".",
    "..",
    ".bashrc",
    "../../etc/passwd",
    "/etc/passwd",
    "a\\b",
    "c:evil",
    "a\0b",
    "a\nb",
    "a\x1b[2Jb",
    "annual\u202efdp.exe",
    "a\u2066b",
    "zero\u200bwidth",
    " begins",
    "ends ",
    "ends.",
    "-rf",
    "CON",
    "nul.txt",
    "com1",
    "LPT9 .log",
    "what?",
    "*",
    "\u3164",
    "x" * (NAME_LIMIT + 1),
    "é" * (NAME_LIMIT // 2 + 1),
    "\ud800",
]


def read(fields: dict[str, object]) -> FileWord | FileNotice:
    reader = Reader(unpack(pack(fields), 2048))
    type = reader.get_integer("t", 0, 255)
    return files.read_word(type, reader) if type in files.WORD_TYPES else files.read_notice(type, reader)


@pytest.mark.parametrize("word", WORDS, ids=str)
def test_a_word_comes_back_equal(word: FileWord) -> None:
    assert read(files.word_fields(word)) == word


@pytest.mark.parametrize("notice", NOTICES, ids=str)
def test_a_notice_comes_back_equal_and_fits_into_a_cell(notice: FileNotice) -> None:
    assert len(pack(files.notice_fields(notice))) <= GEOMETRY.data
    assert read(files.notice_fields(notice)) == notice


def test_an_end_of_a_later_version_is_an_end() -> None:
    assert read({"t": 21, "file": bytes(16), "end": 200}) == FileEnded(
        MessageId("00" * 16), FileEnd.CANCELLED
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": -1},
        {"size": SIZE_MAX + 1},
        {"at": -1.0},
        {"at": 1e15},
        {"kind": "text"},
        {"kind": "Text/Plain"},
        {"kind": "a/" + "b" * 100},
        {"kind": "text/plain\n"},
        {"salt": b"s"},
        {"root": b"r" * 33},
        *({"name": name} for name in HOSTILE),
    ],
    ids=str,
)
def test_an_impossible_offer_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(OFFER, **wrong)
    fields = files.word_fields(OFFER)
    if "\ud800" not in str(wrong.get("name", "")):  # it has no encoding
        with pytest.raises(Malformed):
            read({**fields, **wrong})


@pytest.mark.parametrize(
    "make",
    [
        lambda: FileRequest(ID, -1, b"", 0, resend=False),
        lambda: FileRequest(ID, PIECES_MAX, b"", 0, resend=False),
        lambda: FileRequest(ID, 0, bytes(43), 0, resend=False),
        lambda: FileRequest(ID, 0, b"", SIZE_MAX + 1, resend=False),
        lambda: FileBlock(ID, PIECES_MAX, 0, b"d"),
        lambda: FileBlock(ID, 0, BLOCKS_MAX, b"d"),
        lambda: FileBlock(ID, 0, 0, b""),
        lambda: FileBlock(ID, 0, 0, b"d" * (BLOCK_BYTES + 1)),
    ],
)
def test_an_impossible_notice_is_refused(make: Any) -> None:
    with pytest.raises(Malformed):
        make()


@given(st.text())
def test_any_name_becomes_one_that_may_be_sent(name: str) -> None:
    check_file_name(make_file_name(name))


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_becomes_one_that_may_be_sent(name: str) -> None:
    check_file_name(make_file_name(name))


@pytest.mark.parametrize("name", ["report.pdf", "写真 1.jpg", "a-b_c (2).tar.gz", "משהו.txt", "console.log"])
def test_an_honest_name_stays_as_it_is(name: str) -> None:
    check_file_name(name)
    assert make_file_name(name) == name


def test_a_long_name_keeps_its_ending() -> None:
    made = make_file_name("x" * 500 + ".pdf")
    assert made.endswith(".pdf") and len(made) <= NAME_LIMIT


def test_the_largest_file_has_paths_of_fourteen_hashes() -> None:
    assert count_pieces(SIZE_MAX) == PIECES_MAX == 16_384
    assert path_length(PIECES_MAX, 0) == PATH_MAX
    assert sent_size(SIZE_MAX, PIECES_MAX - 1) == SENT_PIECE_MAX
    assert count_blocks(SIZE_MAX, 0) == BLOCKS_MAX


@given(st.integers(0, 40 * PIECE_BYTES), st.data())
def test_pieces_hold_a_file_and_blocks_a_piece(size: int, data: st.DataObject) -> None:
    count = count_pieces(size)
    assert sum(files.piece_size(size, index) for index in range(count)) == size
    index = data.draw(st.integers(0, count - 1))
    blocks = count_blocks(size, index)
    assert (blocks - 1) * BLOCK_BYTES < sent_size(size, index) <= blocks * BLOCK_BYTES


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=PATH_MAX), st.binary(min_size=16))
def test_a_piece_comes_back_out_of_its_blocks(path: list[bytes], sealed: bytes) -> None:
    sent = encode_piece(tuple(path), sealed)
    blocks = [cut_block(sent, index) for index in range(-(-len(sent) // BLOCK_BYTES))]
    assert decode_piece(b"".join(blocks)) == (tuple(path), sealed)


@given(st.binary(max_size=600))
def test_any_bytes_are_a_piece_or_malformed(data: bytes) -> None:
    try:
        path, sealed = decode_piece(data)
    except Malformed:
        return
    assert encode_piece(path, sealed) == data


def test_a_piece_that_is_too_long_is_refused() -> None:
    with pytest.raises(Malformed):
        decode_piece(bytes(SENT_PIECE_MAX + 1))

"""Files as records, for tests."""

from __future__ import annotations

from p2pchat.core.values.files import FileRecord, FileState
from p2pchat.crypto.files import FileTree, hash_piece, seal_piece
from p2pchat.types import MessageId
from p2pchat.wire.files import PIECE_BYTES, count_pieces
from tests.support.homes import BOB

SALT = b"s" * 32
KEY = b"k" * 32


def grow_tree(content: bytes) -> tuple[FileTree, bytes]:
    """The tree of a file, and its root."""
    tree = FileTree(SALT)
    for index in range(count_pieces(len(content))):
        tree.add_leaf(hash_piece(SALT, index, cut_piece(content, index)))
    return tree, tree.close_tree(len(content))


def cut_piece(content: bytes, index: int) -> bytes:
    return content[index * PIECE_BYTES : (index + 1) * PIECE_BYTES]


def make_sent(content: bytes, index: int) -> bytes:
    """A piece as it travels."""
    tree, root = grow_tree(content)
    return seal_piece(SALT, root, index, tree.list_path(index), cut_piece(content, index))


def make_file(
    content: bytes,
    number: int = 1,
    outgoing: bool = False,
    state: FileState = FileState.ACCEPTED,
    pieces: bytes = b"",
    changed_at: float = 1.0,
    expires_at: float | None = None,
) -> FileRecord:
    """A file of Bob's, or for him."""
    id = MessageId(f"{number:032x}")
    called = id if outgoing else MessageId(f"{number + 1000:032x}")
    return FileRecord(
        id,
        BOB.id,
        outgoing,
        called,
        float(number),
        "report.pdf",
        len(content),
        "application/pdf",
        SALT,
        grow_tree(content)[1],
        KEY,
        state,
        changed_at,
        pieces,
        expires_at,
    )

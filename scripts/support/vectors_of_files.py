"""Vectors of a file: its offer, its tree, and its last piece as it travels.

As ``vectors``, whose clock these share.
"""

from __future__ import annotations

from p2pchat.crypto.files import FileTree, hash_piece, seal_piece
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MessageId
from p2pchat.wire.codec import pack
from p2pchat.wire.files import (
    PIECE_BYTES,
    FileAccepted,
    FileBlock,
    FileEnd,
    FileEnded,
    FileOffer,
    FileRequest,
    notice_fields,
    word_fields,
)
from scripts.support.vectors import NOW, Fields

_SIZE = 2 * PIECE_BYTES + 5


def files() -> Fields:
    """A file of three pieces, whose byte at place n is n mod 251."""
    entropy = SeededEntropy("files")
    id, salt = MessageId(entropy.draw_bytes(16).hex()), entropy.draw_bytes(32)
    content = bytes(at % 251 for at in range(_SIZE))
    pieces = [content[at : at + PIECE_BYTES] for at in range(0, _SIZE, PIECE_BYTES)]
    tree, leaves = FileTree(salt), [hash_piece(salt, at, piece) for at, piece in enumerate(pieces)]
    for leaf in leaves:
        tree.add_leaf(leaf)
    root = tree.close_tree(_SIZE)
    paths = [tree.list_path(at) for at in range(len(pieces))]
    sent = seal_piece(salt, root, 2, paths[2], pieces[2])
    offer = FileOffer(id, NOW, "counted.bin", _SIZE, "application/octet-stream", salt, root)
    words = (offer, FileAccepted(id), FileEnded(id, FileEnd.WHOLE))
    request = FileRequest(id, 2, b"", 2 * PIECE_BYTES, resend=False)
    return {
        "modulus": 251,
        "leaves": leaves,
        "paths": paths,
        "sent": {"piece": 2, "data": sent},
        "words": [pack(word_fields(word)) for word in words],
        "notices": [pack(notice_fields(each)) for each in (request, FileBlock(id, 2, 0, sent))],
    }

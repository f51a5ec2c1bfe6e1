"""The content of files in a dictionary, for tests of the core that restart nodes."""

from __future__ import annotations

from p2pchat.core.values.files import (
    CheckFile,
    DropContent,
    FetchPiece,
    FileChecked,
    FileEffect,
    FileRecord,
    FileSubmitted,
    ForFiles,
    KeepPiece,
    PieceFetched,
    PieceKept,
    SweepContent,
    mark_piece,
)
from p2pchat.crypto.files import FileTree, hash_piece, seal_piece
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import PIECE_BYTES, count_pieces


class MemoryFiles:
    """Does what a node wants of the content of files."""

    def __init__(self) -> None:
        self.contents: dict[MessageId, dict[int, bytes]] = {}
        self.full = False
        """Whether nothing more is kept."""
        self.forge = False
        """Whether what is sent is not what was offered."""

    def put_content(self, id: MessageId, content: bytes) -> None:
        """Have a file here."""
        self.contents[id] = {
            index: content[index * PIECE_BYTES : (index + 1) * PIECE_BYTES]
            for index in range(count_pieces(len(content)))
        }

    def read_content(self, id: MessageId) -> bytes:
        """All that is here of a file."""
        return b"".join(piece for _, piece in sorted(self.contents.get(id, {}).items()))

    def serve(self, effect: FileEffect) -> ForFiles | None:
        match effect:
            case FetchPiece(file, index):
                return PieceFetched(file.id, index, self._sent(file, index))
            case KeepPiece(file, index, piece):
                if not self.full:
                    self.contents.setdefault(file.id, {})[index] = piece
                return PieceKept(file.id, index, not self.full)
            case CheckFile(file):
                pieces = b""
                for index in self.contents.get(file.id, {}):
                    pieces = mark_piece(pieces, index)
                return FileChecked(file.id, pieces)
            case DropContent(id):
                self.contents.pop(id, None)
            case SweepContent(known):
                self.contents = {id: pieces for id, pieces in self.contents.items() if id in known}
        return None

    def _sent(self, file: FileRecord, index: int) -> bytes | None:
        pieces = self.contents.get(file.id, {})
        if index not in pieces:
            return None
        tree = make_tree(file.salt, [pieces[each] for each in range(file.count)])
        tree.close_tree(file.size)
        piece = bytes(len(pieces[index])) if self.forge else pieces[index]
        return seal_piece(file.salt, file.root, index, tree.list_path(index), piece)


def make_tree(salt: bytes, pieces: list[bytes]) -> FileTree:
    """The tree over pieces."""
    tree = FileTree(salt)
    for index, piece in enumerate(pieces):
        tree.add_leaf(hash_piece(salt, index, piece))
    return tree


def submit_content(
    files: MemoryFiles, contact: ContactId, content: bytes, name: str = "report.pdf", seed: object = 0
) -> FileSubmitted:
    """Have a file in the home; return the input that offers it."""
    entropy = SeededEntropy(("file", seed))
    id, salt = MessageId(entropy.draw_bytes(16).hex()), entropy.draw_bytes(32)
    files.put_content(id, content)
    pieces = files.contents[id]
    root = make_tree(salt, [pieces[index] for index in range(len(pieces))]).close_tree(len(content))
    key = entropy.draw_bytes(32)
    return FileSubmitted(id, contact, name, len(content), "application/pdf", salt, root, key)

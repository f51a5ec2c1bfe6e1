"""The content of files: one file beside the database for each, its pieces sealed in their places.

Knows: where a piece is, how it is synced, what a full disk means. Does not know: who gave a file, or what
becomes of it.

A piece is sealed under a key that only the file's row in the database has: without the row no one reads it.
Nothing is written elsewhere unless a person has named the place.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from p2pchat.core.values.files import (
    CheckFile,
    DropContent,
    FetchPiece,
    FileChecked,
    FileEffect,
    FileRecord,
    ForFiles,
    KeepPiece,
    PieceFetched,
    PieceKept,
    SweepContent,
    mark_piece,
)
from p2pchat.crypto.files import FileTree, hash_piece, open_kept, seal_kept, seal_piece
from p2pchat.data import dataclass
from p2pchat.errors import LimitError, StoreError, UsageError
from p2pchat.store.files import FILES
from p2pchat.store.vault import sync_directory
from p2pchat.types import MessageId
from p2pchat.wire.files import PIECE_BYTES, SEAL_BYTES, piece_size

SLOT_BYTES: Final = PIECE_BYTES + SEAL_BYTES

MARGIN_BYTES: Final = 32 << 20
"""Of the disk that files leave to the database."""

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What was found of a file whose content is in the home now."""

    size: int
    root: bytes


class PieceFiles:
    """One home's. Every method blocks."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FILES
        self._tree: tuple[MessageId, FileTree] | None = None
        """Of the file that was read last."""
        self._imported: set[str] = set()
        """Files that the node may not know yet when it says which it knows."""

    # --- what a node wants

    def serve_effect(self, effect: FileEffect) -> ForFiles | None:
        """Do what a node wants of the content of a file, and return what it is told. Raises StoreError where
        the disk refuses."""
        try:
            match effect:
                case FetchPiece(file, index):
                    return PieceFetched(file.id, index, self._read_sent(file, index))
                case KeepPiece(file, index, piece):
                    return PieceKept(file.id, index, self.keep_piece(file, index, piece))
                case CheckFile(file):
                    return FileChecked(file.id, self.check_pieces(file))
                case DropContent(id):
                    self.drop_content(id)
                    return None
                case SweepContent(known):
                    self.sweep_contents(known)
                    return None
        except OSError as error:
            raise StoreError(f"the files in {self._folder} cannot be used: {error.strerror}") from error

    def keep_piece(self, file: FileRecord, index: int, piece: bytes) -> bool:
        """Have a piece on disk, synced; False: there is no room. Raises OSError."""
        try:
            self._refuse_full(len(piece))
            with self._open_content(file.id) as content:
                _write_piece(content, file.key, file.id, index, piece)
                _sync(content)
            sync_directory(self._folder)
        except OSError as error:
            if error.errno in _NO_ROOM:
                return False
            raise
        return True

    def check_pieces(self, file: FileRecord) -> bytes:
        """Read every piece once; return the bitmap of those that are whole."""
        pieces = b""
        for index in range(file.count):
            if self.read_piece(file, index) is not None:
                pieces = mark_piece(pieces, index)
        return pieces

    def read_piece(self, file: FileRecord, index: int) -> bytes | None:
        """Read a piece; None: it is not here, or damaged."""
        try:
            with (self._folder / file.id).open("rb") as content:
                content.seek(index * SLOT_BYTES)
                sealed = content.read(piece_size(file.size, index) + SEAL_BYTES)
        except FileNotFoundError:
            return None
        return open_kept(file.key, bytes.fromhex(file.id), index, sealed)

    def _read_sent(self, file: FileRecord, index: int) -> bytes | None:
        piece, tree = self.read_piece(file, index), self._grow_tree(file)
        if piece is None or tree is None:
            return None
        return seal_piece(file.salt, file.root, index, tree.list_path(index), piece)

    def _grow_tree(self, file: FileRecord) -> FileTree | None:
        if self._tree is not None and self._tree[0] == file.id:
            return self._tree[1]
        tree = FileTree(file.salt)
        for index in range(file.count):
            piece = self.read_piece(file, index)
            if piece is None:
                return None
            tree.add_leaf(hash_piece(file.salt, index, piece))
        if tree.close_tree(file.size) != file.root:
            return None
        self._tree = file.id, tree
        return tree

    def drop_content(self, id: MessageId) -> None:
        """Delete what is here of a file."""
        (self._folder / id).unlink(missing_ok=True)
        if self._tree is not None and self._tree[0] == id:
            self._tree = None

    def sweep_contents(self, known: Collection[MessageId]) -> None:
        """Delete all that belongs to none of these, nor was imported since the home was opened."""
        with suppress(FileNotFoundError):
            for left in list(self._folder.iterdir()):
                if left.name not in known and left.name not in self._imported:
                    left.unlink(missing_ok=True)

    # --- what a person wants

    def import_file(self, path: Path, id: MessageId, salt: bytes, key: bytes, limit: int) -> ImportedFile:
        """Seal a copy of a file, and make its tree, piece by piece. Raises UsageError (it cannot be read),
        LimitError (it is too large, or the disk has no room) or StoreError; then nothing of it stays."""
        with _open_source(path) as source:
            self._imported.add(id)
            try:
                return self._import_content(source, id, salt, key, limit)
            except BaseException as error:
                self.drop_content(id)
                if isinstance(error, OSError) and error.errno in _NO_ROOM:
                    raise LimitError("there is no room on the disk for a sealed copy of the file") from error
                if isinstance(error, OSError):
                    raise StoreError(f"{path} cannot be copied: {error.strerror}") from error
                raise

    def _import_content(
        self, source: BinaryIO, id: MessageId, salt: bytes, key: bytes, limit: int
    ) -> ImportedFile:
        self._refuse_full(os.fstat(source.fileno()).st_size)
        tree, size = FileTree(salt), 0
        with self._open_content(id) as content:
            for index, piece in enumerate(_cut(source)):
                size += len(piece)
                if size > limit:
                    raise LimitError(f"a file through the mesh has at most {limit} bytes")
                tree.add_leaf(hash_piece(salt, index, piece))
                _write_piece(content, key, id, index, piece)
            _sync(content)
        sync_directory(self._folder)
        return ImportedFile(size, tree.close_tree(size))

    def save_file(self, file: FileRecord, folder: Path) -> Path:
        """Write a file into a folder that a person has named, under its name, or one with a number where that
        is taken. Raises UsageError (no such folder), LimitError (no room) or StoreError; then nothing of it
        stays there."""
        try:
            target, saved = _create_beside(folder, file.name)
        except OSError as error:
            raise UsageError(f"nothing can be saved in {folder}: {error.strerror}") from error
        try:
            with saved:
                for index in range(file.count):
                    piece = self.read_piece(file, index)
                    if piece is None:
                        raise StoreError(f"the copy of {file.name} in this home is damaged")
                    saved.write(piece)
                _sync(saved)
            return target
        except BaseException as error:
            target.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                raise LimitError(f"there is no room for {file.name} in {folder}") from error
            if isinstance(error, OSError):
                raise StoreError(f"{file.name} cannot be saved in {folder}: {error.strerror}") from error
            raise

    # --- within

    def _open_content(self, id: MessageId) -> BinaryIO:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self._folder / id, os.O_RDWR | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "r+b")

    def _refuse_full(self, size: int) -> None:
        """Files leave room to what people write. Raises OSError."""
        left = os.statvfs(self._folder.parent)
        if left.f_bavail * left.f_frsize < size + MARGIN_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _write_piece(content: BinaryIO, key: bytes, id: MessageId, index: int, piece: bytes) -> None:
    content.seek(index * SLOT_BYTES)
    content.write(seal_kept(key, bytes.fromhex(id), index, piece))


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _open_source(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would have us wait for its writer
        source = os.fdopen(descriptor, "rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        source.close()
        raise UsageError(f"{path} is no file")
    return source


def _cut(source: BinaryIO) -> Iterator[bytes]:
    """Its pieces: one empty piece of an empty file."""
    piece = source.read(PIECE_BYTES)
    yield piece
    while len(piece) == PIECE_BYTES and (piece := source.read(PIECE_BYTES)):
        yield piece


def _create_beside(folder: Path, name: str) -> tuple[Path, BinaryIO]:
    """A new file: what is there already is never written to. Raises OSError."""
    stem, dot, ending = name.rpartition(".")
    number = 0
    while True:
        numbered = f"{stem} ({number}){dot}{ending}" if stem else f"{name} ({number})"
        target = folder / (numbered if number else name)
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            return target, os.fdopen(descriptor, "wb")
        except FileExistsError:
            number += 1

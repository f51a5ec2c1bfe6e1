"""Files that are given and taken: what is kept of each, what happens to it, what is to be done, what is told.

Knows: the records, inputs, effects and events that concern files. Does not know: what follows from any of
them (``core.files``), or how content is kept (``store.pieces``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from enum import Enum

from p2pchat.data import dataclass
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import count_pieces, piece_size


class FileState(Enum):
    """How far a file has come."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    """It is on its way."""
    WHOLE = "whole"
    """Its receiver has all of it."""
    SAVED = "saved"
    """It was taken out of the home of its receiver."""
    DECLINED = "declined"
    CANCELLED = "cancelled"
    WRONG = "wrong"
    """What was sent is not what was offered."""
    LOST = "lost"
    """Its sender does not have it any more."""
    FULL = "full"
    """Its receiver has no room for it."""
    EXPIRED = "expired"

    @property
    def open(self) -> bool:
        """Whether it may still be transferred."""
        return self in (FileState.OFFERED, FileState.ACCEPTED)

    @property
    def holds_content(self) -> bool:
        """Whether its receiver keeps what came of it."""
        return self in (FileState.ACCEPTED, FileState.WHOLE)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file, offered to a contact or by one."""

    id: MessageId
    """In this home alone."""
    contact: ContactId
    outgoing: bool
    called: MessageId
    """How both ends call it: as its sender does."""
    at: float
    """When it was offered, Unix seconds."""
    name: str
    size: int
    kind: str
    salt: bytes = field(repr=False)
    root: bytes = field(repr=False)
    key: bytes = field(repr=False)
    """Under which its content is sealed in the home: without the record no one can read that."""
    state: FileState
    changed_at: float
    """When it got that state."""
    pieces: bytes = field(default=b"", repr=False)
    """Bitmap of the pieces that are here, of one that comes: lowest bit first."""
    expires_at: float | None = None
    """When it is to be forgotten; None: some time after it is over."""

    @property
    def count(self) -> int:
        """How many pieces it has."""
        return count_pieces(self.size)

    def has_piece(self, index: int) -> bool:
        """Whether a piece is here."""
        return index // 8 < len(self.pieces) and bool(self.pieces[index // 8] >> index % 8 & 1)

    def list_missing(self) -> Iterable[int]:
        """The pieces that are not here, in order."""
        return (index for index in range(self.count) if not self.has_piece(index))

    @property
    def kept_bytes(self) -> int:
        """How much is here in whole pieces."""
        return sum(piece_size(self.size, index) for index in range(self.count) if self.has_piece(index))


def mark_piece(pieces: bytes, index: int) -> bytes:
    """The bitmap with one more piece."""
    marked = bytearray(pieces.ljust(index // 8 + 1, b"\0"))
    marked[index // 8] |= 1 << index % 8
    return bytes(marked)


# --- changes to what is kept


@dataclass(frozen=True, slots=True)
class PutFile:
    file: FileRecord


@dataclass(frozen=True, slots=True)
class DropFile:
    """Forget a file."""

    id: MessageId


FileChange = PutFile | DropFile


# --- inputs


@dataclass(frozen=True, slots=True)
class FileSubmitted:
    """Offer a file, whose content is in the home already, to a contact."""

    id: MessageId
    contact: ContactId
    name: str
    size: int
    kind: str
    salt: bytes = field(repr=False)
    root: bytes = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileAnswered:
    """Take a file that was offered to us, or decline it."""

    file: MessageId
    accept: bool


@dataclass(frozen=True, slots=True)
class FileCancelled:
    """End the transfer of a file; of one that came and was not saved, drop the content."""

    file: MessageId


@dataclass(frozen=True, slots=True)
class FileSaved:
    """A file that came was saved elsewhere: its content can go."""

    file: MessageId


@dataclass(frozen=True, slots=True)
class PieceFetched:
    """What ``FetchPiece`` asked for, as it travels; None: it cannot be read."""

    file: MessageId
    index: int
    sent: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PieceKept:
    """What became of ``KeepPiece``: on disk, or (not ``kept``) there is no room."""

    file: MessageId
    index: int
    kept: bool


@dataclass(frozen=True, slots=True)
class FileChecked:
    """Which pieces of a file are in the home and can be read."""

    file: MessageId
    pieces: bytes = field(repr=False)


FileRequestInput = FileSubmitted | FileAnswered | FileCancelled | FileSaved
"""What the person wants of files."""

ForFiles = FileRequestInput | PieceFetched | PieceKept | FileChecked
"""What concerns files alone."""


# --- effects


@dataclass(frozen=True, slots=True)
class FetchPiece:
    """Read a piece of a file that we give; answered by ``PieceFetched``."""

    file: FileRecord
    index: int


@dataclass(frozen=True, slots=True)
class KeepPiece:
    """Have a piece on disk, sealed and synced; answered by ``PieceKept``."""

    file: FileRecord
    index: int
    piece: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckFile:
    """See which pieces are in the home; answered by ``FileChecked``."""

    file: FileRecord


@dataclass(frozen=True, slots=True)
class DropContent:
    """Delete what the home has of the content of a file."""

    file: MessageId


@dataclass(frozen=True, slots=True)
class SweepContent:
    """Delete the content of all files but these: a node was killed before or after it was of use."""

    known: frozenset[MessageId]


FileEffect = FetchPiece | KeepPiece | CheckFile | DropContent | SweepContent


# --- events


@dataclass(frozen=True, slots=True)
class FileMoved:
    """A file was offered, got a new state, or came further."""

    file: FileRecord
    moved_bytes: int
    """How much its receiver has, blocks of a piece that is not whole included."""
    rate: float
    """Bytes a second lately; 0 where that is not known."""
    turned: bool = False
    """Whether it has another state."""

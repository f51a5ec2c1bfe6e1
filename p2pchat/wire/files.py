"""What two ends say to each other of a file: the offer, its end, requests, and pieces in blocks.

Knows: these messages, their bounds, which names a file may have, how a piece is cut. Does not know: sessions,
disks, hashes (``crypto.files``), or what follows.

A file is cut into *pieces* of 256 KiB, the last one shorter; an empty file is one empty piece. A piece
travels sealed, behind the hashes of its path to the root. In the mesh what travels so is cut into *blocks*,
each in one cell.
"""

from __future__ import annotations

import re
from dataclasses import field
from enum import IntEnum
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.text import harmless_name, seen
from p2pchat.types import MessageId
from p2pchat.wire.codec import Reader
from p2pchat.wire.content import TIME_MAX, text_size

PIECE_BYTES: Final = 256 * 1024
SIZE_MAX: Final = 1 << 32
"""4 GiB: 16 384 pieces."""

HASH_BYTES: Final = 32
SALT_BYTES: Final = 32
SEAL_BYTES: Final = 16
"""What the seal of a piece adds: a Poly1305 tag."""

PATH_MAX: Final = 14
"""Hashes between a piece and the root of the largest file."""

SENT_PIECE_MAX: Final = 1 + PATH_MAX * HASH_BYTES + PIECE_BYTES + SEAL_BYTES
BLOCK_BYTES: Final = 800
"""Of a piece in one cell: with its map it takes 850 of the 860 bytes that a notice may have."""

BLOCKS_MAX: Final = -(-SENT_PIECE_MAX // BLOCK_BYTES)
NAME_LIMIT: Final = 200
"""Bytes of UTF-8: file systems take 255, and a number may have to go behind it."""

KIND_LIMIT: Final = 100

OFFER_TYPE: Final = 36
ACCEPTED_TYPE: Final = 20
ENDED_TYPE: Final = 21
REQUEST_TYPE: Final = 4
BLOCK_TYPE: Final = 5
WORD_TYPES: Final = frozenset({OFFER_TYPE, ACCEPTED_TYPE, ENDED_TYPE})
"""Payloads; the request and the block are notices."""

_ID_BYTES: Final = 16

_FORBIDDEN: Final = re.compile(r'[/\\:*?"<>|]')
"""Separators of paths, and what Windows forbids."""

_RESERVED: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)
"""Devices of Windows, whatever follows the first dot."""

_KIND: Final = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")


class FileEnd(IntEnum):
    """Why the transfer of a file ends."""

    DECLINED = 0
    CANCELLED = 1
    WHOLE = 2
    """The receiver has all of it."""
    WRONG = 3
    """Two pieces were not those of the root."""
    UNKNOWN = 4
    """The sender does not have that file, or not any more."""
    FULL = 5
    """The receiver has no room for it."""


@dataclass(frozen=True, slots=True)
class FileOffer:
    """Take a file of mine. Raises Malformed."""

    id: MessageId
    """As its sender calls it."""
    at: float
    name: str
    size: int
    kind: str
    """Its media type, or empty."""
    salt: bytes = field(repr=False)
    """Key of all its hashes, drawn for this offer: the root tells no one else which file it is."""
    root: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_file_name(self.name)
        if not 0 <= self.size <= SIZE_MAX:
            raise Malformed("a file of an impossible size")
        if not 0 <= self.at <= TIME_MAX:
            raise Malformed("from outside the calendar")
        if self.kind and not is_file_kind(self.kind):
            raise Malformed("a file of an impossible kind")
        if len(self.salt) != SALT_BYTES or len(self.root) != HASH_BYTES:
            raise Malformed("a salt or root of another size")


@dataclass(frozen=True, slots=True)
class FileAccepted:
    """I want the file."""

    file: MessageId


@dataclass(frozen=True, slots=True)
class FileEnded:
    """The transfer of a file ends here."""

    file: MessageId
    end: FileEnd


FileWord = FileOffer | FileAccepted | FileEnded


@dataclass(frozen=True, slots=True)
class FileRequest:
    """Send me of a piece what I do not have. Raises Malformed."""

    file: MessageId
    piece: int
    have: bytes = field(repr=False)
    """Bitmap of the blocks that are here: bit ``i`` of byte ``i // 8``, lowest first; may be empty."""
    kept: int
    """Bytes of the file that are here, in whole pieces."""
    resend: bool
    """What was sent since the last request has not come."""

    def __post_init__(self) -> None:
        if not 0 <= self.piece < PIECES_MAX or not 0 <= self.kept <= SIZE_MAX:
            raise Malformed("a piece that no file has")
        if len(self.have) > -(-BLOCKS_MAX // 8):
            raise Malformed("blocks that no piece has")


@dataclass(frozen=True, slots=True)
class FileBlock:
    """A part of a piece. Raises Malformed."""

    file: MessageId
    piece: int
    index: int
    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not (0 <= self.piece < PIECES_MAX and 0 <= self.index < BLOCKS_MAX):
            raise Malformed("a block that no file has")
        if not 1 <= len(self.data) <= BLOCK_BYTES:
            raise Malformed("a block of an impossible size")


FileNotice = FileRequest | FileBlock


def count_pieces(size: int) -> int:
    """How many pieces a file of that size has: at least one."""
    return max(1, -(-size // PIECE_BYTES))


PIECES_MAX: Final = count_pieces(SIZE_MAX)


def piece_size(size: int, index: int) -> int:
    """How long a piece of a file is, without its seal."""
    return min(PIECE_BYTES, size - index * PIECE_BYTES)


def path_length(count: int, index: int) -> int:
    """How many hashes lead from a piece to the root of so many: at each level a last one without a
    neighbour goes up as it is."""
    length = 0
    while count > 1:
        length += (index ^ 1) < count
        count, index = (count + 1) // 2, index // 2
    return length


def sent_size(size: int, index: int) -> int:
    """How long a piece is as it travels."""
    path = path_length(count_pieces(size), index)
    return 1 + path * HASH_BYTES + piece_size(size, index) + SEAL_BYTES


def count_blocks(size: int, index: int) -> int:
    """How many blocks a piece is cut into."""
    return -(-sent_size(size, index) // BLOCK_BYTES)


def encode_piece(path: tuple[bytes, ...], sealed: bytes) -> bytes:
    """A piece as it travels: the number of hashes, the hashes from the lowest up, the sealed piece."""
    return bytes([len(path)]) + b"".join(path) + sealed


def decode_piece(data: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Undo ``encode_piece``. Raises Malformed."""
    if not data or len(data) > SENT_PIECE_MAX:
        raise Malformed("a piece of an impossible size")
    count, end = data[0], 1 + data[0] * HASH_BYTES
    if count > PATH_MAX or len(data) < end + SEAL_BYTES:
        raise Malformed("a path of an impossible length")
    starts = range(1, end, HASH_BYTES)
    return tuple(data[at : at + HASH_BYTES] for at in starts), data[end:]


def cut_block(piece: bytes, index: int) -> bytes:
    """One block of a piece as it travels."""
    return piece[index * BLOCK_BYTES : (index + 1) * BLOCK_BYTES]


def is_file_kind(kind: str) -> bool:
    """Whether it is a media type that an offer may have."""
    return len(kind) <= KIND_LIMIT and _KIND.fullmatch(kind) is not None


def check_file_name(name: str) -> None:
    """Raise Malformed unless a file of that name can be saved anywhere, and looks like what it is."""
    if not name or text_size(name) > NAME_LIMIT:
        raise Malformed(f"a file's name of no bytes, or of more than {NAME_LIMIT}")
    if _FORBIDDEN.search(name) or harmless_name(name) != name:
        raise Malformed("a file's name with a separator, or with something that does not show")
    if name[0] in ".-" or name != name.strip() or name[-1] == "." or not seen(name):
        raise Malformed("a file's name that begins or ends with a dot or space, or begins with a dash")
    if _RESERVED.match(name):
        raise Malformed("a file's name that is a device's somewhere")


def make_file_name(name: str) -> str:
    """Return a name that may be sent, as like as possible to the one that a file has here."""
    plain = name.encode("utf-8", "replace").decode()
    shown = _FORBIDDEN.sub("_", harmless_name(plain)).strip().lstrip(".-").strip().rstrip(". ")
    while text_size(shown) > NAME_LIMIT:  # what comes last says what kind of file it is
        middle = len(shown) // 2
        shown = shown[: middle - 1] + shown[middle:]
    if _RESERVED.match(shown):
        shown = "_" + shown
    try:
        check_file_name(shown)
    except Malformed:
        return "file"
    return shown


def word_fields(word: FileWord) -> dict[str, object]:
    """What is encoded of it."""
    match word:
        case FileOffer():
            head = {"t": OFFER_TYPE, "id": bytes.fromhex(word.id), "at": float(word.at), "name": word.name}
            return {**head, "size": word.size, "kind": word.kind, "salt": word.salt, "root": word.root}
        case FileAccepted(file=file):
            return {"t": ACCEPTED_TYPE, "file": bytes.fromhex(file)}
        case FileEnded(file=file, end=end):
            return {"t": ENDED_TYPE, "file": bytes.fromhex(file), "end": int(end)}


def read_word(type: int, reader: Reader) -> FileWord:
    """Undo ``word_fields``. Raises Malformed."""
    if type == OFFER_TYPE:
        return FileOffer(
            _read_id(reader, "id"),
            reader.get_float("at", 0, TIME_MAX),
            reader.get_text("name", NAME_LIMIT),
            reader.get_integer("size", 0, SIZE_MAX),
            reader.get_text("kind", KIND_LIMIT),
            reader.get_bytes("salt", SALT_BYTES),
            reader.get_bytes("root", HASH_BYTES),
        )
    file = _read_id(reader, "file")
    if type == ACCEPTED_TYPE:
        return FileAccepted(file)
    end = reader.get_integer("end", 0, 255)
    return FileEnded(file, FileEnd(end) if end in list(FileEnd) else FileEnd.CANCELLED)


def notice_fields(notice: FileNotice) -> dict[str, object]:
    """What is encoded of it."""
    where = {"file": bytes.fromhex(notice.file), "piece": notice.piece}
    match notice:
        case FileRequest(have=have, kept=kept, resend=resend):
            return {"t": REQUEST_TYPE, **where, "have": have, "kept": kept, "resend": resend}
        case FileBlock(index=index, data=data):
            return {"t": BLOCK_TYPE, **where, "at": index, "data": data}


def read_notice(type: int, reader: Reader) -> FileNotice:
    """Undo ``notice_fields``. Raises Malformed."""
    file, piece = _read_id(reader, "file"), reader.get_integer("piece", 0, PIECES_MAX - 1)
    if type == BLOCK_TYPE:
        index = reader.get_integer("at", 0, BLOCKS_MAX - 1)
        return FileBlock(file, piece, index, reader.get_bytes("data", limit=BLOCK_BYTES))
    have = reader.get_bytes("have", limit=-(-BLOCKS_MAX // 8))
    return FileRequest(file, piece, have, reader.get_integer("kept", 0, SIZE_MAX), reader.get_flag("resend"))


def _read_id(reader: Reader, key: str) -> MessageId:
    return MessageId(reader.get_bytes(key, _ID_BYTES).hex())

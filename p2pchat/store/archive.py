"""A backup as a file: written beside the one before and given its name when it is whole; read chunk by chunk.

Knows: files, their locks and their failures. Does not know: what the entries mean.

A program that is killed while writing leaves the old file, and ``FILE.new``, which the next attempt writes
over.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Final

from p2pchat.crypto.archive import CHUNK_BYTES, HEADER_BYTES, MAGIC, TAG_BYTES, ArchiveOpening, ArchiveSeal
from p2pchat.crypto.password import Cost
from p2pchat.errors import Malformed, OtherVersion, RefusedInput, StoreError, TrustError, UsageError
from p2pchat.ports import Entropy
from p2pchat.store.vault import sync_directory
from p2pchat.wire.backup import EntryStream, padded_size
from p2pchat.wire.codec import Reader

_NEW: Final = ".new"


class ArchiveFile:
    """One backup that is being written. ``complete_file`` or ``give_up`` ends it."""

    def __init__(self, path: Path, phrase: str, entropy: Entropy, cost: Cost | None = None) -> None:
        """Raises UsageError where something else is kept under that name, or another writes it now;
        StoreError."""
        self._place = Path(os.path.realpath(path))
        self._new = self._place.with_name(self._place.name + _NEW)
        self._pending = bytearray()
        self.size = 0
        """Bytes written so far."""
        self._taken = 0
        try:
            for place in (self._place, self._new):
                _refuse_other(place)
            self._file = _opened(self._new)
        except OSError as error:
            raise _unwritten(self._place, error) from error
        try:
            self._seal = ArchiveSeal(phrase, entropy, cost)
            self._put(self._seal.header)
        except BaseException:
            self.give_up()
            raise

    def add_entries(self, entries: bytes) -> None:
        """Append a part of the backup. Raises StoreError; then the old file is intact."""
        self._taken += len(entries)
        self._pending += entries
        while len(self._pending) > CHUNK_BYTES:
            self._put(self._seal.seal_chunk(bytes(self._pending[:CHUNK_BYTES])))
            del self._pending[:CHUNK_BYTES]

    def complete_file(self) -> None:
        """Pad it, and have it on the disk under its name. Raises StoreError; then the file of before is
        whole."""
        left = padded_size(self._taken) - self._taken
        while left:
            zeros = min(left, CHUNK_BYTES)
            self.add_entries(bytes(zeros))
            left -= zeros
        self._put(self._seal.seal_chunk(bytes(self._pending), last=True))
        try:
            os.fsync(self._file.fileno())
            self._new.rename(self._place)
        except OSError as error:
            self.give_up()
            raise _unwritten(self._place, error) from error
        self._file.close()
        with suppress(OSError):  # a disk that does not confirm a name has the one or the other
            sync_directory(self._place.parent)

    def give_up(self) -> None:
        """Leave the file of before as it is. Harmless when finished."""
        if not self._file.closed:
            with suppress(OSError):
                if _is_same(self._new, self._file):
                    self._new.unlink()
            self._file.close()

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self.give_up()
            raise _unwritten(self._place, error) from error
        self.size += len(data)


def read_entries(path: Path, phrase: str) -> Iterator[tuple[int, Reader]]:
    """All entries in their order, kind and fields. Raises UsageError (no such file), TrustError (another
    phrase), StoreError (damaged, or no backup)."""
    with _readable(path) as file:
        header = file.read(HEADER_BYTES)
        try:
            opening = ArchiveOpening(header, phrase)
        except OtherVersion as error:
            raise StoreError(f"{path} was made by a newer p2pchat; upgrade this one") from error
        except RefusedInput as error:
            raise StoreError(f"{path} is no backup of p2pchat, or its beginning is damaged") from error
        yield from _entries(path, file, opening)


def _entries(path: Path, file: FileIO, opening: ArchiveOpening) -> Iterator[tuple[int, Reader]]:
    stream, opened, last = EntryStream(), 0, False
    try:
        while not last:
            plain, last = opening.open_chunk(_chunk(file))
            opened += 1
            yield from stream.take_piece(plain)
        stream.check_end()
        if file.read(1):
            raise Malformed("something behind the end")
    except RefusedInput as error:
        if not opened:
            raise TrustError("the phrase is not that of this backup (or its beginning is damaged)") from error
        raise StoreError(
            f"the backup {path} is damaged or cut off behind its first {opened * CHUNK_BYTES // 1024} kB;"
            " use another copy"
        ) from error
    except OSError as error:
        raise StoreError(f"the backup {path} cannot be read: {error.strerror}") from error


def _chunk(file: FileIO) -> bytes:
    data = bytearray()
    while len(data) < CHUNK_BYTES + TAG_BYTES and (more := file.read(CHUNK_BYTES + TAG_BYTES - len(data))):
        data += more
    return bytes(data)


def _readable(path: Path) -> FileIO:
    try:
        return path.open("rb", buffering=0)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise UsageError(f"there is no backup {path}: {error.strerror}") from error
    except OSError as error:
        raise StoreError(f"the backup {path} cannot be read: {error.strerror}") from error


def _refuse_other(place: Path) -> None:
    """Raises UsageError where something else is kept under that name, OSError."""
    try:
        kind = place.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(kind):
        raise UsageError(f"{place} is not a file; name one for the backup")
    with place.open("rb") as file:
        head = file.read(len(MAGIC))
    if head and head != MAGIC:
        raise UsageError(f"{place} holds something that is no backup; give the backup another name")


def _opened(new: Path) -> FileIO:
    """The file beside, empty and ours alone. Raises UsageError, OSError."""
    while True:
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        file = FileIO(descriptor, "r+")
        try:
            _lock(descriptor)
            if _is_same(new, file):
                with suppress(OSError):  # a stick for all systems has no modes
                    os.fchmod(descriptor, 0o600)
                os.ftruncate(descriptor, 0)
                return file
            file.close()  # another has just given it its name
        except BlockingIOError:
            file.close()
            raise UsageError(f"another program writes the backup {new.stem} at this moment") from None
        except BaseException:
            file.close()
            raise


def _lock(descriptor: int) -> None:
    """Raises BlockingIOError while another has it. A disk elsewhere that knows no locks has none."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            raise


def _is_same(path: Path, file: FileIO) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _unwritten(place: Path, error: OSError) -> StoreError:
    return StoreError(
        f"the backup {place} cannot be written: {error.strerror}; what was there before is as it was"
    )

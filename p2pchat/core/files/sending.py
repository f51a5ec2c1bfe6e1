"""One file on its way to a contact: which piece is read for it, and how much was sent in all.

Knows: what was asked for last. Does not know: the disk, other files, or how blocks are sent.
"""

from __future__ import annotations

from p2pchat.core.values.files import FileRecord
from p2pchat.wire.files import BLOCK_BYTES, PATH_MAX, FileBlock, FileRequest, count_blocks, cut_block

SERVED_MAX = 8
"""So often the blocks of a file are sent in all, while the node runs; who asks for more gets nothing."""


class Sending:
    """One file's transfer, while the node runs."""

    def __init__(self) -> None:
        self.request: FileRequest | None = None
        self.fetching = False
        self._serving: int | None = None
        self._served = 0

    def take_request(self, file: FileRecord, request: FileRequest) -> bool:
        """Take what the contact asks; whether the piece is to be read for it."""
        if request.piece >= file.count:
            return False
        goes_on = self._serving == request.piece and not request.resend
        self.request = request
        if goes_on or self.fetching:
            return False
        self.fetching = True
        return True

    def cut_blocks(self, file: FileRecord, index: int, sent: bytes) -> tuple[FileBlock, ...] | None:
        """The blocks of a piece that was read that the contact does not have; None: it has asked for another
        meanwhile."""
        request = self.request
        if request is None or request.piece != index:
            return None
        self.fetching, self._serving = False, index
        missing = [at for at in range(count_blocks(file.size, index)) if not _has(request.have, at)]
        missing = missing[: max(0, _limit_blocks(file) - self._served)]
        self._served += len(missing)
        return tuple(FileBlock(file.called, index, at, cut_block(sent, at)) for at in missing)

    def count_bytes(self, file: FileRecord) -> int:
        """How much the contact says that it has."""
        if self.request is None:
            return 0
        blocks = sum(byte.bit_count() for byte in self.request.have)
        return min(file.size, self.request.kept + blocks * BLOCK_BYTES)


def _limit_blocks(file: FileRecord) -> int:
    return SERVED_MAX * (file.size // BLOCK_BYTES + file.count * PATH_MAX)


def _has(bitmap: bytes, at: int) -> bool:
    return at // 8 < len(bitmap) and bool(bitmap[at // 8] >> at % 8 & 1)

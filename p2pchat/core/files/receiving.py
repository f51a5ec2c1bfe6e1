"""One file on its way here: which piece is asked for, which of its blocks have come.

Knows: the blocks of one piece, when to ask, how often the sender was wrong. Does not know: the disk, other
files, or how anything is sent.

::

    asking ──a block came──> asking ──all came, and they are the piece──> keeping ──on disk──> asking
       ^                        │                                            │
       ├──nothing came: pace────┘                                            │
       └──all came, and they are not the piece (twice: over); no room <──────┘
"""

from __future__ import annotations

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.pace import Pace
from p2pchat.core.values.files import FileRecord
from p2pchat.core.values.profile import Profile
from p2pchat.crypto.files import open_piece
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy
from p2pchat.wire.files import BLOCK_BYTES, FileBlock, FileRequest, count_blocks, sent_size

REPORT_BLOCKS = 16
"""So many come between two reports, which tell the sender how far its cells were seen
(``core.messaging.patient_notices`` has 48 under way)."""

ASK_FIRST_S = 30.0
ASK_LAST_S = 600.0
"""How long nothing comes before it is asked for once more."""

ASK_TRIPS = 3
"""And no sooner than so many receipts may take."""

WRONG_MAX = 2
"""Wrong pieces that end a transfer."""

RETURN_S = 5.0
"""Who comes back is asked within so long."""


def ask_first_s(profile: Profile | None) -> float:
    """How long to wait for a block before it is asked for once more."""
    return max(ASK_FIRST_S, ASK_TRIPS * profile.repeat_s if profile is not None else 0.0)


class Receiving:
    """One file's transfer, while the node runs."""

    def __init__(self, entropy: Entropy, ask_first_s: float = ASK_FIRST_S) -> None:
        self.index: int | None = None
        """The piece that is asked for."""
        self.keeping = False
        """Whether it is on its way to the disk."""
        self._pace = Pace(entropy, ask_first_s, ASK_LAST_S)
        self._pace.at = NEVER
        self._blocks: dict[int, bytes] = {}
        self._unreported = 0
        self._wrong = 0

    @property
    def ask_at(self) -> float:
        """When to ask once more."""
        return NEVER if self.keeping or self.index is None else self._pace.at

    @property
    def partial_bytes(self) -> int:
        """How much of the piece has come."""
        return sum(map(len, self._blocks.values()))

    @property
    def is_wrong(self) -> bool:
        """Whether the sender has used up its turns."""
        return self._wrong >= WRONG_MAX

    def begin_piece(self, index: int, now: float) -> None:
        """This piece comes next."""
        self.index, self.keeping, self._unreported = index, False, 0
        self._blocks.clear()
        self._pace.on_success()
        self._pace.on_attempt(now)

    def make_request(self, file: FileRecord, resend: bool) -> FileRequest:
        """What to ask now."""
        assert self.index is not None, "begun"
        have = bytearray(-(-count_blocks(file.size, self.index) // 8) if self._blocks else 0)
        for at in self._blocks:
            have[at // 8] |= 1 << at % 8
        self._unreported = 0
        return FileRequest(file.called, self.index, bytes(have), file.kept_bytes, resend)

    def ask_once_more(self, now: float) -> None:
        """Nothing came for long: the next time later."""
        self._pace.on_attempt(now)

    def hurry_request(self, now: float) -> None:
        """The sender is back."""
        if self.index is not None:
            self._pace.retry_within(now, RETURN_S)

    def take_block(self, file: FileRecord, block: FileBlock, now: float) -> bool:
        """Take what came; whether it was wanted."""
        if self.keeping or block.piece != self.index or block.index in self._blocks:
            return False
        size = sent_size(file.size, block.piece)
        if len(block.data) != min(BLOCK_BYTES, size - block.index * BLOCK_BYTES):
            return False
        self._blocks[block.index] = block.data
        self._unreported += 1
        self._pace.on_success()
        self._pace.on_attempt(now)
        return True

    def is_report_due(self) -> bool:
        """Whether the sender should hear how far it has come."""
        return self._unreported >= REPORT_BLOCKS

    def is_piece_whole(self, file: FileRecord) -> bool:
        """Whether all blocks have come."""
        assert self.index is not None, "begun"
        return len(self._blocks) == count_blocks(file.size, self.index)

    def open_whole(self, file: FileRecord) -> bytes | None:
        """Return the piece, which is to be kept now; None: it is another, and is asked for from its
        beginning."""
        assert self.index is not None, "begun"
        sent = b"".join(self._blocks[at] for at in range(len(self._blocks)))
        self._blocks.clear()
        try:
            piece = open_piece(file.salt, file.root, file.size, self.index, sent)
        except RefusedInput:
            self._wrong += 1
            return None
        self.keeping = True
        return piece

    def wait_for_room(self, now: float) -> None:
        """The disk has no room: ask after a while."""
        self.keeping = False
        self._pace.at = now + ASK_LAST_S

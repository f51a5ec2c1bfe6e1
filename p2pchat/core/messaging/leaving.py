"""The cells of one conversation that were handed over and have not left the node yet.

Knows: which piece of which message each is, and how many there may be. Does not know: what is sent next.
"""

from __future__ import annotations

from p2pchat.data import dataclass
from p2pchat.types import MessageId, Tag

LEAVING_MAX = 32
"""Cells of one contact that wait for their turn in the node; others wait here, and other conversations have
a turn meanwhile."""

LEAVES_S = 60.0
"""So long a cell may take to leave: thirty-two on the slowest clock take five."""


@dataclass(frozen=True, slots=True)
class LeavingPiece:
    """A fragment that was handed over."""

    message: MessageId
    index: int
    since: float


class LeavingCells:
    """Cells that were handed over and have not left, by tag, oldest first."""

    def __init__(self) -> None:
        self._pieces: dict[Tag, LeavingPiece] = {}

    def __len__(self) -> int:
        return len(self._pieces)

    def forget_all(self) -> None:
        """Forget all cells, because their session is over."""
        self._pieces.clear()

    def put_piece(self, tag: Tag, piece: LeavingPiece) -> None:
        """Note that a cell was handed over."""
        self._pieces[tag] = piece

    def pop_piece(self, tag: Tag) -> LeavingPiece | None:
        """Forget a cell that has left."""
        return self._pieces.pop(tag, None)

    def drop_message(self, message: MessageId) -> None:
        """Forget all pieces of a message."""
        self._pieces = {tag: piece for tag, piece in self._pieces.items() if piece.message != message}

    def drop_lost(self, now: float) -> list[LeavingPiece]:
        """Forget and return the pieces that were dropped on their way out: they have waited too long."""
        lost = []
        for tag, piece in list(self._pieces.items()):
            if piece.since > now - LEAVES_S:
                break
            del self._pieces[tag]
            lost.append(piece)
        return lost

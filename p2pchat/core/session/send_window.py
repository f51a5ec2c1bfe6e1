"""How many cells may be under way that the contact has not shown to have seen.

Knows: how far one chain of ours was seen. Does not know: what cells hold, or what else is listened for.

The contact listens only so far beyond the last cell that it has seen. Silence and answers have shares of
their own in that, so that two ends that used up one of them can still find each other by the other.
"""

from __future__ import annotations

from p2pchat.crypto.envelope import EPOCH_SECONDS, LOOKAHEAD, SendChain, epoch_at
from p2pchat.types import Epoch

DATA_WINDOW = 96
"""Cells of ordered payloads that may be under way beyond the last one seen; the longest text takes 77."""

SILENT_WINDOW = 128
"""Cells that may leave while the contact is silent, receipts and probes included. The rest of the look-ahead
is for answers: an end that has just said where it listens can always be told to listen further."""

SILENT_RESERVE = 16
"""Further cells into silence, spread evenly over the epoch, one in 22 minutes: two ends that used up all
others while the mesh was torn find each other again before the next epoch."""

SKIP_MAX = 4096
"""Cells that another copy of this home may have written since: a day's, and a few milliseconds to skip."""

Place = tuple[Epoch, int]
"""An epoch, and the index of a cell in it; -1 before the first."""


class SendWindow:
    """The window of one chain. A session that sends under another chain begins another window."""

    def __init__(self, chain: SendChain, seen: Place | None = None) -> None:
        self.chain = chain
        self.seen = (chain.epoch, -1) if seen is None else seen
        """The last cell that the contact has shown to have seen."""
        self.overtaken = False
        """The contact has seen cells of ours far beyond those that we have written."""

    def data_space(self, now: float) -> int:
        """Count the cells of ordered payloads that may leave now."""
        return DATA_WINDOW - self._count_unseen(now)

    def silent_space(self, now: float) -> int:
        """Count the cells that may leave now though the contact is silent."""
        reserve = int(SILENT_RESERVE * (now / EPOCH_SECONDS % 1.0))
        return SILENT_WINDOW + reserve - self._count_unseen(now)

    def answer_space(self, now: float) -> int:
        """Count the cells that may leave when the contact has just shown that it listens."""
        return LOOKAHEAD - self._count_unseen(now)

    def has_seen(self, epoch: Epoch, index: int) -> bool:
        """Whether the contact has shown that it saw a cell sent at that place or later."""
        return self.seen >= (epoch, index)

    def note_seen(self, epoch: Epoch, index: int) -> None:
        """Believe the contact forwards only. Past what we sent another copy of this home has written, or this
        one before it was put back: we go on behind that. Receipts tell whether what was sent there is ours as
        well."""
        chain = self.chain
        if epoch < chain.epoch:
            return
        if (epoch, index) >= (chain.epoch, chain.index):
            if epoch != chain.epoch or index >= chain.index + SKIP_MAX:
                self.overtaken = True
                return
            chain.skip_to(index + 1)
        self.seen = max(self.seen, (epoch, index)) if epoch == self.seen[0] else (epoch, index)

    def _count_unseen(self, now: float) -> int:
        """Count the cells sent in the present epoch beyond the last one seen."""
        self.chain.advance_to(epoch_at(now))
        seen = self.seen[1] + 1 if self.chain.epoch == self.seen[0] else 0
        return self.chain.index - seen

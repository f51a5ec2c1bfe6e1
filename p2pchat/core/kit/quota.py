"""What one contact may fill of the disk: so much a day.

Knows: what a payload costs on the disk. Does not know: payloads, or what happens to one too many (it waits
with its sender, without an acknowledgement).
"""

from __future__ import annotations

from p2pchat.core.kit.budget import Budget

DAY_S = 86_400.0

LINE_BYTES = 600
"""Of disk for a line of history, beside its text (measured: 677 for a text of some 60)."""

TEXT_BYTES = 8
"""Of disk for each byte of a text, with the index for searching (measured: 7.4 for texts of 64 KiB)."""


class Quota:
    """The quota of one contact. It does not outlive a restart, which a contact cannot cause."""

    def __init__(self, bytes_a_day: int) -> None:
        """The first day's share is there at once."""
        self._budget = Budget(0.0, bytes_a_day / DAY_S, bytes_a_day)
        self.used_up = False

    def take_bytes(self, size: int, now: float) -> bool:
        """Whether a payload of so many bytes may be kept; it counts as kept. The last one may go beyond the
        quota, so that none is too large for ever."""
        self.used_up = self._budget.tokens_left(now) <= 0.0
        if not self.used_up:
            self._budget.spend_tokens(LINE_BYTES + TEXT_BYTES * size)
        return not self.used_up

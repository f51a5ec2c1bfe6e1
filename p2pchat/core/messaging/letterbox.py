"""Cells that bear tags of ours, on their way to being opened.

Knows: when they are. Does not know: keys, contacts, or what cells hold.

Opening a cell takes a ratchet's step, a commit and more; nothing of that may happen while its copies leave
for the neighbours, or their delay would reveal the recipient. So it lies here for a random while,
and what lies here is opened together. All of it is in memory alone: what was not opened when a node dies was
not acknowledged either, and its sender repeats it.
"""

from __future__ import annotations

from collections import deque

from p2pchat.core.kit.moments import NEVER
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, uniform
from p2pchat.wire.cell import Cell

OPEN_MAX = 8
"""Cells opened in one go, a few milliseconds of work; frames that came meanwhile are handled before the
next."""

CAP = 1024
"""Cells that lie here; more than a node takes in during the longest wait, half a second at ``credit.MOST``.
Beyond it the newest is dropped, and its sender repeats it."""


@dataclass(frozen=True, slots=True)
class ReceivedCell:
    """A cell that waits to be opened. ``late``: it was caught up on."""

    cell: Cell
    late: bool = False


class Letterbox:
    """Keeps cells in the order in which they came."""

    def __init__(self, entropy: Entropy, open_s: tuple[float, float]) -> None:
        self._entropy = entropy
        self._open_s = open_s
        self._cells: deque[ReceivedCell] = deque()
        self.open_at = NEVER
        """When ``due`` next has something."""

    def __len__(self) -> int:
        return len(self._cells)

    def put_cell(self, received_cell: ReceivedCell, now: float) -> None:
        """Keep a cell that came."""
        if len(self._cells) < CAP:
            self._cells.append(received_cell)
        if self.open_at == NEVER:
            self.open_at = now + uniform(self._entropy, *self._open_s)

    def pop_due(self, now: float) -> list[ReceivedCell]:
        """Return the cells to be opened now. Those left over are due at once, after other inputs had their
        turn."""
        if now < self.open_at:
            return []
        cells = [self._cells.popleft() for _ in range(min(OPEN_MAX, len(self._cells)))]
        self.open_at = now if self._cells else NEVER
        return cells

"""What waits to be sent on one link, and in which order it leaves.

Knows: that control goes first, and that links share what another can carry. Does not know: sealing or credit.
"""

from __future__ import annotations

from collections import deque

from p2pchat.types import LinkId
from p2pchat.wire.frame import Frame

CELLS_CAP = 2048
"""Cells waiting on one link; what a bad link (60 frames/s) carries in eight seconds. Beyond it the newest
cell of the longest queue is shed."""

CONTROL_CAP = 512
"""Control frames waiting; they are few, and as many as this mean that the link is stuck."""


class FairQueue:
    """A cell waits in the queue of the link it came from, our own in one more; the queues take turns.

    So a neighbour that floods us fills its own queue, and the others' cells pass it by.
    """

    def __init__(self) -> None:
        self._control: deque[Frame] = deque()
        self._cells: dict[LinkId | None, deque[Frame]] = {}
        self._waiting = 0
        self.shed = 0

    @property
    def control(self) -> bool:
        """Whether control waits."""
        return bool(self._control)

    @property
    def cells(self) -> int:
        """How many cells wait."""
        return self._waiting

    def count_waiting(self, source: LinkId | None) -> int:
        """How many cells of that link wait, or of our own."""
        queue = self._cells.get(source)
        return len(queue) if queue is not None else 0

    def put_control(self, frame: Frame) -> None:
        """Control goes before cells, and in order."""
        if len(self._control) >= CONTROL_CAP:
            self.shed += 1
        else:
            self._control.append(frame)

    def put_cell(self, frame: Frame, source: LinkId | None) -> None:
        """Queue a cell that came from that link, or is our own."""
        self._cells.setdefault(source, deque()).append(frame)
        self._waiting += 1
        if self._waiting > CELLS_CAP:
            longest = max(self._cells, key=lambda source: len(self._cells[source]))
            self._cells[longest].pop()
            self._waiting -= 1
            self.shed += 1

    def pop_control(self) -> Frame:
        """The next control frame; there is one."""
        return self._control.popleft()

    def pop_cell(self) -> Frame:
        """Return the next cell of the queue whose turn it is. There must be one."""
        source = next(iter(self._cells))
        queue = self._cells.pop(source)
        frame = queue.popleft()
        if queue:
            self._cells[source] = queue  # at the end: the others come first now
        self._waiting -= 1
        return frame

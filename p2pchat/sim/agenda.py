"""Virtual time: what happens when.

Knows: the present moment and what is due. Does not know: what any of it means.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

Action = Callable[[Any, Any], None]


class Agenda:
    """Tuples on a heap: an action and its two arguments, in the order of their times, then of their entry.

    No closure is made for an event: a run of ten thousand nodes has some hundred million of them.
    """

    __slots__ = ("_entries", "_heap", "now")

    def __init__(self, now: float) -> None:
        self.now = now
        """Unix seconds. If it is set forward, all events that were due meanwhile happen then."""
        self._heap: list[tuple[float, int, Action, Any, Any]] = []
        self._entries = 0

    def call_at(self, when: float, action: Action, first: Any = None, second: Any = None) -> None:
        """Call ``action(first, second)`` at that time, or at once if it has passed."""
        self._entries += 1
        heappush(self._heap, (max(when, self.now), self._entries, action, first, second))

    def run(self, until: float) -> None:
        """Let everything happen that is due by then."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            at, _, action, first, second = heappop(heap)
            if at > self.now:
                self.now = at
            action(first, second)
        self.now = max(self.now, until)

    def run_next(self, until: float) -> bool:
        """Let the next thing happen, if it is due by then."""
        if not self._heap or self._heap[0][0] > until:
            return False
        at, _, action, first, second = heappop(self._heap)
        self.now = max(self.now, at)
        action(first, second)
        return True

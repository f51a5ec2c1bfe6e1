"""The null stem: cells of our own enter the broadcast here, and nothing hides them.

Knows: how many wait to enter. Does not know: the broadcast. Others' onions are carried as by any node, and
this one is on the map as they are.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator

from p2pchat.core.stem.outputs import CellDispatched, CellReturned, Output, Spread
from p2pchat.core.stem.stem import Stem
from p2pchat.core.values.profile import FAST
from p2pchat.core.values.status import StemStatus
from p2pchat.core.values.user_inputs import Haste
from p2pchat.ports import Entropy
from p2pchat.types import LinkId
from p2pchat.wire.cell import tag_of

ENTERING_CAP = 16_384
"""Cells of our own that wait to enter the broadcast, 15 MB; beyond it new ones are dropped."""


class Direct(Stem):
    """``has_space``: whether one more cell of our own may enter the broadcast."""

    def __init__(self, entropy: Entropy, counters: Counter[str], has_space: Callable[[], bool]) -> None:
        super().__init__(FAST, entropy, counters)
        self._has_space = has_space
        self._entering: deque[bytes] = deque()

    def get_status(self) -> StemStatus | None:
        """Nothing is hidden."""
        return None

    def begins_at(self, link: LinkId) -> bool:
        """Return False: no stem begins at a link."""
        return False

    def submit_cell(self, cell: bytes, now: float, haste: Haste = Haste.SOON) -> Iterator[Output]:
        """Let it enter, after those that wait."""
        if len(self._entering) >= ENTERING_CAP:
            self._counters["cells shed before the broadcast"] += 1
            return iter(())
        self._entering.append(cell)
        return self.go_on_sending(now)

    def go_on_sending(self, now: float) -> Iterator[Output]:
        """Send cells one after the other, as far as they leave soon. The caller must take each before it asks
        for the next, because each takes space on a link. As it enters here, a cell does not come back."""
        while self._entering and self._has_space():
            cell = self._entering.popleft()
            yield Spread(cell, None, None)
            yield CellDispatched(tag_of(cell))
            yield CellReturned(tag_of(cell))

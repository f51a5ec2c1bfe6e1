"""Cells of our own, and ticks of the clock, that wait to leave: for a stem, for the clock, for room on a
link.

Knows: their order. Does not know: when one may leave, or as what.

Receipts go before texts: otherwise its sender would repeat cells that are here already. The ticks of a
clock that cells do not wait for stand in the same queue, so that what leaves when there is room again is
never cells alone. Beyond ``COVER_CAP`` a tick is left out, and a cell takes the place of one: so much leaves
then, whether we wrote or not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from p2pchat.core.kit.credit import OWN_AHEAD
from p2pchat.core.values.user_inputs import Haste
from p2pchat.data import dataclass

WAITING_CAP = 4096
"""Cells waiting, 4 MB. Beyond it the newest is dropped, and its outbox sends it again."""

COVER_CAP = OWN_AHEAD
"""Ticks that wait for room: as many as may wait on the link."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock ticked."""

    is_loop: bool


class Waiting:
    """The queue, and beside it what takes the place of cover."""

    def __init__(self) -> None:
        self._queue: deque[bytes | Tick] = deque()
        self._receipts = 0
        """So many at the front of the queue."""
        self._ticks = 0
        self._patient: deque[bytes] = deque()

    def __len__(self) -> int:
        """What is in the queue; not what is patient."""
        return len(self._queue)

    def __iter__(self) -> Iterator[bytes]:
        """Cells in the queue, in order."""
        return (item for item in self._queue if not isinstance(item, Tick))

    @property
    def is_full(self) -> bool:
        """Whether nothing more is taken."""
        return len(self._queue) + len(self._patient) >= WAITING_CAP

    def put_cell(self, cell: bytes, haste: Haste, has_cover: bool) -> None:
        """Add a cell that waits. ``has_cover``: there are ticks whose place a patient cell may take."""
        if haste is Haste.FIRST:
            self._queue.insert(self._receipts, cell)
            self._receipts += 1
        elif haste is Haste.PATIENT and has_cover:
            self._patient.append(cell)
        else:
            self._queue.append(cell)
        if self._ticks and len(self._queue) > COVER_CAP:
            self._drop_last_tick()

    def put_tick(self, tick: Tick) -> None:
        """What the clock sends waits among the cells."""
        if len(self._queue) < COVER_CAP and not self.is_full:
            self._queue.append(tick)
            self._ticks += 1

    def pop_next(self) -> bytes | Tick:
        """What leaves next; there is something."""
        self._receipts = max(0, self._receipts - 1)
        item = self._queue.popleft()
        self._ticks -= isinstance(item, Tick)
        return item

    def pop_patient(self) -> bytes | None:
        """A cell that takes the place of cover, if there is one."""
        return self._patient.popleft() if self._patient else None

    def hurry_patient(self) -> None:
        """The node stops: there is no cover to wait for."""
        self._queue.extend(self._patient)
        self._patient.clear()

    def _drop_last_tick(self) -> None:
        last = next(at for at in reversed(range(len(self._queue))) if isinstance(self._queue[at], Tick))
        del self._queue[last]
        self._ticks -= 1

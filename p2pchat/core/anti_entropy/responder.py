"""What this node does for one neighbour that lacks cells: it answers questions about its hold, and sends
cells.

Knows: what the neighbour is owed, and how much it may cost. Does not know: what the neighbour makes of it,
or when there is room on the link.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice

from p2pchat.core.anti_entropy.hold import Kept
from p2pchat.core.anti_entropy.keyset import WHOLE
from p2pchat.core.kit.allowance import Allowance
from p2pchat.core.kit.budget import Budget
from p2pchat.core.values.records import HeldCell
from p2pchat.types import CellKey
from p2pchat.wire.reconcile import KEYS_MAX, CellDelivery, Horizon, InSync, KeyList, SketchRequest, Summary

STEPS_PER_S = 20_000.0
"""Keys summed up for one neighbour: 5 % of a processor (2.5 µs each, measured). Fetching an hour of a
thousand members takes 350 for each 50 cells."""

STEPS_BURST = 1_000_000.0
"""At once: seven times through a hold of 140 000."""

ANSWER_STEPS = 200
"""What any answer costs beside its keys, in steps."""

SERVED_FOR_S = 60.0
"""A cell is sent to one neighbour once a minute at most."""

QUEUE_CAP = 512
"""Cells a neighbour waits for: twice what one of us asks for at a time."""

FETCH_MAX = 64
"""Cells read from the disk at one time: 4 ms (measured), and as many frames as leave at once."""

Answer = InSync | Summary | KeyList


class Responder:
    """Answers one neighbour."""

    def __init__(self, kept: Kept, cells: Allowance, now: float) -> None:
        """``cells``: what may be sent to it; as much as one of us takes."""
        self._kept = kept
        self._steps = Budget(now, STEPS_PER_S, STEPS_BURST)
        self._cells = cells
        self._queue: dict[CellKey, int] = {}
        self._fetching: tuple[int, ...] = ()
        self._ready: deque[HeldCell] = deque()
        self._served: set[int] = set()
        self._served_since = now

    # --- questions

    def answer_request(self, question: SketchRequest, now: float) -> list[Answer]:
        """Return one answer for each interval; none for intervals beyond the allowance."""
        own = self._kept.horizon_at(now)
        view = Horizon(max(own.floor, question.view.floor), max(own.since, question.view.since))
        answers: list[Answer] = []
        for index, interval in enumerate(question.intervals):
            if self._steps.tokens_left(now) <= 0:
                break
            sketch, steps = self._kept.sketch_interval(interval, view, now)
            self._steps.spend_tokens(ANSWER_STEPS + steps)
            if (interval, view, sketch.digest()) == (WHOLE, question.view, question.digest):
                return [InSync(question.serial)]
            if sketch.size <= KEYS_MAX:
                keys = tuple(self._kept.keys_in(interval, view, now))
                answers.append(KeyList(question.serial, index, view, keys))
            else:
                answers.append(Summary(question.serial, index, view, sketch.size, sketch.to_bytes()))
        return answers

    # --- cells

    def queue_cells(self, keys: Iterable[CellKey], now: float) -> None:
        """Queue the cells that are kept and were not sent lately."""
        if now >= self._served_since + SERVED_FOR_S:
            self._served, self._served_since = set(), now
        for key in keys:
            number = self._kept.number_on_disk(key)
            if number is not None and number not in self._served and len(self._queue) < QUEUE_CAP:
                self._served.add(number)
                self._queue[key] = number

    def take_cells(self, space: int, now: float) -> tuple[list[CellDelivery], tuple[int, ...]]:
        """Up to ``space`` cells to be sent now, and the numbers of cells to be read from the disk."""
        fetch = self._prepare()
        count = min(space, len(self._ready), self._cells.cells_left(now))
        self._cells.spend_cells(count)
        ready = (self._ready.popleft() for _ in range(count))
        return [CellDelivery(cell.slot, cell.body) for cell in ready], fetch

    def _prepare(self) -> tuple[int, ...]:
        """Have cells at hand for what will be sent next; return the numbers of those that are on disk."""
        if self._fetching or len(self._ready) >= FETCH_MAX:
            return ()
        numbers: list[int] = []
        for key, number in list(islice(self._queue.items(), FETCH_MAX)):
            del self._queue[key]
            held = self._kept.cell_in_memory(key)
            if held is not None:
                self._ready.append(held)
            else:
                numbers.append(number)
        self._fetching = tuple(numbers)
        return self._fetching

    def on_fetched(self, numbers: tuple[int, ...], cells: Iterable[HeldCell]) -> None:
        """These numbers were read, and these cells were there; they may have been another neighbour's."""
        if numbers == self._fetching:
            self._fetching = ()
            self._ready.extend(cells)

    @property
    def is_served(self) -> bool:
        """Whether nothing is waited for."""
        return not (self._ready or self._queue or self._fetching)

    @property
    def ready(self) -> bool:
        """Whether ``take_cells`` would have something to do."""
        return bool(self._ready) or (bool(self._queue) and not self._fetching)

    def tick(self, now: float) -> None:
        """Note that time has passed, if cells wait for it."""
        if self._ready:
            self._cells.cells_left(now)

    def next_wakeup(self) -> float | None:
        """When cells that wait for the allowance may be sent; those that wait for room on the link need no
        waking."""
        return self._cells.available_at(1) if self._ready else None

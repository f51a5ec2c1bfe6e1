"""Getting from one neighbour all the cells that it has and we lack.

Knows: what to ask about next, what to want, when there is no getting on. Does not know: the neighbour's
name, or other neighbours.

::

    ASK all ── SAME ───────────────────────────────────────────────────────► done
        │   ── SUMMARY that gives the difference away, LISTING ──► WANT ──► HELD … done ──► TURN, if they
        lack some │   ── SUMMARY that does not ──► TURN, if they have fewer; else ASK about pieces of some 48
        differences
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import islice
from math import ceil

from p2pchat.core.anti_entropy.hold import Kept, slot_at
from p2pchat.core.anti_entropy.keyset import WHOLE, bounds
from p2pchat.core.anti_entropy.responder import Answer
from p2pchat.core.anti_entropy.sketch import DIFFERENCES, difference
from p2pchat.core.kit.allowance import Allowance
from p2pchat.core.kit.budget import Budget
from p2pchat.crypto.envelope import epoch_at
from p2pchat.data import dataclass
from p2pchat.types import CellKey
from p2pchat.wire.reconcile import (
    INTERVALS_MAX,
    KEYS_MAX,
    CellRequest,
    Horizon,
    InSync,
    Interval,
    KeyList,
    RoleSwap,
    SketchRequest,
    Summary,
)

LISTED = 112
"""Keys to aim at where lists are shorter than sketches: with a spread of ± 11, one list in fourteen is too
long."""

WINDOW = 256
"""Cells wanted at one time: with a round trip of half a second still 500 a second."""

ASK_BELOW = 512
"""While more than so many are wanted or to be wanted, nothing more is asked; the answers to one question add
at most 2048."""

PROGRESS_S = 30.0
PROGRESS_CELLS = 256
"""A neighbour that sent fewer cells in this time, and was not done, is given up: others wait. A bad link
carries 1800."""

PULL_S = 1800.0
"""After this others have their turn: a member may invent cells without end."""

SPANS_CAP = 256
"""Intervals cut up and not done with. Each is a piece of the one before, so there are few unless a
neighbour's sketches never agree."""

SERIAL_MAX = 2**16 - 1

CLOCKS_S = 900.0
"""A neighbour's clock may be ahead by so much."""


class Role(Enum):
    """Which of the pulls over one link this is; each may be followed by the next, in the other direction."""

    FIRST = 1
    SECOND = 2
    LAST = 3


@dataclass(slots=True)
class _Span:
    """An interval that is cut in ``pieces``, of which ``taken`` were taken."""

    interval: Interval
    pieces: int
    taken: int = 0

    def take_piece(self) -> Interval:
        low, high = self.interval
        edges = (low + (high - low) * number // self.pieces for number in (self.taken, self.taken + 1))
        self.taken += 1
        return next(edges), next(edges)


Question = SketchRequest | CellRequest | RoleSwap


class Requester:
    """``ask_first``, then feed it answers and arrivals until it is ``over``."""

    def __init__(self, kept: Kept, role: Role, steps: Budget, cells: Allowance, now: float) -> None:
        """``steps``: what may be spent on comparing; shared with the pulls before and after. ``cells``: what
        the neighbour may still bring."""
        self._kept = kept
        self._role = role
        self._steps = steps
        self._cells = cells
        self._view = kept.horizon_at(now)
        self._serial = 0
        self._open_questions: dict[int, Interval] = {}
        self._spans = [_Span(WHOLE, 1)]
        self._to_want: dict[CellKey, None] = {}
        self._missing: dict[CellKey, None] = {}
        self._lacking = False
        self._early = False
        self._arrivals = 0
        self._check_at = now + PROGRESS_S
        self._end_at = now + PULL_S
        self.over = False
        self.failed = False
        """Over, but not done: the neighbour did not get on, left intervals that could not be read, or has
        brought all that it may."""

    def ask_first(self, now: float) -> list[Question]:
        """Ask for the first time."""
        return self._next(now)

    # --- answers

    def on_answer(self, answer: Answer, now: float) -> list[Question]:
        """An answer; one without a question is ignored."""
        if self.over or answer.serial != self._serial:
            return []
        if isinstance(answer, InSync):
            self._open_questions = {}
        elif answer.index in self._open_questions and self._plausible(answer.view, now):
            interval = self._open_questions.pop(answer.index)
            if isinstance(answer, KeyList):
                self._compare_list(answer, interval, now)
            else:
                self._compare_sketch(answer, interval, now)
            if self._steps.tokens_left(now) <= 0:
                self._give_up()
        return self._next(now)

    def _plausible(self, view: Horizon, now: float) -> bool:
        """Whether the neighbour leaves out what we asked it to, and only what it may have dropped."""
        latest = Horizon(epoch_at(now + CLOCKS_S), slot_at(now + CLOCKS_S))
        return (
            self._view.floor <= view.floor <= latest.floor and self._view.since <= view.since <= latest.since
        )

    def _compare_list(self, answer: KeyList, interval: Interval, now: float) -> None:
        low, high = bounds(interval)
        theirs = dict.fromkeys(key for key in answer.keys if low <= key < high)
        ours = self._kept.keys_in(interval, answer.view, now)
        self._steps.spend_tokens(len(ours))
        self._differ((key for key in ours if key not in theirs), theirs)

    def _compare_sketch(self, answer: Summary, interval: Interval, now: float) -> None:
        ours, steps = self._kept.sketch_interval(interval, answer.view, now)
        self._steps.spend_tokens(steps)
        found = difference(ours, answer.table, answer.size)
        if found.whole:
            self._differ(found.ours, found.theirs)
        elif self._serial == 1 and self._role is Role.FIRST and ours.size > answer.size:
            self._early = True  # much is missing, most of it there: they had better ask
        else:
            self._cut(interval, found.estimate, answer.size)

    def _differ(self, ours: Iterable[CellKey], theirs: Iterable[CellKey]) -> None:
        """These keys only one of the two has."""
        self._lacking = self._lacking or any(not self._kept.settled_lately(key) for key in ours)
        for key in theirs:
            if not self._kept.knows_key(key) and key not in self._missing:
                self._to_want[key] = None

    def _cut(self, interval: Interval, differences: int, size: int) -> None:
        """Ask about pieces: so small that a sketch gives the difference away, or that a list is short."""
        pieces = min(ceil(differences / DIFFERENCES), ceil(size / LISTED))
        pieces = min(max(pieces, 2), interval[1] - interval[0])
        if pieces < 2 or len(self._spans) >= SPANS_CAP:
            self.failed = True  # this interval is given up; the others go on
            return
        self._spans.append(_Span(interval, pieces))

    # --- arrivals

    def on_arrival(self, key: CellKey) -> bool:
        """A cell came, from anywhere; True when it had been wanted here."""
        self._to_want.pop(key, None)
        if key not in self._missing:
            return False
        del self._missing[key]
        return True

    def on_recovered(self, now: float) -> list[Question]:
        """This neighbour brought a wanted cell."""
        self._arrivals += 1
        return self._next(now)

    # --- time

    def tick(self, now: float) -> list[Question]:
        """Give up where there is no getting on."""
        if now >= self._check_at:
            if self._arrivals < PROGRESS_CELLS or now >= self._end_at:
                self._give_up()
            self._check_at, self._arrivals = now + PROGRESS_S, 0
        return self._next(now)

    def next_wakeup(self) -> float:
        """When ``tick`` is next due: at once if all that was wanted has come another way."""
        if self._missing or self._open_questions:
            return self._check_at
        return self._cells.available_at(self._next_wish) or 0.0

    def _give_up(self) -> None:
        self.over = self.failed = True

    # --- what to say next

    def _next(self, now: float) -> list[Question]:
        """Want more, ask more, or be done."""
        if self.over:
            return []
        questions: list[Question] = [*self._want(now), *self._ask(now)]
        if self._missing or self._open_questions or self._cells.available_at(self._next_wish) is not None:
            return questions
        self.over = True
        if self._early:
            questions.append(RoleSwap(last=False))
        elif self._lacking and self._role is not Role.LAST:
            questions.append(RoleSwap(last=True))
        return questions

    def _want(self, now: float) -> list[CellRequest]:
        """Request as many cells as a frame names, while few are on their way. Request fewer only if others
        are not found just now, or may not be brought."""
        if len(self._missing) > WINDOW - KEYS_MAX:
            return []
        if len(self._to_want) < KEYS_MAX and self._open_questions and self._missing:
            return []
        if self._to_want and self._cells.is_spent(now):
            self._give_up()
            return []
        count = self._next_wish
        if self._cells.cells_left(now) < count:
            return []
        keys = [key for key in islice(self._to_want, count) if not self._kept.knows_key(key)]
        self._to_want = dict.fromkeys(islice(self._to_want, count, None))
        self._missing.update(dict.fromkeys(keys))
        self._cells.spend_cells(len(keys))
        return [CellRequest(tuple(keys))] if keys else []

    @property
    def _next_wish(self) -> int:
        """How many keys the next frame is to name."""
        return min(KEYS_MAX, len(self._to_want))

    def _ask(self, now: float) -> list[SketchRequest]:
        """About the next intervals, when all is answered and most has come."""
        if self._open_questions or len(self._to_want) + len(self._missing) > ASK_BELOW:
            return []
        intervals = sorted(self._intervals())
        if not intervals:
            return []
        self._serial = self._serial % SERIAL_MAX + 1
        self._view = Horizon(self._kept.horizon_at(now).floor, self._view.since)
        self._open_questions = dict(enumerate(intervals))
        digest = b""
        if intervals == [WHOLE]:
            sketch, steps = self._kept.sketch_interval(WHOLE, self._view, now)
            self._steps.spend_tokens(steps)
            digest = sketch.digest()
        return [SketchRequest(self._serial, self._view, tuple(intervals), digest)]

    def _intervals(self) -> Iterator[Interval]:
        for _ in range(INTERVALS_MAX):
            while self._spans and self._spans[-1].taken == self._spans[-1].pieces:
                self._spans.pop()
            if self._spans:
                yield self._spans[-1].take_piece()

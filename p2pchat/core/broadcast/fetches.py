"""Cells that were announced and have not come: from which neighbour each is fetched, and when.

Knows: which neighbours announced missing cells, and how much may be fetched over a link either way. Does not
know: which links are eager, or what a cell holds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field

from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.kit.budget import Budget
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, uniform
from p2pchat.types import CellId, LinkId

MISSING_CAP = 1024
"""Cells that one neighbour was first to announce, and that have not come: fifteen full announcements. Beyond
it only its own announcements are ignored; reconciling finds what is left."""

ANNOUNCERS_MAX = 4
"""How many neighbours are remembered for a missing cell."""

FETCHED_PER_S, FETCHED_BURST = 64.0, 512.0
"""Cells that a link may fetch from us: what a bad line carries, and six texts of 64 KiB at once."""


@dataclass(slots=True)
class FetchRequest:
    """Ask for these cells over that link. ``pushes_failed``: a neighbour should have pushed so many of
    them."""

    link: LinkId
    ids: dict[CellId, None] = field(default_factory=dict)
    pushes_failed: int = 0


@dataclass(slots=True)
class _Account:
    """The fetches of one link: cells that it announced first and that have not come, and what it may fetch
    from us."""

    awaited: int = 0
    served: Budget = field(default_factory=lambda: Budget(0.0, FETCHED_PER_S, FETCHED_BURST))


@dataclass(slots=True)
class _Missing:
    """A cell that was announced and has not come. ``late``: no neighbour will push it."""

    first: LinkId
    announcers: list[LinkId]
    due: float
    late: bool


class Fetches:
    """``on_announced``, ``on_arrival``, and ``tick`` for what is to be fetched."""

    def __init__(self, entropy: Entropy, counters: Counter[str], damping: Damping) -> None:
        self._entropy = entropy
        self._counters = counters
        self._damping = damping
        self._links: dict[LinkId, _Account] = {}
        self._missing: dict[CellId, _Missing] = {}
        self._due: float | None = None

    def link_up(self, link: LinkId) -> None:
        """Cells may be fetched there."""
        self._links[link] = _Account()

    def link_down(self, link: LinkId) -> None:
        """Cells can no longer be fetched there."""
        self._links.pop(link, None)

    def on_announced(self, id: CellId, source: LinkId, late: bool, now: float) -> None:
        """A neighbour has a cell that we have not: it is fetched if it does not come by itself."""
        missing = self._missing.get(id)
        if missing is not None:
            if source not in missing.announcers and len(missing.announcers) < ANNOUNCERS_MAX:
                missing.announcers.append(source)
            return
        account = self._links[source]
        if account.awaited >= MISSING_CAP:
            self._counters["cells announced and ignored"] += 1
            return
        account.awaited += 1
        due = now + uniform(self._entropy, *(self._damping.late_s if late else self._damping.patience_s))
        self._missing[id] = _Missing(source, [source], due, late)
        self._due = due if self._due is None else min(self._due, due)

    def on_arrival(self, id: CellId) -> list[LinkId]:
        """A cell is no longer missing; return the links known to have it."""
        missing = self._missing.pop(id, None)
        if missing is None:
            return []
        if missing.first in self._links:
            self._links[missing.first].awaited -= 1
        return missing.announcers

    def may_serve(self, link: LinkId, now: float) -> bool:
        """Whether a neighbour may fetch one more cell from us; it counts."""
        return self._links[link].served.take_token(now)

    def tick(self, now: float) -> list[FetchRequest]:
        """Cells that have not come by themselves, by the link from which they are fetched."""
        fetches: dict[LinkId, FetchRequest] = {}
        for id, missing in list(self._missing.items()):
            if missing.due > now:
                continue
            link = self._next_announcer(missing)
            if link is None:
                self.on_arrival(id)
                self._counters["cells announced and never had"] += 1
                continue
            missing.due = now + self._damping.retry_s
            fetch = fetches.setdefault(link, FetchRequest(link))
            fetch.ids[id] = None
            if not missing.late:
                self._counters["cells fetched"] += 1
                fetch.pushes_failed += 1
        self._due = min((missing.due for missing in self._missing.values()), default=None)
        return list(fetches.values())

    def next_wakeup(self) -> float | None:
        """When ``tick`` is next due."""
        return self._due

    def _next_announcer(self, missing: _Missing) -> LinkId | None:
        while missing.announcers:
            link = missing.announcers.pop(0)
            if link in self._links:
                return link
        return None

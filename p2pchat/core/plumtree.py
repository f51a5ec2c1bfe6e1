"""Plumtree: cells are pushed along a tree that the mesh finds by itself, and announced on the other links.

Knows: for each link who pushes, what to announce, what is missing. Does not know: what a cell holds, or how
it is kept.

After Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees" (SRDS 2007). There one source prunes a link at
its first duplicate. With everybody a source that never settles: what is a duplicate of one source's cell is
the first copy of another's. So pruning is damped here, works one way only, and a missing cell is first
fetched.

::

                       DUPLICATES_IN_A_ROW, one link an Exp(PRUNE_GAP_S): PRUNE
    pushed to us ────────────────────────────────────────────────────────────────► announced to us
         ▲                                                                               │
         └───────────────────────────────────────────────────────────────────────────────┘
            MISSES within MISS_WINDOW_S, or a link that pushed to us is lost: GRAFT, eager
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import assert_never

from p2pchat.core.broadcast import Cells, Push, Say, Sending
from p2pchat.ports import Entropy, exponential, uniform
from p2pchat.types import LinkId
from p2pchat.wire.gossip import IDS_MAX, Gossip, Graft, Ihave, Prune


@dataclass(frozen=True, slots=True)
class Damping:
    """The constants of the tree, in one value so that the simulator can try others."""

    duplicates_in_a_row: int = 10
    """A link is a candidate for PRUNE after so many duplicates without a first copy between them."""
    prune_gap_s: float = 3.0
    """Mean of the exponential gap between two PRUNEs of one node: neighbours' trees change one at a time."""
    batch_s: tuple[float, float] = (0.25, 1.0)
    """Ids wait this long for company: a frame for each would quadruple the traffic."""
    patience_s: tuple[float, float] = (1.0, 2.0)
    """A cell that was announced is asked for when it has not come by itself in this time; longer than the
    slowest way through a tree of a thousand (1.2 s)."""
    retry_s: float = 1.0
    """Then the next who announced it is asked: more than a round trip of 2 × 120 ms and its queues."""
    late_s: tuple[float, float] = (0.0, 0.3)
    """Cells recovered late come by no push: ask soon, but not everybody in the same moment."""
    misses: int = 3
    miss_window_s: float = 5.0
    """So many fetches from one neighbour within this time, and it is asked to push."""


MISSING_CAP = 8192
"""Cells announced and awaited, half a megabyte; beyond it announcements are ignored: reconciling finds
them."""

WAITING_CAP = 8192
"""Ids waiting to be announced on one link; beyond it the oldest are left to reconciling."""

ANNOUNCERS_MAX = 4
"""How many neighbours are remembered for a missing cell."""


@dataclass(slots=True)
class _Peer:
    """One link. ``push``: we push to it. ``pushes``: it pushes to us, as far as we asked."""

    push: bool = True
    pushes: bool = True
    duplicates: int = 0
    """In a row."""
    fetched: deque[float] = field(default_factory=deque)
    """When cells had to be fetched from it."""
    fresh: dict[bytes, None] = field(default_factory=dict)
    late: dict[bytes, None] = field(default_factory=dict)
    announce_at: float | None = None


@dataclass(slots=True)
class _Missing:
    """A cell that was announced and has not come. ``late``: nobody will push it."""

    announcers: list[LinkId]
    due: float
    late: bool


class Plumtree:
    """One mesh's tree, as seen from this node."""

    def __init__(
        self, entropy: Entropy, cells: Cells, counters: Counter[str], damping: Damping | None = None
    ) -> None:
        self._entropy = entropy
        self._cells = cells
        self._counters = counters
        self._damping = damping or Damping()
        self._peers: dict[LinkId, _Peer] = {}
        self._missing: dict[bytes, _Missing] = {}
        self._prune_at = 0.0
        self._due: float | None = None

    # --- links

    def link_up(self, link: LinkId, now: float) -> list[Sending]:
        """A new link is eager both ways; if it is not needed, duplicates will tell."""
        self._peers[link] = _Peer()
        return []

    def link_down(self, link: LinkId, now: float) -> list[Sending]:
        """If it pushed to us, some cells will no longer come by themselves: let everybody push, and find a
        new tree."""
        gone = self._peers.pop(link, None)
        if gone is None or not gone.pushes:
            return []
        return [self._graft(other, peer) for other, peer in self._peers.items() if not peer.pushes]

    def _graft(self, link: LinkId, peer: _Peer, ids: tuple[bytes, ...] = ()) -> Sending:
        self._counters["tree: grafts"] += 1
        peer.pushes, peer.duplicates = True, 0
        peer.fetched.clear()
        return Say(link, Graft(ids, eager=True))

    def tree(self) -> dict[LinkId, tuple[bool, bool]]:
        """By link: whether we push to it, whether it pushes to us."""
        return {link: (peer.push, peer.pushes) for link, peer in self._peers.items()}

    # --- cells

    def fresh(self, name: bytes, cell: bytes, source: LinkId | None, now: float) -> list[Sending]:
        """Push it along the tree, announce it elsewhere."""
        had = self._came(name)
        if source is not None and source in self._peers:
            self._peers[source].duplicates = 0
        out: list[Sending] = []
        for link, peer in self._peers.items():
            if link == source or link in had:
                continue
            if peer.push:
                out.append(Push(link, cell))
            else:
                self._announce(peer, peer.fresh, name, now)
        return out

    def again(self, name: bytes, source: LinkId, now: float) -> list[Sending]:
        """Its push was not needed; after many in a row, ask it to stop, if nobody was asked just now."""
        peer = self._peers.get(source)
        if peer is None:
            return []
        peer.duplicates += 1
        if peer.duplicates < self._damping.duplicates_in_a_row or not peer.pushes or now < self._prune_at:
            return []
        self._prune_at = now + exponential(self._entropy, self._damping.prune_gap_s)
        self._counters["tree: prunes"] += 1
        peer.pushes = False
        return [Say(source, Prune())]

    def recovered(self, name: bytes, source: LinkId, now: float) -> list[Sending]:
        """Announce it, never push it: it is old, and thousands may come at once."""
        had = self._came(name)
        for link, peer in self._peers.items():
            if link != source and link not in had:
                self._announce(peer, peer.late, name, now)
        return []

    def _came(self, name: bytes) -> list[LinkId]:
        """It is missing no more; return who is known to have it."""
        missing = self._missing.pop(name, None)
        return missing.announcers if missing is not None else []

    # --- what neighbours say

    def heard(self, message: Gossip, source: LinkId, now: float) -> list[Sending]:
        """A neighbour announced, asked, or asked us to stop."""
        peer = self._peers.get(source)
        if peer is None:
            return []
        match message:
            case Ihave(ids, late):
                for name in ids:
                    self._announced(name, source, late, now)
                return []
            case Graft(ids, eager):
                peer.push = peer.push or eager
                bodies = [(name, self._cells.body(name)) for name in ids]
                return [Push(source, body) for name, body in bodies if body is not None]
            case Prune():
                peer.push = False
                return []
            case _:
                assert_never(message)

    def _announced(self, name: bytes, source: LinkId, late: bool, now: float) -> None:
        if self._cells.known(name):
            return
        missing = self._missing.get(name)
        if missing is not None:
            if source not in missing.announcers and len(missing.announcers) < ANNOUNCERS_MAX:
                missing.announcers.append(source)
            return
        if len(self._missing) >= MISSING_CAP:
            self._counters["cells announced and ignored"] += 1
            return
        wait = self._damping.late_s if late else self._damping.patience_s
        due = now + uniform(self._entropy, *wait)
        self._missing[name] = _Missing([source], due, late)
        self._due_by(due)

    # --- time

    def tick(self, now: float) -> list[Sending]:
        """Announce what has waited long enough, fetch what has not come."""
        if self._due is None or now < self._due:
            return []
        out = [*self._fetch(now), *self._announcements(now)]
        due = [missing.due for missing in self._missing.values()]
        due += [peer.announce_at for peer in self._peers.values() if peer.announce_at is not None]
        self._due = min(due, default=None)
        return out

    def next_wakeup(self) -> float | None:
        """When ``tick`` is next due."""
        return self._due

    def _due_by(self, at: float) -> None:
        self._due = at if self._due is None else min(self._due, at)

    def _announce(self, peer: _Peer, waiting: dict[bytes, None], name: bytes, now: float) -> None:
        waiting[name] = None
        if len(waiting) > WAITING_CAP:
            del waiting[next(iter(waiting))]
        if peer.announce_at is None:
            peer.announce_at = now + uniform(self._entropy, *self._damping.batch_s)
            self._due_by(peer.announce_at)

    def _announcements(self, now: float) -> list[Sending]:
        out: list[Sending] = []
        for link, peer in self._peers.items():
            if peer.announce_at is not None and peer.announce_at <= now:
                peer.announce_at = None
                out += [Say(link, Ihave(ids, late=False)) for ids in _batches(peer.fresh)]
                out += [Say(link, Ihave(ids, late=True)) for ids in _batches(peer.late)]
                peer.fresh, peer.late = {}, {}
        return out

    def _fetch(self, now: float) -> list[Sending]:
        wanted: dict[LinkId, dict[bytes, None]] = {}
        for name, missing in list(self._missing.items()):
            if missing.due > now:
                continue
            link = self._next_announcer(missing)
            if link is None:
                del self._missing[name]
                self._counters["cells announced and never had"] += 1
                continue
            missing.due = now + self._damping.retry_s
            wanted.setdefault(link, {})[name] = None
            if not missing.late:
                self._missed(self._peers[link], now)
        return [order for link, names in wanted.items() for order in self._asked(link, names, now)]

    def _next_announcer(self, missing: _Missing) -> LinkId | None:
        while missing.announcers:
            link = missing.announcers.pop(0)
            if link in self._peers:
                return link
        return None

    def _missed(self, peer: _Peer, now: float) -> None:
        self._counters["cells fetched"] += 1
        peer.fetched.append(now)
        while len(peer.fetched) > self._damping.misses:
            peer.fetched.popleft()

    def _asked(self, link: LinkId, names: dict[bytes, None], now: float) -> list[Sending]:
        peer = self._peers[link]
        often = len(peer.fetched) == self._damping.misses
        eager = often and not peer.pushes and now - peer.fetched[0] <= self._damping.miss_window_s
        out: list[Sending] = [Say(link, Graft(ids, eager=False)) for ids in _batches(names)]
        return [*out, self._graft(link, peer)] if eager else out


def _batches(names: dict[bytes, None]) -> list[tuple[bytes, ...]]:
    ids = tuple(names)
    return [ids[at : at + IDS_MAX] for at in range(0, len(ids), IDS_MAX)]

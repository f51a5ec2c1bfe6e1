"""Plumtree: cells are pushed along a tree that the mesh finds by itself, and announced on the other links.

Knows: for each link what it gains us, whether it is pushed over, what to announce, what is missing. Does not
know: what a cell holds, or how it is kept.

After Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees" (SRDS 2007), where one source prunes a link at
its first duplicate. With everybody a source that does not settle, or settles on a slow tree: what is a
duplicate of one source's cell is the first copy of another's. Here a link is judged by its *lead*: how much
sooner cells came over it than they would have come otherwise, per cell that crossed it either way. It is
pruned when both ends find its lead small; one constant, ``Damping.lead_s``, chooses between fewer copies and
less time (decision 0013).

::

                    both ends find that it gains less than lead_s a cell: PRUNE, agreed
    eager: pushed over, both ways ─────────────────────────────────────────────────────► lazy: announced
         ▲                                                                                  │
         └──────────────────────────────────────────────────────────────────────────────────┘
                    misses within miss_window_s, or an eager link is lost: GRAFT
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import assert_never

from p2pchat.core.anti_entropy.reconcile import START_S
from p2pchat.core.broadcast.strategy import Cells, Push, Say, Sending
from p2pchat.core.kit.table import Table
from p2pchat.core.limits.budget import Budget
from p2pchat.ports import Entropy, below, sample, uniform
from p2pchat.types import LinkId
from p2pchat.wire.gossip import IDS_MAX, Gossip, Graft, Ihave, Prune


@dataclass(frozen=True, slots=True)
class Damping:
    """The constants of the tree, in one value so that the simulator can try others."""

    lead_s: float = 0.030
    """A link that gains less than this per cell is pruned. Simulated, N = 50 to 10 000: 1.1 to 1.2 copies of
    a cell per node in 1.6 to 1.7 times the time of flooding; 0.010 takes 1.7 to 2 copies and 1.2 times."""
    lead_cap_s: float = 0.150
    """A cell that came by no other link within this time counts as so much sooner: more than any link's 120
    ms."""
    score_gap_s: float = 0.1
    """Of cells that come more densely only one in this time is counted: a long text in a hundred cells is one
    source, and a tree that fits one source fits no other."""
    crossings_min: int = 12
    crossings_max: int = 32
    """Cells counted before a link may be proposed, half as many before a proposal is taken up, and those over
    which the lead is averaged."""
    crossings_kept: int = 4
    """What is kept of them when a link was pruned: now the others may gain more."""
    hold_cells: tuple[int, int] = (10, 20)
    hold_s: tuple[float, float] = (1.0, 2.0)
    """After a PRUNE the next is proposed so many counted cells and seconds later, both drawn, and none is
    taken up in the lesser of each: the tree changes in one place at a time."""
    retry_cells: int = 4
    """After a proposal that was not taken up."""
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


MISSING_CAP = 1024
"""Cells that one neighbour was first to announce, and that have not come: fifteen full announcements. Beyond
it its announcements are ignored, nobody else's; reconciling finds what is left."""

WAITING_CAP = 8192
"""Ids waiting to be announced on one link; beyond it the oldest are left to reconciling."""

LATELY_S = START_S
"""A link that comes up is told of the cells of the last seconds: they were pushed before it was there, and
reconciling counts only what has settled."""

LATELY_CAP = 512
"""Cells remembered for that: eight full announcements. Reconciling finds what is left."""

FETCHED_PER_S, FETCHED_BURST = 64.0, 512.0
"""Cells that a link may fetch from us: what a bad line carries, and six texts of 64 KiB at once."""

AGREE_S = 10.0
"""So long after a proposal to prune an agreement is an answer to it: a round trip of 2 × 120 ms and all that
may wait on a link. Later, or unasked, it is nothing: who said it to all would have them announce what they
should push."""

ANNOUNCERS_MAX = 4
"""How many neighbours are remembered for a missing cell."""


@dataclass(slots=True)
class _Peer:
    """One link. ``eager``: cells are pushed over it, both ways."""

    eager: bool = True
    crossings: float = 0.0
    """Cells counted that crossed it: pushed by us, or pushed to us first."""
    lead: float = 0.0
    """How much sooner those that came were, in all; seconds."""
    fetched: deque[float] = field(default_factory=deque)
    """When cells had to be fetched from it."""
    fresh: dict[bytes, None] = field(default_factory=dict)
    late: dict[bytes, None] = field(default_factory=dict)
    announce_at: float | None = None
    awaited: int = 0
    """Cells it was first to announce, and that have not come."""
    fetching: Budget = field(default_factory=lambda: Budget(0.0, FETCHED_PER_S, FETCHED_BURST))
    """Cells it may still fetch from us."""
    agree_by: float = float("-inf")
    """Until when it may agree to what we have proposed."""

    def crossed(self, lead: float, most: int) -> None:
        """One more cell crossed it."""
        if self.crossings >= most:
            self.crossings, self.lead = self.crossings / 2, self.lead / 2
        self.crossings += 1
        self.lead += lead

    def shrink(self, kept: int) -> None:
        """Forget most of what was counted."""
        if self.crossings > kept:
            self.crossings, self.lead = float(kept), self.lead * kept / self.crossings

    def gain(self, least: float) -> float:
        """The mean lead; infinite while too little was counted."""
        return self.lead / self.crossings if self.crossings >= least else float("inf")


@dataclass(slots=True)
class _Missing:
    """A cell that was announced and has not come. ``late``: nobody will push it."""

    first: LinkId
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
        self._lately = Table[bytes, float](LATELY_CAP)
        """When cells that were new lately came."""
        self._firsts: dict[bytes, tuple[LinkId, float]] = {}
        self._counted_at = float("-inf")
        self._counted = 0
        self._propose_at = 0.0
        self._propose_after = below(entropy, self._damping.hold_cells[1])
        self._agree_at, self._agree_after = 0.0, 0
        self._due: float | None = None

    # --- links

    def link_up(self, link: LinkId, now: float) -> list[Sending]:
        """A new link is eager; if it is not needed, that will show. It missed what came just before it."""
        peer = self._peers[link] = _Peer()
        for name, came_at in self._lately.items():
            if came_at > now - LATELY_S:
                self._announce(peer, peer.late, name, now)
        return []

    def link_down(self, link: LinkId, broken: bool, now: float) -> list[Sending]:
        """If it was eager, some cells will no longer come by themselves. ``broken``: without a word; then
        others may be gone, too: push over all links, and find a new tree. Otherwise another takes its
        place."""
        gone = self._peers.pop(link, None)
        if gone is None or not gone.eager:
            return []
        lazy = [(other, peer) for other, peer in self._peers.items() if not peer.eager]
        return [self._graft(*each) for each in (lazy if broken else sample(self._entropy, lazy, 1))]

    def _graft(self, link: LinkId, peer: _Peer) -> Sending:
        self._counters["tree: grafts"] += 1
        self._wake(peer)
        return Say(link, Graft((), eager=True))

    def _wake(self, peer: _Peer) -> None:
        peer.eager, peer.crossings, peer.lead = True, 0.0, 0.0
        peer.fetched.clear()

    def pushing_links(self) -> dict[LinkId, bool]:
        """By link: whether cells are pushed over it."""
        return {link: peer.eager for link, peer in self._peers.items()}

    # --- cells

    def on_new_cell(self, name: bytes, cell: bytes, source: LinkId | None, now: float) -> list[Sending]:
        """Push it along the tree, announce it elsewhere."""
        had = self._came(name)
        self._lately.put(name, now)
        counts = self._count(now)
        if counts and source is not None:
            self._first(name, source, now)
        out: list[Sending] = []
        for link, peer in self._peers.items():
            if link == source or link in had:
                continue
            if not peer.eager:
                self._announce(peer, peer.fresh, name, now)
                continue
            out.append(Push(link, cell))
            if counts:
                peer.crossed(0.0, self._damping.crossings_max)
        return out

    def postpone_push(self, name: bytes, link: LinkId, now: float) -> list[Sending]:
        """Announce it instead: who lags behind fetches what nobody else brings it."""
        peer = self._peers.get(link)
        if peer is not None:
            self._announce(peer, peer.fresh, name, now)
        return []

    def _count(self, now: float) -> bool:
        """Whether this cell is counted: not one of many that come together."""
        if now < self._counted_at + self._damping.score_gap_s:
            return False
        self._counted_at = now
        self._counted += 1
        return True

    def _first(self, name: bytes, source: LinkId, now: float) -> None:
        """Take it that no other copy will come; ``on_duplicate`` corrects it."""
        peer = self._peers.get(source)
        if peer is None or not peer.eager:
            return
        cap = self._damping.lead_cap_s
        peer.crossed(cap, self._damping.crossings_max)
        self._firsts[name] = source, now
        for old in [old for old, (_, at) in self._firsts.items() if at + cap <= now]:
            del self._firsts[old]

    def on_duplicate(self, name: bytes, source: LinkId, now: float) -> list[Sending]:
        """The second copy shows how much the first was worth; then see whether some link is worth little."""
        first = self._firsts.pop(name, None)
        if first is not None and first[0] in self._peers:
            peer, sooner = self._peers[first[0]], now - first[1]
            peer.lead = max(0.0, peer.lead - max(0.0, self._damping.lead_cap_s - sooner))
        return self._propose(now)

    # --- pruning

    def _propose(self, now: float) -> list[Sending]:
        """Propose to prune the link that gains least, if it gains little and nothing was pruned just now."""
        if now < self._propose_at or self._counted < self._propose_after or self._eager() < 2:
            return []
        least = self._damping.crossings_min
        link, peer = min(self._peers.items(), key=lambda item: item[1].gain(least) if item[1].eager else 1e9)
        if not peer.eager or peer.gain(least) >= self._damping.lead_s:
            return []
        self._propose_after = self._counted + self._damping.retry_cells
        peer.agree_by = now + AGREE_S
        return [Say(link, Prune(agreed=False))]

    def _proposed(self, link: LinkId, peer: _Peer, now: float) -> list[Sending]:
        """The other end finds the link worth little: agree if we do, and have pruned nothing just now."""
        little = peer.gain(self._damping.crossings_min / 2) < self._damping.lead_s
        settled = self._counted >= self._agree_after and now >= self._agree_at
        if not (peer.eager and little and settled and self._eager() > 1):
            return []
        self._pruned(peer, now)
        return [Say(link, Prune(agreed=True))]

    def _agreed(self, peer: _Peer, now: float) -> list[Sending]:
        """The other end takes our proposal up; of what was not proposed, or is so already, nothing comes."""
        if not peer.eager or now > peer.agree_by:
            self._counters["tree: agreements refused"] += 1
        else:
            self._pruned(peer, now)
        return []

    def _pruned(self, peer: _Peer, now: float) -> None:
        """The link is lazy now; let the tree settle before another is."""
        self._counters["tree: prunes"] += 1
        peer.eager, peer.agree_by = False, float("-inf")
        few, many = self._damping.hold_cells
        soon, late = self._damping.hold_s
        self._propose_at = now + uniform(self._entropy, soon, late)
        self._propose_after = self._counted + few + below(self._entropy, many - few + 1)
        self._agree_at, self._agree_after = now + soon, self._counted + few
        for other in self._peers.values():
            other.shrink(self._damping.crossings_kept)

    def _eager(self) -> int:
        return sum(peer.eager for peer in self._peers.values())

    # --- cells that came late

    def on_recovered(self, name: bytes, source: LinkId, now: float) -> list[Sending]:
        """Announce it, never push it: it is old, and thousands may come at once."""
        had = self._came(name)
        for link, peer in self._peers.items():
            if link != source and link not in had:
                self._announce(peer, peer.late, name, now)
        return []

    def _came(self, name: bytes) -> list[LinkId]:
        """It is missing no more; return who is known to have it."""
        missing = self._missing.pop(name, None)
        if missing is None:
            return []
        if missing.first in self._peers:
            self._peers[missing.first].awaited -= 1
        return missing.announcers

    # --- what neighbours say

    def on_message(self, message: Gossip, source: LinkId, now: float) -> list[Sending]:
        """A neighbour announced, asked, or asked us to stop."""
        peer = self._peers.get(source)
        if peer is None:
            return []
        match message:
            case Ihave(ids, late):
                for name in ids:
                    self._announced(name, source, peer, late, now)
                return []
            case Graft(ids, eager):
                if eager and not peer.eager:
                    self._wake(peer)
                bodies = [self._cells.body(name) for name in ids if peer.fetching.draw(now)]
                return [Push(source, body) for body in bodies if body is not None]
            case Prune(agreed=False):
                return self._proposed(source, peer, now)
            case Prune():
                return self._agreed(peer, now)
            case _:
                assert_never(message)

    def _announced(self, name: bytes, source: LinkId, peer: _Peer, late: bool, now: float) -> None:
        if self._cells.known(name):
            return
        missing = self._missing.get(name)
        if missing is not None:
            if source not in missing.announcers and len(missing.announcers) < ANNOUNCERS_MAX:
                missing.announcers.append(source)
            return
        if peer.awaited >= MISSING_CAP:
            self._counters["cells announced and ignored"] += 1
            return
        peer.awaited += 1
        wait = self._damping.late_s if late else self._damping.patience_s
        due = now + uniform(self._entropy, *wait)
        self._missing[name] = _Missing(source, [source], due, late)
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
                self._came(name)
                self._counters["cells announced and never had"] += 1
                continue
            missing.due = now + self._damping.retry_s
            wanted.setdefault(link, {})[name] = None
            if not missing.late:
                self._missed(self._peers[link], now)
        return [effect for link, names in wanted.items() for effect in self._asked(link, names, now)]

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
        eager = often and not peer.eager and now - peer.fetched[0] <= self._damping.miss_window_s
        out: list[Sending] = [Say(link, Graft(ids, eager=False)) for ids in _batches(names)]
        return [*out, self._graft(link, peer)] if eager else out


def _batches(names: dict[bytes, None]) -> list[tuple[bytes, ...]]:
    ids = tuple(names)
    return [ids[at : at + IDS_MAX] for at in range(0, len(ids), IDS_MAX)]

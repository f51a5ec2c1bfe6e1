"""Which links are eager: the tree that a mesh finds by itself, as seen from one node.

Knows: for each link what it gains us, whether it is pushed over, when it is pruned and grafted. Does not
know: what a cell holds, what is announced, what is missing.

A link is judged by its *lead*: how much sooner cells came over it than they would have come otherwise, per
cell that crossed it either way. It is pruned when both ends find its lead small: one proposes it, the other
agrees.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import field

from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.broadcast.strategy import SendGossip, Sending
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, below, sample, uniform
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import Graft, Prune

AGREE_S = 10.0
"""So long after a proposal to prune an agreement is an answer to it: a round trip of 2 × 120 ms and all that
may wait on a link. Later, or unasked, it is nothing: a node that said it to all would make them announce
cells that they should push."""


@dataclass(slots=True)
class Branch:
    """One link. ``eager``: cells are pushed over it, both ways."""

    eager: bool = True
    crossings: float = 0.0
    """Cells counted that crossed it: pushed by us, or pushed to us first."""
    lead: float = 0.0
    """How much sooner those that came were, in all; seconds."""
    fetched: deque[float] = field(default_factory=deque)
    """When cells had to be fetched from it."""
    agree_by: float = float("-inf")
    """Until when it may agree to what we have proposed."""

    def count_crossing(self, lead: float, most: int) -> None:
        """Count a cell that crossed the link."""
        if self.crossings >= most:
            self.crossings, self.lead = self.crossings / 2, self.lead / 2
        self.crossings += 1
        self.lead += lead

    def shrink_counts(self, kept: int) -> None:
        """Forget most of what was counted."""
        if self.crossings > kept:
            self.crossings, self.lead = float(kept), self.lead * kept / self.crossings

    def mean_lead(self, least: float) -> float:
        """The mean lead; infinite while too little was counted."""
        return self.lead / self.crossings if self.crossings >= least else float("inf")

    def make_eager(self) -> None:
        """Make the link eager again, and forget the counts."""
        self.eager, self.crossings, self.lead = True, 0.0, 0.0
        self.fetched.clear()


class Tree:
    """The branches by link, and what is said to prune and to graft them."""

    def __init__(self, entropy: Entropy, counters: Counter[str], damping: Damping) -> None:
        self._entropy = entropy
        self._counters = counters
        self._damping = damping
        self.branches: dict[LinkId, Branch] = {}
        self._firsts: dict[CellId, tuple[LinkId, float]] = {}
        self._counted_at = float("-inf")
        self._counted = 0
        self._propose_at = 0.0
        self._propose_after = below(entropy, self._damping.hold_cells[1])
        self._agree_at, self._agree_after = 0.0, 0

    # --- links

    def link_up(self, link: LinkId) -> None:
        """A new link is eager; if it is not needed, that will show."""
        self.branches[link] = Branch()

    def link_down(self, link: LinkId, broken: bool) -> list[Sending]:
        """If it was eager, some cells will no longer come by themselves. ``broken``: without a word; then
        others may be gone, too: push over all links, and find a new tree. Otherwise another takes its
        place."""
        gone = self.branches.pop(link, None)
        if gone is None or not gone.eager:
            return []
        lazy = [other for other, branch in self.branches.items() if not branch.eager]
        return [self._graft(other) for other in (lazy if broken else sample(self._entropy, lazy, 1))]

    def _graft(self, link: LinkId) -> Sending:
        self._counters["tree: grafts"] += 1
        self.branches[link].make_eager()
        return SendGossip(link, Graft((), eager=True))

    def on_graft(self, link: LinkId) -> None:
        """The other end wants cells pushed."""
        if not self.branches[link].eager:
            self.branches[link].make_eager()

    def note_fetches(self, link: LinkId, count: int, now: float) -> list[Sending]:
        """Cells were not pushed over any link, and are fetched over this one. If that happens often, the
        other end is to push."""
        branch = self.branches[link]
        branch.fetched.extend([now] * count)
        while len(branch.fetched) > self._damping.misses:
            branch.fetched.popleft()
        often = len(branch.fetched) == self._damping.misses
        eager = often and not branch.eager and now - branch.fetched[0] <= self._damping.miss_window_s
        return [self._graft(link)] if eager else []

    # --- leads

    def count_cell(self, now: float) -> bool:
        """Whether this cell is counted: not one of many that come together."""
        if now < self._counted_at + self._damping.score_gap_s:
            return False
        self._counted_at = now
        self._counted += 1
        return True

    def note_push(self, branch: Branch) -> None:
        """A cell that is counted was pushed by us."""
        branch.count_crossing(0.0, self._damping.crossings_max)

    def note_first(self, id: CellId, source: LinkId, now: float) -> None:
        """Take it that no other copy will come; ``note_duplicate`` corrects it."""
        branch = self.branches.get(source)
        if branch is None or not branch.eager:
            return
        cap = self._damping.lead_cap_s
        branch.count_crossing(cap, self._damping.crossings_max)
        self._firsts[id] = source, now
        for old in [old for old, (_, at) in self._firsts.items() if at + cap <= now]:
            del self._firsts[old]

    def note_duplicate(self, id: CellId, now: float) -> None:
        """The second copy shows how much the first was worth."""
        first = self._firsts.pop(id, None)
        if first is not None and first[0] in self.branches:
            branch, sooner = self.branches[first[0]], now - first[1]
            branch.lead = max(0.0, branch.lead - max(0.0, self._damping.lead_cap_s - sooner))

    # --- pruning

    def propose_prune(self, now: float) -> list[Sending]:
        """Propose to prune the link that gains least, if it gains little and nothing was pruned just now."""
        if now < self._propose_at or self._counted < self._propose_after or self._count_eager() < 2:
            return []
        least = self._damping.crossings_min
        link, branch = min(
            self.branches.items(), key=lambda item: item[1].mean_lead(least) if item[1].eager else 1e9
        )
        if not branch.eager or branch.mean_lead(least) >= self._damping.lead_s:
            return []
        self._propose_after = self._counted + self._damping.retry_cells
        branch.agree_by = now + AGREE_S
        return [SendGossip(link, Prune(agreed=False))]

    def on_proposal(self, link: LinkId, now: float) -> list[Sending]:
        """The other end finds the link worth little: agree if we do, and have pruned nothing just now."""
        branch = self.branches[link]
        little = branch.mean_lead(self._damping.crossings_min / 2) < self._damping.lead_s
        settled = self._counted >= self._agree_after and now >= self._agree_at
        if not (branch.eager and little and settled and self._count_eager() > 1):
            return []
        self._prune(branch, now)
        return [SendGossip(link, Prune(agreed=True))]

    def on_agreement(self, link: LinkId, now: float) -> None:
        """The other end takes our proposal up; of what was not proposed, or is so already, nothing comes."""
        branch = self.branches[link]
        if not branch.eager or now > branch.agree_by:
            self._counters["tree: agreements refused"] += 1
        else:
            self._prune(branch, now)

    def _prune(self, branch: Branch, now: float) -> None:
        """The link is lazy now; let the tree settle before another is."""
        self._counters["tree: prunes"] += 1
        branch.eager, branch.agree_by = False, float("-inf")
        few, many = self._damping.hold_cells
        soon, late = self._damping.hold_s
        self._propose_at = now + uniform(self._entropy, soon, late)
        self._propose_after = self._counted + few + below(self._entropy, many - few + 1)
        self._agree_at, self._agree_after = now + soon, self._counted + few
        for other in self.branches.values():
            other.shrink_counts(self._damping.crossings_kept)

    def _count_eager(self) -> int:
        return sum(branch.eager for branch in self.branches.values())

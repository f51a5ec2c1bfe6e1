"""Plumtree: cells are pushed along a tree that the mesh finds by itself, and announced on the other links.

Knows: which links a cell is pushed over, where it is announced, and when it is asked for. Does not know: what
a cell holds, how it is kept, or which links gain least. Parent of ``tree``, ``announcements``, ``fetches``.

After Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees" (SRDS 2007), where one source prunes a link at
its first duplicate. If every node is a source that does not settle, or settles on a slow tree: what is a
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

from collections import Counter
from typing import assert_never

from p2pchat.core.anti_entropy.reconcile import START_S
from p2pchat.core.broadcast.announcements import Announcements, in_batches
from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.broadcast.fetches import Fetches, FetchRequest
from p2pchat.core.broadcast.strategy import CellLookup, Push, SendGossip, Sending
from p2pchat.core.broadcast.tree import Tree
from p2pchat.core.kit.table import Table
from p2pchat.ports import Entropy
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import Gossip, Graft, Ihave, Prune

LATELY_S = START_S
"""A link that comes up is told of the cells of the last seconds: they were pushed before it was there, and
reconciling counts only what has settled."""

LATELY_CAP = 512
"""Cells remembered for that: eight full announcements. Reconciling finds what is left."""


class Plumtree:
    """One mesh's tree, as seen from this node."""

    def __init__(
        self, entropy: Entropy, cells: CellLookup, counters: Counter[str], damping: Damping | None = None
    ) -> None:
        damping = damping or Damping()
        self._cells = cells
        self._tree = Tree(entropy, counters, damping)
        self._announcements = Announcements(entropy, damping)
        self._fetches = Fetches(entropy, counters, damping)
        self._lately = Table[CellId, float](LATELY_CAP)
        """When cells that were new lately came."""

    # --- links

    def link_up(self, link: LinkId, now: float) -> list[Sending]:
        """A link is up. Its other end missed what came just before."""
        for part in self._tree, self._announcements, self._fetches:
            part.link_up(link)
        for id, seen_at in self._lately.items():
            if seen_at > now - LATELY_S:
                self._announcements.announce_cell(link, id, now, late=True)
        return []

    def link_down(self, link: LinkId, broken: bool, now: float) -> list[Sending]:
        """A link is down. Other links take its place in the tree."""
        self._announcements.link_down(link)
        self._fetches.link_down(link)
        return self._tree.link_down(link, broken)

    def pushing_links(self) -> dict[LinkId, bool]:
        """Return for each link whether cells are pushed over it."""
        return {link: branch.eager for link, branch in self._tree.branches.items()}

    # --- cells

    def on_new_cell(self, id: CellId, cell: bytes, source: LinkId | None, now: float) -> list[Sending]:
        """Push it along the tree, announce it elsewhere."""
        had = self._fetches.on_arrival(id)
        self._lately.put(id, now)
        counts = self._tree.count_cell(now)
        if counts and source is not None:
            self._tree.note_first(id, source, now)
        outputs: list[Sending] = []
        for link, branch in self._tree.branches.items():
            if link == source or link in had:
                continue
            if not branch.eager:
                self._announcements.announce_cell(link, id, now)
                continue
            outputs.append(Push(link, cell))
            if counts:
                self._tree.note_push(branch)
        return outputs

    def postpone_push(self, id: CellId, link: LinkId, now: float) -> list[Sending]:
        """Announce it instead: a node that lags behind fetches the cells that no other brings it."""
        if link in self._tree.branches:
            self._announcements.announce_cell(link, id, now)
        return []

    def on_duplicate(self, id: CellId, source: LinkId, now: float) -> list[Sending]:
        """See whether some link is worth little."""
        self._tree.note_duplicate(id, now)
        return self._tree.propose_prune(now)

    def on_recovered(self, id: CellId, source: LinkId, now: float) -> list[Sending]:
        """Announce it, never push it: it is old, and thousands may come at once."""
        had = self._fetches.on_arrival(id)
        for link in self._tree.branches:
            if link != source and link not in had:
                self._announcements.announce_cell(link, id, now, late=True)
        return []

    # --- what neighbours say

    def on_message(self, message: Gossip, source: LinkId, now: float) -> list[Sending]:
        """A neighbour announced, asked, or asked us to stop."""
        if source not in self._tree.branches:
            return []
        match message:
            case Ihave(ids, late):
                for id in ids:
                    if not self._cells.has_seen(id):
                        self._fetches.on_announced(id, source, late, now)
                return []
            case Graft(ids, eager):
                if eager:
                    self._tree.on_graft(source)
                bodies = [self._cells.find_body(id) for id in ids if self._fetches.may_serve(source, now)]
                return [Push(source, body) for body in bodies if body is not None]
            case Prune(agreed=False):
                return self._tree.on_proposal(source, now)
            case Prune():
                self._tree.on_agreement(source, now)
                return []
            case _:
                assert_never(message)

    # --- time

    def tick(self, now: float) -> list[Sending]:
        """Announce what has waited long enough, fetch what has not come."""
        due = self.next_wakeup()
        if due is None or now < due:
            return []
        fetched = [sending for fetch in self._fetches.tick(now) for sending in self._fetch(fetch, now)]
        return [*fetched, *self._announcements.tick(now)]

    def next_wakeup(self) -> float | None:
        """When ``tick`` is next due."""
        fetch, announce = self._fetches.next_wakeup(), self._announcements.next_wakeup()
        if fetch is None or announce is None:
            return announce if fetch is None else fetch
        return min(fetch, announce)

    def _fetch(self, fetch: FetchRequest, now: float) -> list[Sending]:
        grafts = self._tree.note_fetches(fetch.link, fetch.pushes_failed, now)
        return [
            *(SendGossip(fetch.link, Graft(ids, eager=False)) for ids in in_batches(fetch.ids)),
            *grafts,
        ]

"""A gossipsub-like mesh: a few links are pushed over, the others hear each second what there is.

Knows: the members of our mesh, what was seen lately, what was asked for. Does not know: topics, scores or
peer exchange, which decide nothing where every member is in the one mesh and none is hostile.

After the libp2p specification, gossipsub v1.0 and v1.1: D = 6, D_low = 5, D_high = 12, a heartbeat each
second, IHAVE of the last three seconds' ids to D_lazy = 6 others, IWANT at once for what is not known, five
seconds of cells to answer from, GRAFT and PRUNE with a back-off of a minute. IHAVE, GRAFT and PRUNE travel as
this mesh's messages of the same names; a GRAFT with ids is an IWANT.
"""

from __future__ import annotations

from collections import Counter

from p2pchat.core.broadcast.strategy import CellLookup, Push, SendGossip, Sending
from p2pchat.ports import Entropy, sample, uniform
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import IDS_MAX, Gossip, Graft, Ihave, Prune

D, D_LOW, D_HIGH, D_LAZY = 6, 5, 12, 6
HEARTBEAT_S = 1.0
GOSSIP_WINDOW = 3
"""Heartbeats whose ids are announced."""
IWANT_FOLLOW_UP_S = 3.0
"""What was asked for is not asked for again within this time (v1.1: ``iwant_followup_time``)."""
BACK_OFF_S = 60.0


class Gossipsub:
    """One mesh, as seen from this node."""

    def __init__(self, entropy: Entropy, cells: CellLookup, counters: Counter[str]) -> None:
        self._entropy = entropy
        self._cells = cells
        self._counters = counters
        self._links: dict[LinkId, bool] = {}  # by link: whether it is in our mesh
        self._backed_off: dict[LinkId, float] = {}
        self._windows: list[dict[CellId, None]] = [{}]
        self._pending_until: dict[CellId, float] = {}
        self._beat_at: float | None = None

    def link_up(self, link: LinkId, now: float) -> list[Sending]:
        """The mesh is empty before a GRAFT; the next heartbeat sends it."""
        self._links[link] = False
        if self._beat_at is None:
            self._beat_at = now + uniform(self._entropy, 0.0, HEARTBEAT_S)
        return []

    def link_down(self, link: LinkId, broken: bool, now: float) -> list[Sending]:
        """The next heartbeat looks for another."""
        self._links.pop(link, None)
        self._backed_off.pop(link, None)
        return []

    def on_new_cell(self, id: CellId, cell: bytes, source: LinkId | None, now: float) -> list[Sending]:
        """Push it to the mesh, our own to all peers (v1.1: flood publishing)."""
        self._pending_until.pop(id, None)
        self._windows[-1][id] = None
        return [
            Push(link, cell)
            for link, meshed in self._links.items()
            if link != source and (meshed or source is None)
        ]

    def postpone_push(self, id: CellId, link: LinkId, now: float) -> list[Sending]:
        """Do nothing: reconciling brings the cell."""
        return []

    def on_duplicate(self, id: CellId, source: LinkId, now: float) -> list[Sending]:
        """That is the price of being quick."""
        return []

    def on_recovered(self, id: CellId, source: LinkId, now: float) -> list[Sending]:
        """Old cells are not gossiped about."""
        return []

    def on_message(self, message: Gossip, source: LinkId, now: float) -> list[Sending]:
        """A neighbour announced, asked, grafted or pruned."""
        if source not in self._links:
            return []
        match message:
            case Ihave(ids):
                return self._want(ids, source, now)
            case Graft(ids, eager):
                bodies = [self._cells.find_body(id) for id in ids]
                sendings: list[Sending] = [Push(source, body) for body in bodies if body is not None]
                return sendings + self._grafted(source, now) if eager else sendings
            case Prune():
                self._links[source] = False
                self._backed_off[source] = now + BACK_OFF_S
                return []

    def tick(self, now: float) -> list[Sending]:
        """The heartbeat: keep the mesh between its bounds, tell some others what there is."""
        if self._beat_at is None or now < self._beat_at:
            return []
        self._beat_at = now + HEARTBEAT_S
        self._pending_until = {id: until for id, until in self._pending_until.items() if until > now}
        sendings = [*self._balance(now), *self._gossip()]
        self._windows = [*self._windows[-GOSSIP_WINDOW + 1 :], {}]
        return sendings

    def next_wakeup(self) -> float | None:
        """The next heartbeat."""
        return self._beat_at

    def pushing_links(self) -> dict[LinkId, bool]:
        """Return no links: any link may go, so that the graph is like that of the tree's runs."""
        return dict.fromkeys(self._links, False)

    # --- inside

    def _want(self, ids: tuple[CellId, ...], source: LinkId, now: float) -> list[Sending]:
        missing = [id for id in ids if id not in self._pending_until and not self._cells.has_seen(id)]
        if not missing:
            return []
        self._pending_until.update(dict.fromkeys(missing, now + IWANT_FOLLOW_UP_S))
        self._counters["cells fetched"] += len(missing)
        return [SendGossip(source, Graft(tuple(missing), eager=False))]

    def _grafted(self, link: LinkId, now: float) -> list[Sending]:
        if not self._links[link] and len(self._mesh()) >= D_HIGH:
            return self._pruned([link], now)
        self._links[link] = True
        return []

    def _mesh(self) -> list[LinkId]:
        return [link for link, meshed in self._links.items() if meshed]

    def _balance(self, now: float) -> list[Sending]:
        mesh = self._mesh()
        if len(mesh) > D_HIGH:
            return self._pruned(sample(self._entropy, mesh, len(mesh) - D), now)
        if len(mesh) >= D_LOW:
            return []
        free = [
            link
            for link, meshed in self._links.items()
            if not meshed and self._backed_off.get(link, 0.0) <= now
        ]
        sendings: list[Sending] = []
        for link in sample(self._entropy, free, D - len(mesh)):
            self._links[link] = True
            self._counters["tree: grafts"] += 1
            sendings.append(SendGossip(link, Graft((), eager=True)))
        return sendings

    def _pruned(self, links: list[LinkId], now: float) -> list[Sending]:
        for link in links:
            self._links[link] = False
            self._backed_off[link] = now + BACK_OFF_S
            self._counters["tree: prunes"] += 1
        return [SendGossip(link, Prune(agreed=True)) for link in links]

    def _gossip(self) -> list[Sending]:
        ids = [id for window in self._windows for id in window]
        others = [link for link, meshed in self._links.items() if not meshed]
        if not ids:
            return []
        return [
            SendGossip(link, Ihave(tuple(ids[at : at + IDS_MAX]), late=False))
            for link in sample(self._entropy, others, D_LAZY)
            for at in range(0, len(ids), IDS_MAX)
        ]

"""What is announced on the links over which it is not pushed: ids of cells, in company.

Knows: which ids wait on which link, and until when. Does not know: which links are lazy, or what a cell
holds.
"""

from __future__ import annotations

from dataclasses import field

from p2pchat.core.broadcast.damping import Damping
from p2pchat.core.broadcast.strategy import SendGossip, Sending
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, uniform
from p2pchat.types import CellId, LinkId
from p2pchat.wire.gossip import IDS_MAX, Ihave

WAITING_CAP = 8192
"""Ids waiting to be announced on one link; beyond it the oldest are left to reconciling."""


@dataclass(slots=True)
class _WaitingIds:
    """The ids that wait on one link. ``late``: of cells that no neighbour pushes."""

    prompt: dict[CellId, None] = field(default_factory=dict)
    late: dict[CellId, None] = field(default_factory=dict)
    until: float | None = None


class Announcements:
    """``announce_cell`` a cell on a link; ``tick`` says what has waited long enough."""

    def __init__(self, entropy: Entropy, damping: Damping) -> None:
        self._entropy = entropy
        self._batch_s = damping.batch_s
        self._links: dict[LinkId, _WaitingIds] = {}
        self._due: float | None = None

    def link_up(self, link: LinkId) -> None:
        """Cells may be announced there."""
        self._links[link] = _WaitingIds()

    def link_down(self, link: LinkId) -> None:
        """What waits there is lost."""
        self._links.pop(link, None)

    def announce_cell(self, link: LinkId, id: CellId, now: float, late: bool = False) -> None:
        """We have the cell of this id. ``late``: it is old, and no neighbour pushes it."""
        at = self._links[link]
        ids = at.late if late else at.prompt
        ids[id] = None
        if len(ids) > WAITING_CAP:
            del ids[next(iter(ids))]
        if at.until is None:
            at.until = now + uniform(self._entropy, *self._batch_s)
            self._due = at.until if self._due is None else min(self._due, at.until)

    def tick(self, now: float) -> list[Sending]:
        """Announce what has waited long enough."""
        outputs: list[Sending] = []
        for link, waiting in self._links.items():
            if waiting.until is not None and waiting.until <= now:
                outputs += [SendGossip(link, Ihave(ids, late=False)) for ids in in_batches(waiting.prompt)]
                outputs += [SendGossip(link, Ihave(ids, late=True)) for ids in in_batches(waiting.late)]
                self._links[link] = _WaitingIds()
        self._due = min((at.until for at in self._links.values() if at.until is not None), default=None)
        return outputs

    def next_wakeup(self) -> float | None:
        """When ``tick`` is next due."""
        return self._due


def in_batches(waiting: dict[CellId, None]) -> list[tuple[CellId, ...]]:
    """Split ids into batches of what one message holds, in order."""
    ids = tuple(waiting)
    return [ids[at : at + IDS_MAX] for at in range(0, len(ids), IDS_MAX)]

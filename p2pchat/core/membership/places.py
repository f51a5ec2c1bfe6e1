"""Which nodes have a place among a node's links: those it sought, those it accepted, and those it met at a
seat.

Knows: how many of each there may be, which links may end, and when. Does not know: how a link is found or
ends (``active_view``).

What a node sought by a walk of its own is its share of the mesh, and no other node can take it away: not by
asking, nor by seeking links with the node. What others seek with it has places of its own, more than honest
nodes need, so that a walk that ends here finds room. After Bitcoin's outbound and inbound connections
(Heilman, Kendler, Zohar, Goldberg, "Eclipse Attacks on Bitcoin's Peer-to-Peer Network", USENIX Security
2015); and no node may have many more links than others, as in Singh, Ngan, Druschel, Wallach, "Eclipse
Attacks on Overlay Networks" (INFOCOM 2006): see ``stem.audit``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from p2pchat.core.membership.growth import Growth
from p2pchat.core.membership.neighbour import Neighbour, Standing
from p2pchat.core.values.settings import GUESTS, RENDEZVOUS_LINKS, Settings
from p2pchat.ports import Entropy, exponential, sample
from p2pchat.types import LinkId
from p2pchat.wire.topology import LINKS_MAX

SHED_S = 5.0
"""One link too many is let go about this often (exponential)."""

EVICT_GAP_S = 5.0
"""A full greeter lets one guest go for another this often: guests find others, newcomers cannot."""


class Use(Protocol):
    """What the mesh makes of links."""

    def is_idle(self, link: LinkId) -> bool:
        """Whether the mesh could do without it just now."""
        ...

    def is_stem_start(self, link: LinkId) -> bool:
        """Whether our stem begins there."""
        ...

    def is_needed(self, link: LinkId, now: float) -> bool:
        """Whether its other end has hardly another, as far as we know."""
        ...

    def leads_to_contact(self, link: LinkId) -> bool:
        """Whether a recognised contact is there."""
        ...


class LinkSlots:
    """Each method is given all neighbours, links that are up and attempts alike."""

    def __init__(self, settings: Settings, entropy: Entropy, use: Use) -> None:
        self._settings = settings
        self._entropy = entropy
        self._use = use
        self._evict_at = 0.0
        self._shed_at: float | None = None

    # --- what is missing

    def count_missing(self, neighbours: Sequence[Neighbour]) -> int:
        """How many more links are to be sought, beyond those that count and the attempts under way."""
        sought = _of(neighbours, Standing.SOUGHT)
        return self._settings.links_wanted - sum(
            1 for neighbour in sought if neighbour.counts or not neighbour.up
        )

    def count_own(self, neighbours: Sequence[Neighbour]) -> int:
        """Links that are of our own making, and attempts."""
        return len(_of(neighbours, Standing.SOUGHT, Standing.INTRODUCED))

    # --- arrivals

    def has_place(self, neighbours: Sequence[Neighbour]) -> bool:
        """Whether a walk may end here. A node that seeks us by a walk does not displace guests."""
        accepted = len(_of(neighbours, Standing.ACCEPTED))
        return accepted < self._settings.links_max and len(neighbours) < LINKS_MAX

    def is_full(self, neighbours: Sequence[Neighbour]) -> bool:
        """Whether a newcomer can have a place only instead of a guest."""
        taken = len(_of(neighbours, Standing.ACCEPTED, Standing.GUEST))
        return taken >= self._settings.links_max + GUESTS or len(neighbours) >= LINKS_MAX

    def to_evict(self, neighbours: Sequence[Neighbour], at_seat: bool, now: float) -> list[Neighbour]:
        """Which guest makes room: no other node ever does. At seats not often, because any node may come
        there."""
        if at_seat and now < self._evict_at:
            return []
        guests = [
            neighbour
            for neighbour in _of(neighbours, Standing.GUEST)
            if neighbour.up and not neighbour.is_young(now)
        ]
        gone = sample(self._entropy, guests, 1)
        if at_seat and gone:
            self._evict_at = now + EVICT_GAP_S
        return gone

    # --- departures

    def to_renew(self, neighbours: Sequence[Neighbour], growth: Growth, now: float) -> list[Neighbour]:
        """Which link that was drawn among few must be drawn again, while none is missing: that at which our
        stem begins last, so that the next stem begins at one that was. A contact's is kept; and if all are
        sought already, there is no other node to draw."""
        if self.count_missing(neighbours) != 0:
            return []
        sought = [one for one in _of(neighbours, Standing.SOUGHT) if one.counts]
        stale = [
            one for one in sought if growth.has_outgrown(one.among) and not self._use.leads_to_contact(one.id)
        ]
        others = [one for one in stale if not self._use.is_stem_start(one.id)]
        if others or (stale and growth.another_first_hop(now)):
            return sample(self._entropy, others or stale, 1)
        return []

    def to_shed(self, neighbours: Sequence[Neighbour], now: float) -> list[Neighbour]:
        """Which link of our own making to let go, if it is time and there is one too many."""
        if self._shed_at is not None and now < self._shed_at:
            return []
        due, self._shed_at = self._shed_at, now + exponential(self._entropy, SHED_S)
        return sample(self._entropy, self._too_many(neighbours, now), 1) if due is not None else []

    @property
    def shed_at(self) -> float:
        """When ``to_shed`` is next due."""
        return self._shed_at or 0.0

    def has_excess(self, neighbours: Sequence[Neighbour]) -> bool:
        """Whether some link of ours is to be let go, sooner or later."""
        if self.count_missing(neighbours) > 0:
            return False
        introduced = [neighbour for neighbour in _of(neighbours, Standing.INTRODUCED) if neighbour.up]
        begun = any(not neighbour.swap for neighbour in introduced)
        return self.count_missing(neighbours) < 0 or begun or len(introduced) > RENDEZVOUS_LINKS

    def _too_many(self, neighbours: Sequence[Neighbour], now: float) -> list[Neighbour]:
        if self.count_missing(neighbours) > 0:
            return []
        introduced = [neighbour for neighbour in _of(neighbours, Standing.INTRODUCED) if neighbour.counts]
        begun = [
            neighbour
            for neighbour in introduced
            if not neighbour.swap and not neighbour.is_young(now) and not self._kept(neighbour, now)
        ]
        if begun:
            return begun
        if len(introduced) > RENDEZVOUS_LINKS:
            return introduced[:1]
        if self.count_missing(neighbours) < 0:
            return [
                neighbour for neighbour in _of(neighbours, Standing.SOUGHT) if self._can_go(neighbour, now)
            ]
        return []

    def _kept(self, neighbour: Neighbour, now: float) -> bool:
        """Whether it was drawn, and its other end needs it: behind its NAT that node may reach no other."""
        return neighbour.among > 0 and self._use.is_needed(neighbour.id, now)

    def _can_go(self, neighbour: Neighbour, now: float) -> bool:
        """Whether nothing would be missed without it."""
        settled = neighbour.counts and not neighbour.is_young(now)
        return settled and not self._use.is_stem_start(neighbour.id) and self._use.is_idle(neighbour.id)


def _of(neighbours: Sequence[Neighbour], *standings: Standing) -> list[Neighbour]:
    return [neighbour for neighbour in neighbours if neighbour.standing in standings]

"""When cover leaves, and what it is.

Knows: the clock, the share of loops, how a loop is drawn. Does not know: how an onion is made or sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem import route
from p2pchat.core.values.profile import Profile
from p2pchat.ports import Entropy, below, exponential
from p2pchat.types import HopId

LOOP_IN = 10
"""One cover in ten is a loop, which tells whether those on it still do their work; the others take the pinned
stem, as cells do, and end there. Those hide cells, so there are as few loops as will do."""

LOOP_HOPS = 2, 4
"""Others on a loop: with ourselves, at most the five hops of an onion."""

TRIES = 16
"""Ways drawn before one comes back to us: with six links a node, few more than a handful are needed in a
small mesh; in a large one most loops are the way to a neighbour and back."""


class PoissonClock:
    """A Poisson clock: after every tick the next is as far away as it ever was."""

    def __init__(self, profile: Profile, entropy: Entropy) -> None:
        self._rate = profile.cover_per_s
        self._entropy = entropy
        self.at = NEVER
        """When the next cover is due."""

    def start(self, now: float) -> None:
        """Begin to tick, unless the profile has no cover."""
        if self._rate and self.at == NEVER:
            self.tick(now)

    def tick(self, now: float) -> bool:
        """Set the next; return whether this one is a loop."""
        self.at = now + exponential(self._entropy, 1.0 / self._rate)
        return below(self._entropy, LOOP_IN) == 0


def cost(profile: Profile) -> float:
    """Frames a second that a node sends for cover, its own and what it relays, where all have this profile;
    as many come to it. Measured on the wire: docs/a-recorded-line.md."""
    links = sum(profile.hops) / 2
    around = sum(LOOP_HOPS) / 2 + 1
    return profile.cover_per_s * (links + (around - links) / LOOP_IN)


def loop(links: Mapping[HopId, Sequence[HopId]], own: HopId, entropy: Entropy) -> tuple[HopId, ...] | None:
    """Nodes on a way that leads back to ``own``; None when there is no neighbour."""
    shortest, longest = LOOP_HOPS
    for _ in range(TRIES):
        hops = shortest + below(entropy, longest - shortest + 1)
        nodes = route.draw(links, own, hops, entropy)
        if nodes is not None and own in links.get(nodes[-1], ()):
            return nodes
    return route.draw(links, own, 1, entropy)

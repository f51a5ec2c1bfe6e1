"""One packet on its stem, and what colluding relays see of it.

Knows: how long a packet stays where. Does not know: how many there are, or what the adversary guesses from
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random

from p2pchat.data import dataclass
from p2pchat.sim.adversary.mesh import Path, SampledMesh


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One packet, as colluders in a row see it."""

    before: float
    """When the honest node before them sent it."""
    left: float
    """When the last of them passed it on, or broadcast it."""

    def shifted_by(self, by: float) -> Glimpse:
        """The same at another time."""
        return Glimpse(self.before + by, self.left + by)


@dataclass(frozen=True, slots=True)
class Packet:
    """What colluders see of a packet on its way."""

    seen: dict[Path, Glimpse]
    """By the pieces of its stem that they can tell."""
    spent: float
    """Seconds from its writer to the end of the stem."""


def pieces(path: Path, colludes: tuple[bool, ...]) -> Iterator[tuple[int, int]]:
    """The pieces of a path that colluders can tell, as slices: from the honest node before some of them in a
    row to the honest node behind them; without that, if the stem ends with them."""
    place = 1
    while place < len(path):
        if colludes[path[place]]:
            start = place - 1
            while place < len(path) and colludes[path[place]]:
                place += 1
            yield start, min(place + 1, len(path))
        place += 1


def send(mesh: SampledMesh, path: Path, at: float, waits_s: float, rng: Random) -> Packet:
    """Send a packet from ``path[0]``. Every hop keeps it for a time of the exponential law with that mean."""
    leaves, now = [at], at
    for link in pairwise(path):
        now += mesh.delay[link] + (rng.expovariate(1 / waits_s) if waits_s else 0.0)
        leaves.append(now)
    seen = {}
    for start, end in pieces(path, mesh.colludes):
        last = end - 1 if mesh.colludes[path[end - 1]] else end - 2
        seen[path[start:end]] = Glimpse(leaves[start], leaves[last])
    return Packet(seen, now - at)


def poisson(rate: float, start: float, end: float, rng: Random) -> Iterator[float]:
    """The moments of a Poisson process."""
    if rate > 0.0:
        at = start + rng.expovariate(rate)
        while at < end:
            yield at
            at += rng.expovariate(rate)

"""What colluders know of the packets at a piece of a stem, before they look for one message.

Knows: the laws by which stems are drawn; how to learn from what came by. Does not know: which node they will
name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from p2pchat.sim.adversary.mesh import Path
from p2pchat.sim.adversary.packets import pieces
from p2pchat.sim.adversary.traffic import Flows, ObservedMessage, Traffic

STEMS_AT_MOST: Final = 40
"""So many stems over one piece are thought possible. With a thousand nodes a fifth of one is expected."""


class Laws:
    """The graph and the laws: a piece carries what was to be expected of it."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    def packet_rate(self, piece: Path) -> float:
        """Packets a second that take a piece of path."""
        return self._traffic.habits.per_s * self._traffic.expected_stems(piece) * self.stem_ratio(piece)

    def stem_ratio(self, piece: Path) -> float:
        """Stems that take a piece, to those that were to be expected."""
        return 1.0

    def whole_stem_ratio(self, piece: Path) -> float:
        """The same of stems of which colluders can tell this piece and nothing else."""
        return self.stem_ratio(piece)


class Windows(Laws):
    """Knows also what passed at about the time of each message: a writer that keeps one stem passes the same
    colluders again and again."""

    def __init__(self, traffic: Traffic, seen: Sequence[ObservedMessage]) -> None:
        super().__init__(traffic)
        self._seen = seen
        self._estimates: dict[Path, float] = {}

    def stem_ratio(self, piece: Path) -> float:
        """What happens between the places that colluders can tell is not seen: each counts for itself."""
        told = pieces(piece, self._traffic.mesh.colludes)
        return math.prod(self._estimate(piece[start:end]) for start, end in told)

    def _estimate(self, piece: Path) -> float:
        if piece not in self._estimates:
            expected = self._traffic.expected_stems(piece)
            packets = self._traffic.habits.per_s * self._traffic.habits.reach_s
            count = sum(len(message.packets_at(piece)) for message in self._seen)
            self._estimates[piece] = _stems(expected, packets * len(self._seen), count) / expected
        return self._estimates[piece]


class Watched(Laws):
    """Knows also hours of watching: which pieces belong to one stem, and how many stems take them."""

    def __init__(self, flows: Flows) -> None:
        super().__init__(flows)
        self._flows = flows

    def stem_ratio(self, piece: Path) -> float:
        """Counted."""
        return self._flows.stems_taking(piece) / self._flows.expected_stems(piece)

    def whole_stem_ratio(self, piece: Path) -> float:
        """Counted."""
        return self._flows.whole_stems(piece) / self._flows.expected_whole(piece)


def knowledge(traffic: Traffic, seen: Sequence[ObservedMessage]) -> Laws:
    """What colluders know from these messages and the packets around them."""
    if not isinstance(traffic, Flows):
        return Laws(traffic)
    return Watched(traffic) if traffic.habits.watched else Windows(traffic, seen)


def _stems(expected: float, packets: float, count: int) -> float:
    """How many stems, one at least, take a piece by which ``count`` packets came: stems are a Poisson number
    of mean ``expected``, and packets one of mean ``packets`` for each."""
    logs = [
        stems * (math.log(expected) - packets) + count * math.log(stems) - math.lgamma(stems + 1)
        for stems in range(1, STEMS_AT_MOST)
    ]
    weights = [math.exp(log - max(logs)) for log in logs]
    return sum(stems * weight for stems, weight in enumerate(weights, 1)) / sum(weights)

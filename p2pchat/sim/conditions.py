"""What the network is like, and how long a frame takes in it.

Knows: latency, loss, bandwidth. Does not know: links, or which nodes reach each other.
"""

from __future__ import annotations

import random
from hashlib import blake2b

from p2pchat.data import dataclass
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.sim.host import SimulatedHost
from p2pchat.wire.geometry import GEOMETRY

RTO_S = 0.2
"""A retransmission comes this long after a round trip: the engine's least SCTP timeout."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the network is like. Raises ValueError on what no network is."""

    latency_s: tuple[float, float] = (0.020, 0.120)
    """One way, uniform; drawn for each pair of machines, the same both ways."""
    loss: float = 0.0
    """Of frames, each way."""
    bandwidth: float | None = None
    """Bytes a second that one link carries each way; None: any number."""

    def __post_init__(self) -> None:
        low, high = self.latency_s
        if not 0.0 <= low <= high:
            raise ValueError("latency: need 0 <= low <= high")
        if not 0.0 <= self.loss <= 0.5:
            raise ValueError("loss: need a share of 0 to 0.5")
        if self.bandwidth is not None and self.bandwidth < GEOMETRY.frame:
            raise ValueError(f"bandwidth: need at least {GEOMETRY.frame} bytes a second, one frame")


class Delays:
    """Draws how long frames take."""

    def __init__(self, conditions: Conditions, entropy: SeededEntropy) -> None:
        self._conditions = conditions
        self._key = entropy.make_child("latencies").draw_bytes(32)
        self._lost = random.Random(entropy.make_child("loss").draw_bytes(16))
        self.frame_s = GEOMETRY.frame / conditions.bandwidth if conditions.bandwidth else 0.0
        """How long one frame takes to leave."""

    def latency_between(self, a: SimulatedHost, b: SimulatedHost) -> float:
        """Return the seconds of one way; for the same two hosts and the same seed always the same."""
        low, high = self._conditions.latency_s
        drawn = blake2b(b"%d %d" % ordered_pair(a, b), key=self._key, digest_size=8).digest()
        return low + (high - low) * int.from_bytes(drawn, "big") / 2**64

    def draw_retransmissions(self, delay: float) -> float:
        """Draw for how long a frame is lost again and again, where one way takes ``delay``."""
        late = 0.0
        if self._conditions.loss:
            timeout = RTO_S + 2 * delay
            while self._lost.random() < self._conditions.loss:
                late += timeout
                timeout *= 2
        return late


def ordered_pair(a: SimulatedHost, b: SimulatedHost) -> tuple[int, int]:
    """Return a name of two hosts, the same both ways."""
    return (a.index, b.index) if a.index < b.index else (b.index, a.index)

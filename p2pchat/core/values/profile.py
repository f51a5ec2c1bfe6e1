"""Privacy profiles: how long a stem is, how long its hops wait, how much cover a node makes.

Knows: the one table of values. Does not know: what is done with them, or what they are worth (the
simulator's adversary measures that).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from p2pchat.data import dataclass
from p2pchat.ports import Entropy, below

OPEN_S: Final = (0.02, 0.08)
"""The shortest and the longest wait before a cell that came for us is opened, where cells take no stem. A
node hands a cell on within some milliseconds."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one node does to hide what it writes."""

    name: str
    hops: tuple[int, int]
    """The shortest and the longest stem; every length between is as likely."""
    delay_s: float
    """The mean of the exponential law by which each hop waits before it passes a packet on; 0: not at all."""
    cover_per_s: float
    """Loops and drops together: the rate of the Poisson process that originates them."""
    on_clock: bool
    """Whether a message waits for the next cover packet and takes its place. Otherwise it leaves at once."""

    repeat_s: float
    """How long a node waits for a receipt before it sends a message again: more than the slowest takes, both
    ways."""
    answer_s: tuple[float, float] = (0.02, 0.08)
    """The shortest and the longest wait before receipts and other effects of a cell. Without cover
    everything that leaves a node is seen; with cover a wait hides what caused it, and many share it
    rather than fill the clock with answers."""
    open_s: tuple[float, float] = OPEN_S
    """The shortest and the longest wait before a cell that came for us is opened
    (``core.messaging.letterbox``)."""

    def draw_length(self, entropy: Entropy) -> int:
        """How many hops a new stem has."""
        shortest, longest = self.hops
        return shortest + below(entropy, longest - shortest + 1)


FAST: Final = Profile("fast", hops=(3, 5), delay_s=0.0, cover_per_s=0.0, on_clock=False, repeat_s=4.0)
BALANCED: Final = Profile(
    "balanced",
    hops=(4, 5),
    delay_s=0.18,
    cover_per_s=2.5,
    on_clock=False,
    repeat_s=8.0,
    answer_s=(0.2, 2.0),
    open_s=(0.03, 0.2),
)
STRONG: Final = Profile(
    "strong",
    hops=(4, 5),
    delay_s=0.66,
    cover_per_s=8.0,
    on_clock=True,
    repeat_s=20.0,
    answer_s=(1.0, 3.0),
    open_s=(0.05, 0.5),
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {profile.name: profile for profile in (FAST, BALANCED, STRONG)}
)
"""By name."""

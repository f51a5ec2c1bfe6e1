"""What waits here before it goes on: mixed with others that wait, by an exponential delay each.

Knows: until when each waits. Does not know: what it is, or which node chose the delay.

With an exponential delay an observer of both sides learns least about which waiting onion is next (Danezis
2004; Loopix, 2017).
"""

from __future__ import annotations

import heapq
from dataclasses import field

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.outputs import Output
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, exponential

WAITING_CAP = 1024
"""Onions waiting, about 1.2 MB: nine links that bring all they may, for two seconds. Beyond it a newcomer is
dropped; its sender's outbox sends it again."""


@dataclass(order=True, slots=True)
class _WaitingOnion:
    until: float
    number: int
    output: Output = field(compare=False)


class DelayPool:
    """Keeps each output for a while of its own."""

    def __init__(self, entropy: Entropy, cap: int = WAITING_CAP) -> None:
        self._entropy = entropy
        self._cap = cap
        self._waiting: list[_WaitingOnion] = []
        self._count = 0

    def put(self, output: Output, mean_s: float, now: float) -> bool:
        """Keep it for Exp(``mean_s``); False when too much waits already."""
        if len(self._waiting) >= self._cap:
            return False
        self._count += 1
        until = now + exponential(self._entropy, mean_s)
        heapq.heappush(self._waiting, _WaitingOnion(until, self._count, output))
        return True

    def take_due(self, now: float) -> list[Output]:
        """All that has waited long enough, in the order in which it is due."""
        outputs: list[Output] = []
        while self._waiting and self._waiting[0].until <= now:
            outputs.append(heapq.heappop(self._waiting).output)
        return outputs

    def take_all(self) -> list[Output]:
        """The node stops: all that waits, in the order in which it is due."""
        return self.take_due(NEVER)

    def next_wakeup(self) -> float:
        """When the next is due."""
        return self._waiting[0].until if self._waiting else NEVER

"""What the pure core is handed from outside: entropy. (Time is an argument of every call.)

Knows: how randomness is drawn and split into streams. Does not know: where it comes from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Entropy(Protocol):
    """A stream of random bytes that can be split, so that a run can be replayed from its seed."""

    def draw_bytes(self, size: int) -> bytes:
        """Return ``size`` fresh random bytes."""
        ...

    def make_child(self, label: str) -> Entropy:
        """Return an independent stream; one per machine, so that machines do not disturb each other."""
        ...


def below(entropy: Entropy, bound: int) -> int:
    """Return a uniform integer in ``[0, bound)``; the bias of 2^-64 · bound is below any use made of it."""
    return int.from_bytes(entropy.draw_bytes(16), "big") % bound


def uniform(entropy: Entropy, low: float, high: float) -> float:
    """Return a uniform float in ``[low, high)`` with 53 random bits."""
    return low + (high - low) * (int.from_bytes(entropy.draw_bytes(8), "big") >> 11) / (1 << 53)


def exponential(entropy: Entropy, mean: float) -> float:
    """Return a draw of the exponential law with the given mean, in the mean's unit."""
    return -mean * math.log(1.0 - uniform(entropy, 0.0, 1.0))


def sample(entropy: Entropy, items: Sequence[T], count: int) -> list[T]:
    """Return up to ``count`` distinct items in random order (a partial Fisher-Yates shuffle)."""
    pool = list(items)
    picked: list[T] = []
    while pool and len(picked) < count:
        picked.append(pool.pop(below(entropy, len(pool))))
    return picked

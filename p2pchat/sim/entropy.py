"""Entropy that can be replayed from a seed.

Knows: how one seed becomes many streams. Does not know: which part draws from them.
"""

from __future__ import annotations

from hashlib import blake2b

from p2pchat.ports import uniform


class SeededEntropy:
    """BLAKE2b in counter mode; children are independent streams."""

    __slots__ = ("_count", "_key")

    def __init__(self, seed: object) -> None:
        self._key = blake2b(repr(seed).encode(), digest_size=32).digest()
        self._count = 0

    def draw_bytes(self, size: int) -> bytes:
        """Return ``size`` bytes that only the seed and the number of earlier calls decide."""
        stream = b""
        while len(stream) < size:
            stream += blake2b(self._count.to_bytes(8, "big"), key=self._key, digest_size=64).digest()
            self._count += 1
        return stream[:size]

    def make_child(self, label: str) -> SeededEntropy:
        """Return an independent stream."""
        return SeededEntropy((self._key, label))

    def draw_bool(self, probability: float) -> bool:
        """Whether something of that probability happens; certainties draw nothing."""
        return probability > 0.0 and (probability >= 1.0 or uniform(self, 0.0, 1.0) < probability)

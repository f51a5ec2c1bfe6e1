"""Entropy that can be replayed from a seed."""

from __future__ import annotations

import hashlib


class SeededEntropy:
    """BLAKE2b in counter mode; children are independent streams."""

    def __init__(self, seed: object) -> None:
        self._key = hashlib.blake2b(repr(seed).encode(), digest_size=32).digest()
        self._count = 0

    def bytes(self, size: int) -> bytes:
        out = b""
        while len(out) < size:
            out += hashlib.blake2b(self._count.to_bytes(8, "big"), key=self._key, digest_size=64).digest()
            self._count += 1
        return out[:size]

    def child(self, label: str) -> SeededEntropy:
        return SeededEntropy((self._key, label))

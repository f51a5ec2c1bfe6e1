"""The order in which everything happened, as one number.

Knows: what is put into the trace. Does not know: what it means. What was sealed is left out: ML-KEM draws
its own randomness, so no two runs send the same bytes.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from hashlib import blake2b

_ENTRY = struct.Struct("<dIIB")
_CHUNK = 1 << 16


class TraceKind(IntEnum):
    """Kinds of events. Two runs of one seed have the same events."""

    STARTED = 0
    GONE = 1
    TIMER = 2
    SIGNAL = 3
    LINKED = 4
    FRAME = 5
    SEEN = 6


class Trace:
    """BLAKE2b-128 over (time, host, other host, kind) of every event."""

    __slots__ = ("_hash", "_waiting")

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)
        self._waiting = bytearray()

    def add_event(self, now: float, host: int, other: int, kind: TraceKind) -> None:
        """Append an event."""
        self._waiting += _ENTRY.pack(now, host, other, kind)
        if len(self._waiting) >= _CHUNK:
            self._hash.update(self._waiting)
            self._waiting.clear()

    def digest(self) -> str:
        """Return the digest of all events so far, in hexadecimal."""
        so_far = self._hash.copy()
        so_far.update(self._waiting)
        return so_far.hexdigest()

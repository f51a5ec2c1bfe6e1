"""A set of keys that can say of any interval of them how many there are, which, and what their sketch is.

Knows: the order of the keys. Does not know: what they name.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from p2pchat.core.sketch import Sketch

CHUNK_MAX = 512
"""Keys in one chunk. A chunk's own sketch takes 1.6 kB, so these are 3 to 6 bytes a key; the sketch of an
interval adds up whole chunks, and at its two ends half a chunk key by key, 0.5 ms (measured)."""

BOUND_BYTES = 4
WHOLE = (0, 1 << 8 * BOUND_BYTES)
"""The interval of all keys. Bounds are in units of a key's first four bytes, the upper one excluded."""

Interval = tuple[int, int]

_PAST_ALL = b"\xff" * 16


class _Chunk:
    __slots__ = ("keys", "sketch")

    def __init__(self, keys: list[bytes]) -> None:
        self.keys = keys
        self.sketch = Sketch()


class KeySet:
    """Keys of ``sketch.KEY_BYTES`` each, in order, in chunks."""

    def __init__(self) -> None:
        self._firsts = [b""]
        self._chunks = [_Chunk([])]
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __contains__(self, key: bytes) -> bool:
        keys = self._chunk(key).keys
        at = bisect_left(keys, key)
        return at < len(keys) and keys[at] == key

    def add(self, key: bytes) -> None:
        """Add a key that is not in the set."""
        chunk = self._chunk(key)
        insort(chunk.keys, key)
        chunk.sketch.add(key)
        self._size += 1
        if len(chunk.keys) > CHUNK_MAX:
            self._split(chunk)

    def remove(self, key: bytes) -> None:
        """Remove a key that is in the set."""
        place = bisect_right(self._firsts, key) - 1
        chunk = self._chunks[place]
        del chunk.keys[bisect_left(chunk.keys, key)]
        chunk.sketch.remove(key)
        self._size -= 1
        if not chunk.keys and place:
            del self._chunks[place], self._firsts[place]

    def sketch(self, interval: Interval) -> tuple[Sketch, int]:
        """The sketch of all keys in an interval, and the steps it took (a key each, 2 µs)."""
        total, steps = Sketch(), 0
        for chunk, start, end in self._within(interval):
            outside = len(chunk.keys) - (end - start)
            if outside < end - start:
                total.include(chunk.sketch)
                for key in (*chunk.keys[:start], *chunk.keys[end:]):
                    total.remove(key)
            else:
                for key in chunk.keys[start:end]:
                    total.add(key)
            steps += 1 + min(outside, end - start)
        return total, steps

    def keys(self, interval: Interval) -> Iterator[bytes]:
        """All keys in an interval, in order."""
        for chunk, start, end in self._within(interval):
            yield from chunk.keys[start:end]

    def _within(self, interval: Interval) -> Iterator[tuple[_Chunk, int, int]]:
        low, high = bounds(interval)
        for place in range(bisect_right(self._firsts, low) - 1, bisect_left(self._firsts, high)):
            chunk = self._chunks[place]
            start, end = bisect_left(chunk.keys, low), bisect_left(chunk.keys, high)
            if start < end:
                yield chunk, start, end

    def _chunk(self, key: bytes) -> _Chunk:
        return self._chunks[bisect_right(self._firsts, key) - 1]

    def _split(self, chunk: _Chunk) -> None:
        half = len(chunk.keys) // 2
        upper = _Chunk(chunk.keys[half:])
        for key in upper.keys:
            upper.sketch.add(key)
        chunk.keys = chunk.keys[:half]
        chunk.sketch.exclude(upper.sketch)
        place = bisect_right(self._firsts, upper.keys[0])
        self._firsts.insert(place, upper.keys[0])
        self._chunks.insert(place, upper)


def bounds(interval: Interval) -> tuple[bytes, bytes]:
    """The least key an interval can have, and what all of its keys are less than."""
    low, high = interval
    return low.to_bytes(BOUND_BYTES, "big"), _PAST_ALL if high == WHOLE[1] else high.to_bytes(
        BOUND_BYTES, "big"
    )

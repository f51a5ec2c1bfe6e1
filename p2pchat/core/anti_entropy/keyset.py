"""A set of keys that can say of any interval of them which they are, and what their sketch is.

Knows: the order of the keys. Does not know: what they name.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

from p2pchat.core.anti_entropy.sketch import Sketch
from p2pchat.types import CellKey
from p2pchat.wire.reconcile import KEY_SPACE, Interval

CHUNK_MAX = 512
"""Keys in one chunk. A chunk's own sketch takes 1.6 kB, 3 to 6 bytes a key; the sketch of an interval adds up
whole chunks, and the halves of chunks at its two ends key by key, 0.6 ms each (measured)."""

UNSUMMED_MAX = 32
"""Changes of a chunk that are not in its sketch yet: summing them together costs a tenth."""

WHOLE: Interval = (0, KEY_SPACE)
"""The interval of all keys."""

_PAST_ALL = b"\xff" * 16


class _Chunk:
    __slots__ = ("_added", "_removed", "_sketch", "keys")

    def __init__(self, keys: list[CellKey]) -> None:
        self.keys = keys
        self._sketch = Sketch()
        self._added = list(keys)
        self._removed: list[CellKey] = []

    def add(self, key: CellKey) -> None:
        insort(self.keys, key)
        self._added.append(key)
        self._sum_up()

    def remove(self, key: CellKey) -> None:
        del self.keys[bisect_left(self.keys, key)]
        self._removed.append(key)
        self._sum_up()

    def _sum_up(self) -> None:
        if len(self._added) + len(self._removed) > UNSUMMED_MAX:
            self.get_sketch()

    def get_sketch(self) -> Sketch:
        if self._added:
            self._sketch.add_keys(self._added)
            self._added = []
        if self._removed:
            self._sketch.remove_keys(self._removed)
            self._removed = []
        return self._sketch

    def split_upper(self) -> _Chunk:
        """Keep the lower half; return the upper one."""
        half = len(self.keys) // 2
        upper = _Chunk(self.keys[half:])
        self.get_sketch().subtract_sketch(upper.get_sketch())
        self.keys = self.keys[:half]
        return upper


class KeySet:
    """Keys of ``sketch.KEY_BYTES`` each, in order, in chunks; those it is made of are summed up later."""

    def __init__(self, keys: Iterable[CellKey] = ()) -> None:
        ordered = sorted(keys)
        step = CHUNK_MAX // 2
        self._chunks = [_Chunk(ordered[at : at + step]) for at in range(0, len(ordered), step)] or [
            _Chunk([])
        ]
        self._firsts = [b"", *(chunk.keys[0] for chunk in self._chunks[1:])]

    def __contains__(self, key: CellKey) -> bool:
        keys = self._chunks[self._place(key)].keys
        at = bisect_left(keys, key)
        return at < len(keys) and keys[at] == key

    def add(self, key: CellKey) -> None:
        """Add a key that is not in the set."""
        place = self._place(key)
        chunk = self._chunks[place]
        chunk.add(key)
        if len(chunk.keys) > CHUNK_MAX:
            upper = chunk.split_upper()
            self._chunks.insert(place + 1, upper)
            self._firsts.insert(place + 1, upper.keys[0])

    def remove(self, key: CellKey) -> None:
        """Remove a key that is in the set."""
        place = self._place(key)
        self._chunks[place].remove(key)
        if place and not self._chunks[place].keys:
            del self._chunks[place], self._firsts[place]

    def sketch_interval(self, interval: Interval) -> tuple[Sketch, int]:
        """The sketch of all keys in an interval, and the steps it took: a key each."""
        total, steps = Sketch(), 0
        for chunk, start, end in self._within(interval):
            outside = len(chunk.keys) - (end - start)
            if outside < end - start:
                total.add_sketch(chunk.get_sketch())
                if outside:
                    total.remove_keys((*chunk.keys[:start], *chunk.keys[end:]))
            else:
                total.add_keys(chunk.keys[start:end])
            steps += 1 + min(outside, end - start)
        return total, steps

    def sum_up(self) -> Iterator[None]:
        """Sum up what has not been yet, one chunk (0.6 ms) for each value taken."""
        for chunk in list(self._chunks):
            chunk.get_sketch()
            yield

    def keys_in(self, interval: Interval) -> Iterator[CellKey]:
        """All keys in an interval, in order."""
        for chunk, start, end in self._within(interval):
            yield from chunk.keys[start:end]

    def count_in(self, interval: Interval) -> int:
        """How many keys there are in an interval."""
        return sum(end - start for _, start, end in self._within(interval))

    def _within(self, interval: Interval) -> Iterator[tuple[_Chunk, int, int]]:
        low, high = bounds(interval)
        for place in range(self._place(low), bisect_left(self._firsts, high)):
            chunk = self._chunks[place]
            start, end = bisect_left(chunk.keys, low), bisect_left(chunk.keys, high)
            if start < end:
                yield chunk, start, end

    def _place(self, least: bytes) -> int:
        return bisect_right(self._firsts, least) - 1


def bounds(interval: Interval) -> tuple[bytes, bytes]:
    """The least key an interval can have, and what all of its keys are less than."""
    return _least(interval[0]), _least(interval[1])


def _least(start: int) -> bytes:
    return _PAST_ALL if start == KEY_SPACE else start.to_bytes(8, "big")

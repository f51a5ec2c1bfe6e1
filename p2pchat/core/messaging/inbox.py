"""Fragments of one contact's ordered payloads on their way to being whole, and in order.

Knows: what is still missing. Does not know: keys; it hands on ciphertexts in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from p2pchat.data import dataclass
from p2pchat.wire.fragment import Fragment

AHEAD = 128
"""Numbers beyond the next expected one that are kept: one look-ahead of tags, so more cannot be in flight."""

FRAGMENTS_CAP = 512
"""Fragments held for one contact, 430 KiB: four look-aheads. Beyond it the furthest number is dropped; it
will be repeated."""


@dataclass(slots=True)
class _Partial:
    count: int
    pieces: dict[int, bytes] = field(default_factory=dict)

    def is_whole(self) -> bool:
        return len(self.pieces) == self.count

    def make_bitmap(self) -> bytes:
        """Bit ``i`` of byte ``i // 8`` (lowest first) is set when fragment ``i`` is held."""
        bits = bytearray((self.count + 7) // 8)
        for index in self.pieces:
            bits[index // 8] |= 1 << index % 8
        return bytes(bits)


class Inbox:
    """Reassembles and orders the fragments of one contact's payloads."""

    def __init__(self) -> None:
        self._partials: dict[int, _Partial] = {}
        self._held = 0
        self.dropped = 0

    def put_fragment(self, fragment: Fragment, expected: int) -> bool:
        """Keep a fragment; False if it is not new (delivered or kept already) or out of reach."""
        if not expected <= fragment.number < expected + AHEAD:
            return False
        partial = self._partials.setdefault(fragment.number, _Partial(fragment.count))
        if fragment.count != partial.count or fragment.index in partial.pieces:
            return False
        partial.pieces[fragment.index] = fragment.data
        self._held += 1
        if self._held > FRAGMENTS_CAP:
            self._drop(max(self._partials))
            self.dropped += 1
        return True

    def whole_size(self, number: int) -> int | None:
        """Return the size of the ciphertext of ``number``, if it is whole."""
        partial = self._partials.get(number)
        if partial is None or not partial.is_whole():
            return None
        return sum(map(len, partial.pieces.values()))

    def pop(self, number: int) -> bytes | None:
        """Return and forget the ciphertext of ``number``, if it is whole."""
        partial = self._partials.get(number)
        if partial is None or not partial.is_whole():
            return None
        self._drop(number)
        return b"".join(partial.pieces[index] for index in range(partial.count))

    def skip_to(self, floor: int) -> None:
        """Forget everything below ``floor``."""
        for number in [number for number in self._partials if number < floor]:
            self._drop(number)

    def make_bitmap(self, number: int) -> bytes:
        """Return the bitmap of the fragments of ``number`` that are here; empty for none."""
        partial = self._partials.get(number)
        return partial.make_bitmap() if partial is not None else b""

    def _drop(self, number: int) -> None:
        self._held -= len(self._partials.pop(number).pieces)


def missing(bitmap: bytes, count: int) -> Iterator[int]:
    """Yield the indices below ``count`` whose bit is not set in a bitmap of any length."""
    for index in range(count):
        byte = index // 8
        if byte >= len(bitmap) or not bitmap[byte] >> index % 8 & 1:
            yield index

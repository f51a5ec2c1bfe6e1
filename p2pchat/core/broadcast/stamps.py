"""Stamps: what a mesh asks of a cell, so that many cells cost time.

Knows: how much work is asked. Does not know: how a stamp is made (``crypto.stamp``), or what becomes of
a cell.
"""

from __future__ import annotations

from collections import Counter

from p2pchat.crypto.stamp import stamped, worth
from p2pchat.ports import Entropy
from p2pchat.wire.cell import Cell, decode_cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY


class Stamps:
    """``bits``: the work that this mesh asks for; 0: none."""

    def __init__(self, bits: int, entropy: Entropy, counters: Counter[str]) -> None:
        self._bits = bits
        self._entropy = entropy
        self._counters = counters

    def add_stamp(self, cell: bytes) -> bytes:
        """A cell of our own with its stamp."""
        if not self._bits:
            return cell
        return encode_cell(stamped(decode_cell(cell), self._bits, self._entropy.draw_bytes(GEOMETRY.stamp)))

    def is_worth_it(self, cell: Cell) -> bool:
        """Whether a cell bears its stamp."""
        if not self._bits or worth(cell) >= self._bits:
            return True
        self._counters["cells refused: no stamp"] += 1
        return False

"""Stamps: a proof of work in a cell, for meshes that are open to strangers.

Knows: what a stamp is worth and how one is found. Does not know: what a mesh asks for.

A stamp of ``n`` bits makes BLAKE2b-64 of itself, keyed by the hash of all else in the cell, begin with ``n``
zero bits (hashcash, Back 2002): about 2^n hashes to find, two to check.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from p2pchat.wire.cell import Cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY

BITS_MAX = 20
"""About a second of one core; a mesh that asks for more keeps its own members out."""

_VALUE_BITS = 64


def worth(cell: Cell) -> int:
    """The bits of work in a cell's stamp, 0 to 64."""
    return _worth(_key(cell), cell.stamp)


def stamped(cell: Cell, bits: int, start: bytes) -> Cell:
    """The cell with a stamp worth at least ``bits`` (0 to ``BITS_MAX``), sought from ``start`` (8 random
    bytes) on.

    The time this takes is random, 2^bits × 0.7 µs on average (measured).
    """
    key, number = _key(cell), int.from_bytes(start, "big")
    while _worth(key, stamp := number.to_bytes(GEOMETRY.stamp, "big")) < bits:
        number = (number + 1) % (1 << 8 * GEOMETRY.stamp)
    return replace(cell, stamp=stamp)


def _key(cell: Cell) -> bytes:
    return blake2b(encode_cell(replace(cell, stamp=bytes(GEOMETRY.stamp))), digest_size=32).digest()


def _worth(key: bytes, stamp: bytes) -> int:
    value = int.from_bytes(blake2b(stamp, key=key, digest_size=_VALUE_BITS // 8).digest(), "big")
    return _VALUE_BITS - value.bit_length()

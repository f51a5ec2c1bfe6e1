"""A small seeded mutator, for machines without atheris and for the test suite.

It knows no format. It makes the mistakes that parsers of lengths and types are weak against: flipped bits,
edge values, cuts, repeats, splices of two inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

SIZE_MAX = 1 << 16
EDGES = (0x00, 0x01, 0x7F, 0x80, 0xC1, 0xD9, 0xDC, 0xDF, 0xFE, 0xFF)
"""Bytes at the borders of integers and of msgpack's types."""


def mutate(samples: Sequence[bytes], random: Random) -> bytes:
    """Return one of ``samples`` with one to eight mistakes in it."""
    data = bytearray(random.choice(samples))
    for _ in range(random.randint(1, 8)):
        _ruin(data, samples, random)
    return bytes(data[:SIZE_MAX])


def _ruin(data: bytearray, samples: Sequence[bytes], random: Random) -> None:
    """Make one mistake, in place."""
    at = random.randrange(len(data) + 1)
    span = slice(at, at + random.choice((1, 2, 4, 16)))
    match random.randrange(7):
        case 0 if at < len(data):
            data[at] ^= 1 << random.randrange(8)
        case 1 if at < len(data):
            data[at] = random.choice(EDGES)
        case 2:
            del data[span]
        case 3:
            data[at:at] = random.randbytes(random.randint(1, 4))
        case 4:
            data[at:at] = data[span]
        case 5:
            del data[at:]
        case _:
            other = random.choice(samples)
            data[at:] = other[random.randrange(len(other) + 1) :]

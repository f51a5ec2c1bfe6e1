"""A small seeded mutator, for machines without atheris and for the test suite.

It makes the mistakes that parsers of lengths and types are weak against: flipped bits, edge values, cuts,
repeats, splices of two inputs. Of an input that is one of our maps it also alters fields and writes the map
as it should be written, so that what lies behind the parser of the map is reached: all numbers, all times.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from random import Random

from p2pchat.errors import Malformed
from p2pchat.wire.codec import pack, unpack

SIZE_MAX = 1 << 16
EDGES = (0x00, 0x01, 0x7F, 0x80, 0xC1, 0xD9, 0xDC, 0xDF, 0xFE, 0xFF)
"""Bytes at the borders of integers and of msgpack's types."""


def mutate(samples: Sequence[bytes], random: Random) -> bytes:
    """Return one of ``samples`` with one to eight mistakes in it."""
    sample = random.choice(samples)
    if random.random() < 0.4:
        with suppress(Malformed):
            return alter_field(sample, random)
    data = bytearray(sample)
    for _ in range(random.randint(1, 8)):
        _ruin(data, samples, random)
    return bytes(data[:SIZE_MAX])


NUMBERS = (
    *(0, 1, 2, 127, 128, 255, 2**15, 2**16 - 1, 2**16, 2**31, 2**32 - 1, 2**32, 2**48, 2**63 - 1, 2**64 - 1),
    *(-1, -(2**31), -(2**63)),
    *(0.0, -0.0, 5e-324, 1e-9, 0.5, 1.0, 9.999, 86_400.0, 1.8e9, 253402300799.0, 2.0**53, 1e300, -1e-9, -1.0),
)
"""Edges of integers, spans and times."""


def alter_field(data: bytes, random: Random) -> bytes:
    """Return the map of ``data`` with one to three fields altered, most often numbers. Raises Malformed when
    it is no map."""
    fields = unpack(data, SIZE_MAX)
    if not isinstance(fields, dict) or not fields:
        raise Malformed("not a map")
    numbers = [key for key, value in fields.items() if isinstance(value, (int, float)) and key != "t"]
    for _ in range(random.randint(1, 3)):
        keys = numbers if numbers and random.random() < 0.7 else sorted(fields)
        fields[random.choice(keys)] = _other_value(random)
    return pack(fields)


def _other_value(random: Random) -> object:
    match random.randrange(8):
        case 0:
            return random.randbytes(random.choice((0, 1, 8, 16, 32, 1088)))
        case 1:
            return random.choice(("", "x", "é" * 40, "\x00", None, True, False, [], {}))
        case 2:
            return random.getrandbits(random.choice((8, 16, 32, 48, 64)))
        case _:
            return random.choice(NUMBERS)


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

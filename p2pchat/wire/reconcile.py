"""What neighbours say to each other to find, and fetch, what one of them lacks.

Knows: the messages. Does not know: how sets are compared, or who asks when.

Types 32 to 38 of a control frame. One of the two asks about intervals of keys (ASK). The other answers each
with the sketch of its keys (SUMMARY) or, where they are few, with the keys (LISTING); the first ASK perhaps
with SAME. The asker names what it lacks (WANT), and it comes (HELD). TURN hands the asking on.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final, assert_never

from p2pchat.errors import Malformed
from p2pchat.wire.codec import Reader
from p2pchat.wire.geometry import GEOMETRY

TYPES: Final = range(32, 39)

KEY_BYTES: Final = 8
"""A cell's key: the first half of its id."""

KEYS_MAX: Final = 128
"""Keys in one message: 1024 bytes of a body's 1120."""

TABLE_BYTES: Final = 1056
"""A sketch's table: what a body has room for."""

INTERVALS_MAX: Final = 16
"""Intervals in one ASK. The answers are so many frames: a quarter of a second of a bad link (60 a second)."""

DIGEST_BYTES: Final = 8

KEY_SPACE: Final = 2**64
"""Intervals are intervals of whole keys, so that any two keys can be told apart by cutting: cells whose keys
begin alike, made so on purpose, cost more questions and hide nothing."""

_U16: Final = 2**16 - 1
_U32: Final = 2**32 - 1
_INTERVAL: Final = struct.Struct(">QQ")

Interval = tuple[int, int]
"""From the first, up to but without the second, which is greater and at most ``KEY_SPACE``."""


@dataclass(frozen=True, slots=True)
class View:
    """Which part of their holds two neighbours compare; 32 bits each."""

    floor: int
    """Cells of this epoch and later: older ones are past their life for one of the two."""
    since: int
    """Cells first seen in this slot (Unix seconds // 60) and later: older ones were dropped by one of the
    two."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What do you have there?"""

    serial: int
    """Answers name it; 16 bits."""
    view: View
    intervals: tuple[Interval, ...]
    """1 to ``INTERVALS_MAX``, ascending, none overlapping."""
    digest: bytes = b""
    """Of the asker's sketch, if the one interval is that of all keys: the other may have the same."""


@dataclass(frozen=True, slots=True)
class Same:
    """The very same: there is nothing to do."""

    serial: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The sketch of what is there."""

    serial: int
    index: int
    """Of the interval in ASK."""
    view: View
    """What both have not dropped: at least as late as the asker's."""
    size: int
    """Keys summed up; 32 bits."""
    table: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """All that is there, at most ``KEYS_MAX``."""

    serial: int
    index: int
    view: View
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Want:
    """Send these cells, at most ``KEYS_MAX``."""

    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """One of them."""

    slot: int
    """When the sender first saw it; Unix seconds // 60, 32 bits."""
    cell: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """You lack something: ask now. ``last``: and do not hand the asking back."""

    last: bool


Reconciling = Ask | Same | Summary | Listing | Want | Held | Turn


def fields(message: Reconciling) -> dict[str, object]:
    """The message as a map, its type under ``t``. Raises ValueError on what would not be read."""
    match message:
        case Ask(serial, view, intervals, digest):
            joined = b"".join(_INTERVAL.pack(low, high - 1) for low, high in intervals)
            return {"t": 32, **_head(serial, view), "in": joined, "digest": digest}
        case Same(serial):
            return {"t": 33, "serial": serial}
        case Summary(serial, index, view, size, table):
            return {"t": 34, **_head(serial, view), "index": index, "size": size, "table": table}
        case Listing(serial, index, view, keys):
            return {"t": 35, **_head(serial, view), "index": index, "keys": _join(keys)}
        case Want(keys):
            return {"t": 36, "keys": _join(keys)}
        case Held(slot, cell):
            return {"t": 37, "slot": slot, "cell": cell}
        case Turn(last):
            return {"t": 38, "last": last}
    assert_never(message)


def read(kind: int, read: Reader) -> Reconciling:
    """Undo ``fields`` for a type in ``TYPES``. Raises Malformed."""
    match kind:
        case 32:
            return Ask(_serial(read), _view(read), _intervals(read), _digest(read))
        case 33:
            return Same(_serial(read))
        case 34:
            size, table = read.integer("size", 0, _U32), read.bytes("table", TABLE_BYTES)
            return Summary(_serial(read), _index(read), _view(read), size, table)
        case 35:
            return Listing(_serial(read), _index(read), _view(read), _keys(read))
        case 36:
            return Want(_keys(read))
        case 37:
            return Held(read.integer("slot", 0, _U32), read.bytes("cell", GEOMETRY.cell))
        case _:
            return Turn(read.flag("last"))


def _head(serial: int, view: View) -> dict[str, object]:
    return {"serial": serial, "floor": view.floor, "since": view.since}


def _serial(read: Reader) -> int:
    return read.integer("serial", 0, _U16)


def _index(read: Reader) -> int:
    return read.integer("index", 0, INTERVALS_MAX - 1)


def _view(read: Reader) -> View:
    return View(read.integer("floor", 0, _U32), read.integer("since", 0, _U32))


def _digest(read: Reader) -> bytes:
    digest = read.bytes("digest", limit=DIGEST_BYTES)
    if len(digest) not in (0, DIGEST_BYTES):
        raise Malformed("a part of a digest")
    return digest


def _intervals(read: Reader) -> tuple[Interval, ...]:
    joined = read.bytes("in", limit=INTERVALS_MAX * _INTERVAL.size)
    if not joined or len(joined) % _INTERVAL.size:
        raise Malformed("no interval, or a part of one")
    intervals = tuple((low, last + 1) for low, last in _INTERVAL.iter_unpack(joined))
    edges = [edge for interval in intervals for edge in interval]
    if edges != sorted(edges) or any(low == high for low, high in intervals):
        raise Malformed("intervals that overlap, or are none")
    return intervals


def _join(keys: tuple[bytes, ...]) -> bytes:
    if len(keys) > KEYS_MAX or any(len(key) != KEY_BYTES for key in keys):
        raise ValueError(f"{len(keys)} keys, or one that is not of {KEY_BYTES} bytes")
    return b"".join(keys)


def _keys(read: Reader) -> tuple[bytes, ...]:
    joined = read.bytes("keys", limit=KEYS_MAX * KEY_BYTES)
    if len(joined) % KEY_BYTES:
        raise Malformed("a part of a key")
    return tuple(joined[at : at + KEY_BYTES] for at in range(0, len(joined), KEY_BYTES))

"""The messages with which neighbours find and fetch the cells that one of them lacks (anti-entropy).

Knows: the messages. Does not know: how sets are compared, or when a node asks.

Types 32 to 38 of a control frame. One of the two asks about intervals of keys (ASK). The other answers each
with the sketch of its keys (SUMMARY) or, where they are few, with the keys (LISTING); the first ASK perhaps
with SAME. The asker names what it lacks (WANT), and it comes (HELD). TURN hands the asking on.
"""

from __future__ import annotations

import struct
from dataclasses import field
from typing import Final, assert_never, cast

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import CellKey, Epoch
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
class Horizon:
    """Which part of their holds two neighbours compare; 32 bits each."""

    floor: Epoch
    """Cells of this epoch and later: older ones are past their life for one of the two."""
    since: int
    """Cells first seen in this slot (Unix seconds // 60) and later: older ones were dropped by one of the
    two."""


@dataclass(frozen=True, slots=True)
class SketchRequest:
    """ASK: what do you hold in these intervals of keys?"""

    serial: int
    """Answers name it; 16 bits."""
    view: Horizon
    intervals: tuple[Interval, ...]
    """1 to ``INTERVALS_MAX``, ascending, none overlapping."""
    digest: bytes = b""
    """Of the asker's sketch, if the one interval is that of all keys: the other may have the same."""


@dataclass(frozen=True, slots=True)
class InSync:
    """SAME: both ends hold the same cells."""

    serial: int


@dataclass(frozen=True, slots=True)
class Summary:
    """SUMMARY: the sketch of the keys in one interval."""

    serial: int
    index: int
    """Of the interval in ASK."""
    view: Horizon
    """What both have not dropped: at least as late as the asker's."""
    size: int
    """Keys summed up; 32 bits."""
    table: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyList:
    """LISTING: all keys of one interval, at most ``KEYS_MAX``."""

    serial: int
    index: int
    view: Horizon
    keys: tuple[CellKey, ...]


@dataclass(frozen=True, slots=True)
class CellRequest:
    """WANT: send these cells, at most ``KEYS_MAX``."""

    keys: tuple[CellKey, ...]


@dataclass(frozen=True, slots=True)
class CellDelivery:
    """HELD: one cell that was asked for."""

    slot: int
    """When the sender first saw it; Unix seconds // 60, 32 bits."""
    cell: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RoleSwap:
    """TURN: you lack something, so ask now. ``last``: and do not hand the asking back."""

    last: bool


Reconciling = SketchRequest | InSync | Summary | KeyList | CellRequest | CellDelivery | RoleSwap


def fields(message: Reconciling) -> dict[str, object]:
    """The message as a map, its type under ``t``. Raises ValueError on what would not be read."""
    match message:
        case SketchRequest(serial, view, intervals, digest):
            joined = b"".join(_INTERVAL.pack(low, high - 1) for low, high in intervals)
            return {"t": 32, **_head(serial, view), "in": joined, "digest": digest}
        case InSync(serial):
            return {"t": 33, "serial": serial}
        case Summary(serial, index, view, size, table):
            return {"t": 34, **_head(serial, view), "index": index, "size": size, "table": table}
        case KeyList(serial, index, view, keys):
            return {"t": 35, **_head(serial, view), "index": index, "keys": _join(keys)}
        case CellRequest(keys):
            return {"t": 36, "keys": _join(keys)}
        case CellDelivery(slot, cell):
            return {"t": 37, "slot": slot, "cell": cell}
        case RoleSwap(last):
            return {"t": 38, "last": last}
    assert_never(message)


def read(kind: int, reader: Reader) -> Reconciling:
    """Undo ``fields`` for a type in ``TYPES``. Raises Malformed."""
    match kind:
        case 32:
            return SketchRequest(_serial(reader), _view(reader), _intervals(reader), _digest(reader))
        case 33:
            return InSync(_serial(reader))
        case 34:
            size, table = reader.get_integer("size", 0, _U32), reader.get_bytes("table", TABLE_BYTES)
            return Summary(_serial(reader), _index(reader), _view(reader), size, table)
        case 35:
            return KeyList(_serial(reader), _index(reader), _view(reader), _keys(reader))
        case 36:
            return CellRequest(_keys(reader))
        case 37:
            return CellDelivery(reader.get_integer("slot", 0, _U32), reader.get_bytes("cell", GEOMETRY.cell))
        case _:
            return RoleSwap(reader.get_flag("last"))


def _head(serial: int, view: Horizon) -> dict[str, object]:
    return {"serial": serial, "floor": view.floor, "since": view.since}


def _serial(reader: Reader) -> int:
    return reader.get_integer("serial", 0, _U16)


def _index(reader: Reader) -> int:
    return reader.get_integer("index", 0, INTERVALS_MAX - 1)


def _view(reader: Reader) -> Horizon:
    return Horizon(Epoch(reader.get_integer("floor", 0, _U32)), reader.get_integer("since", 0, _U32))


def _digest(reader: Reader) -> bytes:
    digest = reader.get_bytes("digest", limit=DIGEST_BYTES)
    if len(digest) not in (0, DIGEST_BYTES):
        raise Malformed("a part of a digest")
    return digest


def _intervals(reader: Reader) -> tuple[Interval, ...]:
    joined = reader.get_bytes("in", limit=INTERVALS_MAX * _INTERVAL.size)
    if not joined or len(joined) % _INTERVAL.size:
        raise Malformed("no interval, or a part of one")
    intervals = tuple((low, last + 1) for low, last in _INTERVAL.iter_unpack(joined))
    edges = [edge for interval in intervals for edge in interval]
    if edges != sorted(edges) or any(low == high for low, high in intervals):
        raise Malformed("intervals that overlap, or are none")
    return intervals


def _join(keys: tuple[CellKey, ...]) -> bytes:
    if len(keys) > KEYS_MAX or any(len(key) != KEY_BYTES for key in keys):
        raise ValueError(f"{len(keys)} keys, or one that is not of {KEY_BYTES} bytes")
    return b"".join(keys)


def _keys(reader: Reader) -> tuple[CellKey, ...]:
    joined = reader.get_bytes("keys", limit=KEYS_MAX * KEY_BYTES)
    if len(joined) % KEY_BYTES:
        raise Malformed("a part of a key")
    keys = tuple(joined[at : at + KEY_BYTES] for at in range(0, len(joined), KEY_BYTES))
    return cast("tuple[CellKey, ...]", keys)

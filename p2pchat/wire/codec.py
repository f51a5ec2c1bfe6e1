"""Strict msgpack: one encoding per value, a value or Malformed for any bytes.

Knows: the few types we let travel, their limits, padding. Does not know: any message.
"""

from __future__ import annotations

import math
from typing import Any, Final, TypeAlias

import msgpack  # type: ignore[import-untyped]

from p2pchat.errors import Malformed

DEPTH_MAX: Final = 8
"""Levels of nesting. No message of ours has more than three; the rest is room for later."""

LENGTH_BYTES: Final = 2

_Bytes: TypeAlias = bytes  # within Reader, ``bytes`` is the method


def pack(value: object) -> bytes:
    """Encode ``value`` with its maps in key order, so that equal values give equal bytes.

    Takes None, bool, 64-bit int, finite float, str, bytes, lists and tuples of them, and maps with str keys.
    Raises ValueError or OverflowError on anything else: a bug of the caller, never a peer's doing.
    """
    return bytes(msgpack.packb(_ordered(value, DEPTH_MAX), use_bin_type=True))


def unpack(data: bytes, limit: int) -> object:
    """Decode exactly what ``pack`` produces, in at most ``limit`` bytes. Raises Malformed on all else."""
    if len(data) > limit:
        raise Malformed(f"{len(data)} bytes where at most {limit} are allowed")
    try:
        value: object = msgpack.unpackb(data, raw=False, strict_map_key=True, max_ext_len=0)
        canonical = pack(value)
    except ValueError as error:  # msgpack's own errors and UnicodeDecodeError are ValueErrors
        raise Malformed("not valid msgpack") from error
    if canonical != data:
        raise Malformed("not the one encoding of its value")
    return value


def length_prefixed(data: bytes, size: int) -> bytes:
    """Return exactly ``size`` bytes: length (u16, big-endian), ``data``, zero bytes.

    Raises ValueError when that is too long.
    """
    space = size - LENGTH_BYTES
    if len(data) > min(space, 0xFFFF):
        raise ValueError(f"{len(data)} bytes do not fit into {space}")
    return len(data).to_bytes(LENGTH_BYTES, "big") + data.ljust(space, b"\0")


def strip_padding(data: bytes) -> bytes:
    """Undo ``length_prefixed``. Raises Malformed on a length past the end, or padding that is not zero."""
    if len(data) < LENGTH_BYTES:
        raise Malformed("no length")
    return unpad(data[LENGTH_BYTES:], int.from_bytes(data[:LENGTH_BYTES], "big"))


def unpad(padded: bytes, length: int) -> bytes:
    """Return the first ``length`` bytes. Raises Malformed if there are fewer, or if a later byte is not zero.

    Padding that could be anything would be a place to smuggle marks in.
    """
    if length > len(padded):
        raise Malformed("the length points past the end")
    if padded.count(0, length) != len(padded) - length:
        raise Malformed("padding that is not zero")
    return padded[:length]


class Reader:
    """Typed reading of one decoded map.

    Every method raises Malformed on what is absent, of another type or out of bounds. Keys that no method
    reads are ignored: later versions may add some.
    """

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise Malformed("not a map")
        self._map: dict[str, Any] = value

    def __contains__(self, key: str) -> bool:
        return key in self._map

    def get_bytes(self, key: str, size: int | None = None, *, limit: int | None = None) -> _Bytes:
        """Return bytes: exactly ``size``, or at most ``limit``, where given."""
        value = self._take(key)
        if not isinstance(value, _Bytes):
            raise Malformed(f"{key} is not bytes")
        if size is not None and len(value) != size:
            raise Malformed(f"{key} has {len(value)} bytes, not {size}")
        if limit is not None and len(value) > limit:
            raise Malformed(f"{key} has {len(value)} bytes, more than {limit}")
        return value

    def get_text(self, key: str, limit: int) -> str:
        """Return text of at most ``limit`` bytes of UTF-8."""
        return _text(key, self._take(key), limit)

    def get_integer(self, key: str, low: int, high: int) -> int:
        """Return an integer from ``low`` to ``high``, both allowed."""
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Malformed(f"{key} is not an integer from {low} to {high}")
        return value

    def get_float(self, key: str, low: float, high: float) -> float:
        """Return a float from ``low`` to ``high``, both allowed."""
        value = self._take(key)
        if not isinstance(value, float) or not low <= value <= high:
            raise Malformed(f"{key} is not a float from {low} to {high}")
        return value

    def get_flag(self, key: str) -> bool:
        """Return True or False; no other value counts as one of them."""
        value = self._take(key)
        if not isinstance(value, bool):
            raise Malformed(f"{key} is not a flag")
        return value

    def get_list(self, key: str, limit: int) -> list[Any]:
        """Return a list of at most ``limit`` items of any type."""
        value = self._take(key)
        if not isinstance(value, list) or len(value) > limit:
            raise Malformed(f"{key} is not a list of at most {limit}")
        return value

    def get_texts(self, key: str, limit: int, size: int) -> tuple[str, ...]:
        """A list of at most ``limit`` texts of at most ``each`` bytes of UTF-8."""
        return tuple(_text(key, item, size) for item in self.get_list(key, limit))

    def _take(self, key: str) -> Any:
        try:
            return self._map[key]
        except KeyError:
            raise Malformed(f"{key} is missing") from None


def _text(key: str, value: object, limit: int) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{key} is not text")
    if len(value.encode()) > limit:
        raise Malformed(f"{key} has more than {limit} bytes")
    return value


_PLAIN: Final = frozenset({type(None), bool, int, str, bytes})
"""They are as they are: most items of what is stored, at a third of the cost of a look at each."""


def _ordered(value: object, depth: int) -> object:
    """The same value with maps in key order; ValueError on what must not travel."""
    match value:
        case None | bool() | int() | str() | bytes():
            return value
        case float() if math.isfinite(value):
            return value
        case list() | tuple() if depth:
            return [item if type(item) in _PLAIN else _ordered(item, depth - 1) for item in value]
        case dict() if depth and all(isinstance(key, str) for key in value):
            return {key: _ordered(value[key], depth - 1) for key in sorted(value)}
        case _:
            raise ValueError(f"a {type(value).__name__} cannot travel here")

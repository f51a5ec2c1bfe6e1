"""What a backup holds: entries one after the other, and the padding behind them.

Knows: how an entry becomes bytes and bytes entries, by pieces; to which sizes a file is padded. Does not
know: what an entry means, keys, or files.

An entry is its length (4 bytes, big-endian) and a msgpack map with its kind under ``t``. A length of zero is
the end; all behind it is zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Final

from p2pchat.errors import Malformed
from p2pchat.wire.codec import Reader, pack, unpack

ENTRY_MAX: Final = 1 << 20
"""Bytes of one entry; the longest text takes a sixteenth of it."""

PADDED_MIN: Final = 256 * 1024
"""All that is smaller looks alike: a home with some hundred contacts and a few thousand lines."""

_LENGTH_BYTES: Final = 4
_KIND_MAX: Final = 2**16 - 1


class EntryKind(IntEnum):
    """What an entry is about. Those that a reader does not know it passes over."""

    HOME = 1
    MESH = 2
    CONTACT = 3
    SETTING = 4
    TRIED = 5
    FORGOTTEN = 6
    LINE = 7
    WAITING = 8
    END = 9
    REFERENCE = 10
    VERSION = 11
    WAITING_REFERENCE = 12


def encode_entry(kind: EntryKind, fields: Mapping[str, object]) -> bytes:
    """Encode one entry. Raises ValueError if it is too long."""
    body = pack({"t": int(kind), **fields})
    if len(body) > ENTRY_MAX:
        raise ValueError(f"an entry of {len(body)} bytes")
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class EntryStream:
    """Entries out of pieces of any size."""

    def __init__(self) -> None:
        self._left = bytearray()
        self._ended = False

    def take_piece(self, piece: bytes) -> Iterator[tuple[int, Reader]]:
        """The entries that are whole now: kind and fields. Raises Malformed."""
        self._left += piece
        while not self._ended and len(self._left) >= _LENGTH_BYTES:
            size = int.from_bytes(self._left[:_LENGTH_BYTES], "big")
            if size > ENTRY_MAX:
                raise Malformed(f"an entry of {size} bytes")
            if not size:
                self._ended = True
            elif len(self._left) >= _LENGTH_BYTES + size:
                body = bytes(self._left[_LENGTH_BYTES : _LENGTH_BYTES + size])
                del self._left[: _LENGTH_BYTES + size]
                read = Reader(unpack(body, ENTRY_MAX))
                yield read.get_integer("t", 0, _KIND_MAX), read
            else:
                break
        if self._ended:
            if self._left.count(0) != len(self._left):
                raise Malformed("something behind the end")
            self._left.clear()

    def check_end(self) -> None:
        """Nothing follows. Raises Malformed where an entry is half there."""
        if self._left:
            raise Malformed("half an entry at the end")


def padded_size(size: int) -> int:
    """Return the padded size of so many bytes: Padmé (Nikitin and others 2019). A padded size shows only the
    first few bits of the true one. It adds 3.1 % at most, and at 5 GB 0.7 % on average."""
    size = max(size, PADDED_MIN)
    exponent = size.bit_length() - 1
    hidden = exponent - exponent.bit_length()
    return (size + (1 << hidden) - 1) >> hidden << hidden

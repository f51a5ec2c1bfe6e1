"""How neighbours that are contacts show it to each other.

Knows: the message. Does not know: how marks are made, or whose they are.

Type 56 of a control frame.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.wire.codec import Reader

TYPES: Final = range(56, 57)

MARK_BYTES: Final = 16
NONCE_BYTES: Final = 16

MARKS: Final = 63
"""Marks in a message, always: with random ones among them it does not say how many contacts there are. A
node with more draws some of them."""


@dataclass(frozen=True, slots=True)
class Marks:
    """One of the marks may be known to its reader. Raises Malformed on another number or size."""

    nonce: bytes
    """Random: the marks of one message are in no other."""
    marks: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.nonce) != NONCE_BYTES or len(self.marks) != MARKS:
            raise Malformed("another number of marks, or a nonce of another size")
        if any(len(mark) != MARK_BYTES for mark in self.marks):
            raise Malformed("a mark of another size")


def fields(message: Marks) -> dict[str, object]:
    """The message as a map, its type under ``t``."""
    return {"t": 56, "nonce": message.nonce, "marks": b"".join(message.marks)}


def read(_kind: int, reader: Reader) -> Marks:
    """Undo ``fields``. Raises Malformed."""
    marks = reader.get_bytes("marks", limit=MARKS * MARK_BYTES)
    split = tuple(marks[at : at + MARK_BYTES] for at in range(0, len(marks), MARK_BYTES))
    return Marks(reader.get_bytes("nonce", limit=NONCE_BYTES), split)

"""How neighbours who are contacts show it to each other.

Knows: the message. Does not know: how marks are made, or whose they are.

Type 56 of a control frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from p2pchat.errors import Malformed
from p2pchat.wire.codec import Reader

TYPES: Final = range(56, 57)

MARK_BYTES: Final = 16

MARKS: Final = 64
"""Marks in a message, always: with random ones among them it does not say how many contacts there are. Who
has more takes some by lot."""


@dataclass(frozen=True, slots=True)
class Marks:
    """One of the marks may be known to its reader. Raises Malformed on another number or size."""

    marks: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.marks) != MARKS or any(len(mark) != MARK_BYTES for mark in self.marks):
            raise Malformed("marks of another number or size")


def fields(message: Marks) -> dict[str, object]:
    """The message as a map, its type under ``t``."""
    return {"t": 56, "marks": b"".join(message.marks)}


def read(_kind: int, read: Reader) -> Marks:
    """Undo ``fields``. Raises Malformed."""
    marks = read.bytes("marks", limit=MARKS * MARK_BYTES)
    return Marks(tuple(marks[at : at + MARK_BYTES] for at in range(0, len(marks), MARK_BYTES)))

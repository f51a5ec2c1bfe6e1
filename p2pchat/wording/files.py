"""The texts about files.

Knows: what a person reads of a file's state. Does not know: where it is shown.
"""

from __future__ import annotations

from typing import Final

from p2pchat.control.files import FileInfo
from p2pchat.text import harmless_name

FILE_SHOWN: Final = 8
"""Hexadecimal digits of a file's id that are shown."""

CELL_BYTES: Final = 800
"""Of a file, in one cell."""

_UNITS: Final = ("bytes", "kB", "MB", "GB")

_THEIRS: Final = {
    "offered": "{contact} offers {file}; to take it: p2pchat files accept {id}",
    "whole": "{file} of {contact} is here; to save it: p2pchat files save {id} DIR",
    "cancelled": "the transfer of {file} of {contact} was cancelled",
    "wrong": "what {contact} sent is not {file} as it was offered; it was dropped",
    "lost": "{contact} does not have {file} any more",
    "expired": "{file} of {contact} was given up",
}
_OURS: Final = {
    "accepted": "{contact} takes {file}; it is on its way",
    "whole": "{contact} has {file}",
    "declined": "{contact} declined {file}",
    "cancelled": "the transfer of {file} to {contact} was cancelled",
    "wrong": "what came to {contact} is not {file} as it was offered",
    "lost": "the copy of {file} for {contact} is damaged; send it again",
    "full": "{contact} has no room for {file}",
    "expired": "{contact} did not take {file} within two weeks",
}


def size_words(size: int) -> str:
    """``300 kB``."""
    amount, unit = float(size), 0
    while amount >= 1000 and unit + 1 < len(_UNITS):
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 or amount >= 100 else f"{amount:.2g} {_UNITS[unit]}"


def file_words(file: FileInfo) -> str:
    """``report.pdf (300 kB)``."""
    return f"{harmless_name(file.name)} ({size_words(file.size)})"


def file_line(file: FileInfo) -> str | None:
    """The sentence about the state of a file; None where there is nothing to say."""
    words = (_OURS if file.outgoing else _THEIRS).get(file.state)
    if words is None:
        return None
    contact = harmless_name(file.contact)
    return words.format(contact=contact, file=file_words(file), id=file.id[:FILE_SHOWN])


def mesh_question(name: str, size: int) -> str:
    """What sending a file through the mesh means."""
    cells = -(-size // CELL_BYTES) or 1
    return (
        f"{harmless_name(name)} ({size_words(size)}) goes through the mesh in about {cells} cells, at the"
        f" pace of your cover traffic: {_duration(cells)} with the profile balanced. All members relay and"
        " keep them, and who sees many cells of one writer learns where they come from."
    )


def _duration(cells: int) -> str:
    minutes = cells / 2.25 / 60
    return f"{minutes:.0f} minutes" if minutes >= 2 else "less than two minutes"

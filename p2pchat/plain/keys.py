"""What a terminal sends, as keys.

Knows: the sequences of ECMA-48, and the keys of Emacs that shells have. Does not know: what is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_KEY: Final = re.compile(
    r"\x1b\[200~(?P<paste>.*?)\x1b\[201~"
    r"|\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[\rbf])|\x1b|(?P<text>[^\x00-\x1f\x7f]+)|.",
    re.DOTALL,
)
_UNFINISHED: Final = re.compile(r"\x1b(?:\[(?:[0-?]*|200~(?:(?!\x1b\[201~).)*)|O)?\Z", re.DOTALL)

LEAVE: Final = "\x04"
SUSPEND: Final = "\x1a"
REDRAW: Final = "\x0c"

TEXT: Final = "text"
"""The action of letters, typed or pasted."""

ACTIONS: Final = {
    "\r": "enter",
    "\n": "insert_newline",
    "\x1b\r": "insert_newline",
    "\t": "complete",
    "\x7f": "delete_before",
    "\x08": "delete_before",
    "\x1b[3~": "delete_after",
    LEAVE: "delete_after",
    "\x1b[D": "move_left",
    "\x1bOD": "move_left",
    "\x02": "move_left",
    "\x1b[C": "move_right",
    "\x1bOC": "move_right",
    "\x06": "move_right",
    "\x1bb": "move_word_left",
    "\x1b[1;5D": "move_word_left",
    "\x1bf": "move_word_right",
    "\x1b[1;5C": "move_word_right",
    "\x1b[H": "move_to_start",
    "\x1bOH": "move_to_start",
    "\x1b[1~": "move_to_start",
    "\x01": "move_to_start",
    "\x1b[F": "move_to_end",
    "\x1bOF": "move_to_end",
    "\x1b[4~": "move_to_end",
    "\x05": "move_to_end",
    "\x1b[A": "previous_line",
    "\x1bOA": "previous_line",
    "\x10": "previous_line",
    "\x1b[B": "next_line",
    "\x1bOB": "next_line",
    "\x0e": "next_line",
    "\x15": "cut_before",
    "\x0b": "cut_after",
    "\x17": "cut_word",
    "\x03": "clear_line",
}
"""What each key does to a line."""


class KeyPress(NamedTuple):
    """One key: what it does, empty for a key that does nothing, and the text that was sent."""

    action: str
    text: str


class KeyReader:
    """Cuts what a terminal sends into keys."""

    def __init__(self) -> None:
        self._rest = ""

    def read_keys(self, data: str) -> Iterator[KeyPress]:
        """Yield the keys; the beginning of a key waits for its rest."""
        data, self._rest = self._rest + data, ""
        if unfinished := _UNFINISHED.search(data):
            data, self._rest = data[: unfinished.start()], unfinished.group()
        for found in _KEY.finditer(data):
            if found["paste"] is not None:
                yield KeyPress(TEXT, found["paste"].replace("\r", "\n"))
            elif found["text"] is not None:
                yield KeyPress(TEXT, found["text"])
            else:
                yield KeyPress(ACTIONS.get(found[0], ""), found[0])

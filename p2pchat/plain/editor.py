"""One line that is being written: what keys do to it, and how it looks in a row.

Knows: the keys that terminals send (ECMA-48, and those of Emacs that shells have). Does not know: terminals.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from rich.cells import split_graphemes

from p2pchat.chat.widths import cut, room
from p2pchat.text import one_line

REMEMBERED: Final = 100
"""Lines written before that can be had again."""

Complete = Callable[[str], list[str]]
"""What a line may become."""

_KEY: Final = re.compile(
    r"\x1b\[200~(?P<paste>.*?)\x1b\[201~"
    r"|\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[\rbf])|\x1b|(?P<text>[^\x00-\x1f\x7f]+)|.",
    re.DOTALL,
)
_UNFINISHED: Final = re.compile(r"\x1b(?:\[(?:[0-?]*|200~(?:(?!\x1b\[201~).)*)|O)?\Z", re.DOTALL)

_NAMES: Final = {
    "\n": "newline",
    "\x1b\r": "newline",
    "\t": "take_offer",
    "\x7f": "rub",
    "\x08": "rub",
    "\x1b[3~": "delete",
    "\x04": "delete",
    "\x1b[D": "left",
    "\x1bOD": "left",
    "\x02": "left",
    "\x1b[C": "right",
    "\x1bOC": "right",
    "\x06": "right",
    "\x1bb": "word_left",
    "\x1b[1;5D": "word_left",
    "\x1bf": "word_right",
    "\x1b[1;5C": "word_right",
    "\x1b[H": "begin",
    "\x1bOH": "begin",
    "\x1b[1~": "begin",
    "\x01": "begin",
    "\x1b[F": "end",
    "\x1bOF": "end",
    "\x1b[4~": "end",
    "\x05": "end",
    "\x1b[A": "earlier",
    "\x1bOA": "earlier",
    "\x10": "earlier",
    "\x1b[B": "later",
    "\x1bOB": "later",
    "\x0e": "later",
    "\x15": "cut_before",
    "\x0b": "cut_after",
    "\x17": "cut_word",
    "\x03": "clear",
}

_WORD: Final = re.compile(r"\s*\S*")

LEAVE: Final = "\x04"
SUSPEND: Final = "\x1a"
REDRAW: Final = "\x0c"


@dataclass(slots=True)
class KeyResult:
    """What keys have led to, beside another line: lines that are ready, or a wish."""

    lines: list[str] = field(default_factory=list)
    wishes: list[str] = field(default_factory=list)
    """``LEAVE``, ``SUSPEND`` or ``REDRAW``, in the order of the keys."""


class LineEditor:
    """The line, and the place in it where the next letter goes."""

    def __init__(self, complete: Complete) -> None:
        self.text = ""
        self.place = 0
        self._complete = complete
        self._rest = ""
        self._before: list[str] = []
        self._at = 0
        self._kept = ""
        self._offers: list[str] = []

    def take_keys(self, keys: str) -> KeyResult:
        """Take what came from a terminal; what is no whole key yet waits for its rest."""
        keys, self._rest = self._rest + keys, ""
        if unfinished := _UNFINISHED.search(keys):
            keys, self._rest = keys[: unfinished.start()], unfinished.group()
        typed = KeyResult()
        for key in _KEY.finditer(keys):
            self._take_key(key, typed)
        return typed

    def put_back(self, text: str) -> bool:
        """Have a text to go on writing at, unless something else was begun."""
        if self.text:
            return False
        self._set(text)
        return True

    def _take_key(self, key: re.Match[str], typed: KeyResult) -> None:
        if key["paste"] is not None or key["text"] is not None:
            self._insert(key["paste"].replace("\r", "\n") if key["paste"] is not None else key["text"])
        elif key[0] in (SUSPEND, REDRAW) or (key[0] == LEAVE and not self.text):
            typed.wishes.append(key[0])
        elif key[0] == "\r":
            self._enter(typed)
        elif name := _NAMES.get(key[0]):
            getattr(self, f"_{name}")()
        if key[0] != "\t":
            self._offers = []

    # --- what keys do

    def _enter(self, typed: KeyResult) -> None:
        if self.text[: self.place].endswith("\\"):
            self._rub()
            self._newline()
        elif self.text.strip():
            typed.lines.append(self.text)
            self._clear()

    def _insert(self, text: str) -> None:
        self.text = self.text[: self.place] + text + self.text[self.place :]
        self.place += len(text)

    def _newline(self) -> None:
        self._insert("\n")

    def _rub(self) -> None:
        self._cut(self._step(-1), self.place)

    def _delete(self) -> None:
        self._cut(self.place, self._step(1))

    def _cut(self, begin: int, end: int) -> None:
        self.text, self.place = self.text[:begin] + self.text[end:], begin

    def _cut_before(self) -> None:
        self._cut(0, self.place)

    def _cut_after(self) -> None:
        self._cut(self.place, len(self.text))

    def _cut_word(self) -> None:
        self._cut(self._word_before(), self.place)

    def _left(self) -> None:
        self.place = self._step(-1)

    def _right(self) -> None:
        self.place = self._step(1)

    def _word_left(self) -> None:
        self.place = self._word_before()

    def _word_right(self) -> None:
        word = _WORD.match(self.text, self.place)
        self.place = word.end() if word is not None else self.place

    def _begin(self) -> None:
        self.place = 0

    def _end(self) -> None:
        self.place = len(self.text)

    def _clear(self) -> None:
        """Away with the line; Up brings it back."""
        if self.text.strip() and self._before[-1:] != [self.text]:
            self._before = [*self._before, self.text][-REMEMBERED:]
        self._at, self._kept = len(self._before), ""
        self._set("")

    def _earlier(self) -> None:
        self._take_earlier(self._at - 1)

    def _later(self) -> None:
        self._take_earlier(self._at + 1)

    def _take_earlier(self, at: int) -> None:
        if 0 <= at <= len(self._before):
            if self._at == len(self._before):
                self._kept = self.text
            self._at = at
            self._set(self._before[at] if at < len(self._before) else self._kept)

    def _take_offer(self) -> None:
        """The next of what the line may become."""
        if self.text not in self._offers:
            self._offers = self._complete(self.text)
            following = 0
        else:
            following = (self._offers.index(self.text) + 1) % len(self._offers)
        if self._offers:
            self._set(self._offers[following])

    def _set(self, text: str) -> None:
        self.text, self.place = text, len(text)

    # --- where they do it

    def _step(self, by: int) -> int:
        """The next place to the left or right between letters that belong together."""
        places = [0, *(end for _, end, _ in split_graphemes(self.text)[0])]
        if by < 0:
            return max((place for place in places if place < self.place), default=0)
        return min((place for place in places if place > self.place), default=len(self.text))

    def _word_before(self) -> int:
        before = self.text[: self.place].rstrip()
        return max(before.rfind(" "), before.rfind("\n")) + 1

    # --- how it looks

    def draw_row(self, prompt: str, width: int) -> tuple[str, int]:
        """The line in a row of at most ``width`` columns with the place in sight, and its column."""
        free = max(1, width - room(prompt) - 1)
        before, after = (one_line(part) for part in (self.text[: self.place], self.text[self.place :]))
        while room(before) > free:
            before = before[max(1, (room(before) - free) // 2) :]
        return prompt + before + cut(after, max(0, free - room(before))), room(prompt) + room(before)

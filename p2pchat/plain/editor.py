"""What keys do to the line that is being written.

Knows: which key changes the buffer, and which leads elsewhere. Does not know: terminals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from p2pchat.data import dataclass
from p2pchat.plain.edit_buffer import EditBuffer
from p2pchat.plain.input_history import InputHistory
from p2pchat.plain.keys import LEAVE, REDRAW, SUSPEND, TEXT, KeyPress, KeyReader

Complete = Callable[[str], list[str]]
"""What a line may become."""


@dataclass(slots=True)
class KeyResult:
    """What keys have led to, beside another line: lines that are ready, or a wish."""

    lines: list[str] = field(default_factory=list)
    wishes: list[str] = field(default_factory=list)
    """``LEAVE``, ``SUSPEND`` or ``REDRAW``, in the order of the keys."""


class LineEditor:
    """A buffer, the lines before it, and what it may become."""

    def __init__(self, complete: Complete) -> None:
        self.buffer = buffer = EditBuffer()
        self._complete = complete
        self._keys = KeyReader()
        self._history = InputHistory()
        self._offers: list[str] = []
        self._actions: dict[str, Callable[[], None]] = {
            "insert_newline": buffer.insert_newline,
            "delete_before": buffer.delete_before,
            "delete_after": buffer.delete_after,
            "cut_before": buffer.cut_before,
            "cut_after": buffer.cut_after,
            "cut_word": buffer.cut_word,
            "move_left": buffer.move_left,
            "move_right": buffer.move_right,
            "move_word_left": buffer.move_word_left,
            "move_word_right": buffer.move_word_right,
            "move_to_start": buffer.move_to_start,
            "move_to_end": buffer.move_to_end,
            "previous_line": lambda: self._recover(self._history.step_back(buffer.text)),
            "next_line": lambda: self._recover(self._history.step_forward(buffer.text)),
            "complete": self._take_offer,
            "clear_line": self._clear_line,
        }

    @property
    def text(self) -> str:
        """What was written so far."""
        return self.buffer.text

    def take_keys(self, data: str) -> KeyResult:
        """Take what came from a terminal; the beginning of a key waits for its rest."""
        typed = KeyResult()
        for key in self._keys.read_keys(data):
            self._take_key(key, typed)
        return typed

    def put_back(self, text: str) -> bool:
        """Have a text to go on writing at, unless something else was begun."""
        if self.text:
            return False
        self.buffer.set_text(text)
        return True

    def _take_key(self, key: KeyPress, typed: KeyResult) -> None:
        if key.action == TEXT:
            self.buffer.insert_text(key.text)
        elif key.text in (SUSPEND, REDRAW) or (key.text == LEAVE and not self.text):
            typed.wishes.append(key.text)
        elif key.action == "enter":
            self._enter(typed)
        elif key.action:
            self._actions[key.action]()
        if key.action != "complete":
            self._offers = []

    def _enter(self, typed: KeyResult) -> None:
        """Give the line away; a backslash before the place begins a new line instead."""
        if self.text[: self.buffer.place].endswith("\\"):
            self.buffer.delete_before()
            self.buffer.insert_newline()
        elif self.text.strip():
            typed.lines.append(self.text)
            self._clear_line()

    def _clear_line(self) -> None:
        """Begin a new line; Up brings this one back."""
        self._history.add_line(self.text)
        self.buffer.set_text("")

    def _recover(self, line: str | None) -> None:
        if line is not None:
            self.buffer.set_text(line)

    def _take_offer(self) -> None:
        """Take the next of what the line may become."""
        if self.text not in self._offers:
            self._offers = self._complete(self.text)
            following = 0
        else:
            following = (self._offers.index(self.text) + 1) % len(self._offers)
        if self._offers:
            self.buffer.set_text(self._offers[following])

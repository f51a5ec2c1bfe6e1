"""The text that is being written, and the place in it where the next letter goes.

Knows: letters that belong together, words. Does not know: keys, or the terminal.
"""

from __future__ import annotations

import re
from typing import Final

from rich.cells import split_graphemes

from p2pchat.chat.widths import count_columns, cut
from p2pchat.text import one_line

_WORD: Final = re.compile(r"\s*\S*")


class EditBuffer:
    """One line, which may have line breaks."""

    def __init__(self) -> None:
        self.text = ""
        self.place = 0

    def set_text(self, text: str) -> None:
        """Have this text, with the place at its end."""
        self.text, self.place = text, len(text)

    # --- changes

    def insert_text(self, text: str) -> None:
        self.text = self.text[: self.place] + text + self.text[self.place :]
        self.place += len(text)

    def insert_newline(self) -> None:
        self.insert_text("\n")

    def delete_before(self) -> None:
        """Delete the letter before the place."""
        self._cut(self._step(-1), self.place)

    def delete_after(self) -> None:
        """Delete the letter behind the place."""
        self._cut(self.place, self._step(1))

    def cut_before(self) -> None:
        """Delete all before the place."""
        self._cut(0, self.place)

    def cut_after(self) -> None:
        """Delete all behind the place."""
        self._cut(self.place, len(self.text))

    def cut_word(self) -> None:
        """Delete the word before the place."""
        self._cut(self._word_before(), self.place)

    def _cut(self, begin: int, end: int) -> None:
        self.text, self.place = self.text[:begin] + self.text[end:], begin

    # --- movements

    def move_left(self) -> None:
        self.place = self._step(-1)

    def move_right(self) -> None:
        self.place = self._step(1)

    def move_word_left(self) -> None:
        self.place = self._word_before()

    def move_word_right(self) -> None:
        word = _WORD.match(self.text, self.place)
        self.place = word.end() if word is not None else self.place

    def move_to_start(self) -> None:
        self.place = 0

    def move_to_end(self) -> None:
        self.place = len(self.text)

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
        """Draw the line in a row of at most ``width`` columns with the place in sight; return the row and the
        column of the place."""
        free = max(1, width - count_columns(prompt) - 1)
        before, after = (one_line(part) for part in (self.text[: self.place], self.text[self.place :]))
        while count_columns(before) > free:
            before = before[max(1, (count_columns(before) - free) // 2) :]
        return prompt + before + cut(after, max(0, free - count_columns(before))), count_columns(
            prompt
        ) + count_columns(before)

"""Lines that were written before, and where in them a person has gone back to.

Knows: their order. Does not know: keys, or how a line is sent.
"""

from __future__ import annotations

from typing import Final

REMEMBERED: Final = 100
"""Lines written before that can be had again."""


class InputHistory:
    """The last lines, and the unfinished line from before the person went back."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._at = 0
        self._begun = ""

    def add_line(self, text: str) -> None:
        """Keep a line, unless it is blank or the same as the last; stand behind all lines."""
        if text.strip() and self._lines[-1:] != [text]:
            self._lines = [*self._lines, text][-REMEMBERED:]
        self._at, self._begun = len(self._lines), ""

    def step_back(self, current: str) -> str | None:
        """Return the line before, if there is one; ``current`` is kept."""
        return self._step_to(self._at - 1, current)

    def step_forward(self, current: str) -> str | None:
        """Return the next line, at last the one that was begun, if there is one."""
        return self._step_to(self._at + 1, current)

    def _step_to(self, at: int, current: str) -> str | None:
        if not 0 <= at <= len(self._lines):
            return None
        if self._at == len(self._lines):
            self._begun = current
        self._at = at
        return self._lines[at] if at < len(self._lines) else self._begun

"""What a terminal would show: enough of one for programs that draw lines, move about and erase.

Knows: the escape sequences of ECMA-48 that a chat in lines uses. Does not know: colours, or how wide
characters are unless it is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_TOKEN: Final = re.compile(
    r"\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()].|\x1b.|(?P<character>.)",
    re.DOTALL,
)
_UNFINISHED: Final = re.compile(r"\x1b(\[[0-?]*|\][^\x07\x1b]*\x1b?|[()])?\Z")


class Screen:
    """Lines by columns; what scrolls away is kept."""

    def __init__(
        self, rows: int = 24, columns: int = 80, width: Callable[[str, str], int] = lambda before, new: 1
    ) -> None:
        """``width``: the columns that a character takes after what is in the cell before it."""
        self._columns = columns
        self._width = width
        self._lines = [[" "] * columns for _ in range(rows)]
        self._gone: list[str] = []
        self._row = self._column = 0
        self._rest = ""
        self.answers = ""
        """What a terminal would answer. The program's caller types it and clears it."""

    @property
    def text(self) -> str:
        """All lines, those that scrolled away first, without the blanks at their ends."""
        return "\n".join([*self._gone, *("".join(line).rstrip() for line in self._lines)])

    @property
    def cells(self) -> list[list[str]]:
        """What stands in each cell of each line; nothing in the second of a wide character."""
        return self._lines

    def feed(self, text: str) -> None:
        """Obey what a program wrote."""
        text, self._rest = self._rest + text, ""
        if unfinished := _UNFINISHED.search(text):
            text, self._rest = text[: unfinished.start()], unfinished.group()
        for token in _TOKEN.finditer(text):
            if token["final"]:
                self._control(token["final"], token["parameters"])
            elif token["character"]:
                self._put(token["character"])

    def _put(self, character: str) -> None:
        match character:
            case "\n":
                self._down()
            case "\r":
                self._column = 0
            case "\b":
                self._column = max(0, self._column - 1)
            case _ if character >= " ":
                self._draw(character)

    def _draw(self, character: str) -> None:
        before = self._column - 1
        while before > 0 and not self._lines[self._row][before]:
            before -= 1
        width = self._width(self._lines[self._row][before] if before >= 0 else "", character)
        if not width:
            self._lines[self._row][max(0, before)] += character
            return
        if self._column + width > self._columns:
            self._column = 0
            self._down()
        self._lines[self._row][self._column : self._column + width] = [character] + [""] * (width - 1)
        self._column += width

    def _down(self) -> None:
        if self._row < len(self._lines) - 1:
            self._row += 1
            return
        self._gone.append("".join(self._lines.pop(0)).rstrip())
        self._lines.append([" "] * self._columns)

    def _control(self, final: str, parameters: str) -> None:
        numbers = [int(each) for each in re.findall(r"\d+", parameters)]
        count = max(1, numbers[0] if numbers else 1)
        match final:
            case "A":
                self._row = max(0, self._row - count)
            case "B":
                self._row = min(len(self._lines) - 1, self._row + count)
            case "C":
                self._column = min(self._columns - 1, self._column + count)
            case "D":
                self._column = max(0, self._column - count)
            case "H":
                row, column = (each - 1 for each in (*numbers, 1, 1)[:2])
                self._row, self._column = min(row, len(self._lines) - 1), min(column, self._columns - 1)
            case "K":
                self._lines[self._row][self._column :] = " " * (self._columns - self._column)
            case "J":
                self._erase(whole=numbers[:1] == [2])
            case "n":
                self.answers += f"\x1b[{self._row + 1};{self._column + 1}R"

    def _erase(self, whole: bool) -> None:
        if not whole:
            self._lines[self._row][self._column :] = " " * (self._columns - self._column)
        for line in self._lines[0 if whole else self._row + 1 :]:
            line[:] = " " * self._columns

"""Lines and labels on a grid of characters.

Knows: dots of Braille, eight to a character. Does not know: what is drawn.
"""

from __future__ import annotations

from typing import Final

from rich.text import Text

ACROSS: Final = 2
DOWN: Final = 4
"""Dots in a character."""

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BRAILLE: Final = 0x2800

Point = tuple[int, int]
"""Column and row of a character."""


class Canvas:
    """``width`` by ``height`` characters. What is drawn later lies on top."""

    def __init__(self, width: int, height: int, *, ascii_only: bool = False) -> None:
        self._width = width
        self._height = height
        self._ascii_only = ascii_only
        self._dots: dict[Point, int] = {}
        self._letters: dict[Point, str] = {}
        self._styles: dict[Point, str] = {}

    def draw_line(self, start: Point, end: Point, style: str, *, every: int = 1) -> None:
        """Join the middles of two characters; ``every`` 3 sets each third dot only."""
        x0, y0 = start[0] * ACROSS, start[1] * DOWN + 2
        x1, y1 = end[0] * ACROSS, end[1] * DOWN + 2
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(0, steps + 1, every):
            self._dot(x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps), style)

    def draw_label(self, middle: Point, text: str, style: str) -> None:
        """Write ``text`` around a character."""
        left = min(max(0, middle[0] - len(text) // 2), self._width - len(text))
        for offset, letter in enumerate(text):
            at = (left + offset, middle[1])
            self._letters[at], self._styles[at] = letter, style

    def to_text(self) -> Text:
        """The whole, line by line."""
        drawn = Text(no_wrap=True)
        for y in range(self._height):
            for x in range(self._width):
                drawn.append(self._character((x, y)), self._styles.get((x, y), ""))
            drawn.append("\n" if y < self._height - 1 else "")
        return drawn

    def _dot(self, x: int, y: int, style: str) -> None:
        at = (x // ACROSS, y // DOWN)
        self._dots[at] = self._dots.get(at, 0) | _DOTS[y % DOWN][x % ACROSS]
        self._styles[at] = style

    def _character(self, at: Point) -> str:
        if letter := self._letters.get(at):
            return letter
        dots = self._dots.get(at, 0)
        if not dots:
            return " "
        return "." if self._ascii_only else chr(_BRAILLE + dots)

"""The screen of a terminal whose locale has no Unicode: frames, bars and marks in ASCII.

Knows: which of our own signs ASCII stands in for. Does not know: where they are drawn. What people wrote is
left as it is, but for these signs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final, TypeVar

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from p2pchat.wording.signs import ASCII, UNICODE, signs

R = TypeVar("R")

_MARKS: Final = {
    one: other
    for state, shown in UNICODE.marks.items()
    for one, other in zip(shown, ASCII.marks[state], strict=True)
}
_DOTS: Final = {UNICODE.dots[here]: ASCII.dots[here] for here in UNICODE.dots}
_FRAMES: Final = {
    **dict.fromkeys("─━┄┅┈┉╌╍═╴╶╸╺▔▁▂▀▄🭶🭻", "-"),
    **dict.fromkeys("│┃┆┇┊┋╎╏║╵╷╹╻▏▎▍▌▋▊▉▐▕█", "|"),
    **{chr(corner): "+" for corner in range(0x250C, 0x254C)},
    **{chr(corner): "+" for corner in range(0x2552, 0x2571)},
}
_OTHERS: Final = dict(zip("↓↑←→✎▶▼▲◀•—–’‘“”▸", "v^<>*>v^<*--''\"\">", strict=True))  # noqa: RUF001

SIGNS: Final = str.maketrans({**_FRAMES, **_MARKS, **_DOTS, **_OTHERS, UNICODE.sending: ASCII.sending})
"""Each of one column, as what it stands for."""


class InAscii(LineFilter):
    """Draws each of our signs as one of ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, each as wide as before."""
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(SIGNS), *segment[1:])
            for segment in segments
        ]


class Legible(App[R]):
    """A program that draws no sign that its terminal cannot show."""

    def __init__(self) -> None:
        super().__init__()
        narrow = signs(os.environ, sys.stdout.encoding or "") is ASCII
        self._legible = (InAscii(),) if narrow else ()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What Textual has, and ours."""
        return (*super().get_line_filters(), *self._legible)

"""A picture as text, for displays of plain lines.

Knows: rich's console. Does not know: any picture.
"""

from __future__ import annotations

import io
import shutil
from typing import Final

from rich.console import Console, RenderableType

WIDTH_MAX: Final = 100


def terminal_width() -> int:
    """Columns of the terminal, up to a readable width; 80 without a terminal."""
    return min(shutil.get_terminal_size((80, 24)).columns, WIDTH_MAX)


def drawn_text(picture: RenderableType, width: int, *, coloured: bool = False) -> str:
    """The picture as text of that width."""
    text = io.StringIO()
    console = Console(
        file=text,
        width=width,
        force_terminal=coloured,
        no_color=not coloured,
        color_system="standard" if coloured else None,
        highlight=False,
    )
    console.print(picture)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip("\n").split("\n"))

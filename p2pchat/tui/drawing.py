"""Keeps every part of the screen in its columns, even if the terminal draws a text wider or narrower.

Knows: how Textual writes a line. Does not know: the contents of a line.

Textual writes the parts of a line one after another, and where the terminal's widths are not Textual's all
that follows is shifted, or what was there before is left standing.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from textual import _compositor
from textual.strip import Strip

from p2pchat.chat.widths import certain


def drawn(strip: Strip, x: int, y: int, console: Console) -> str:
    """What draws a part of a line from the column ``x`` of the line ``y`` on."""
    begin = Control.move_to(x, y).segment.text
    if certain(strip.text):
        return begin + strip.render(console)
    segments = list(strip)
    blank = Strip([Segment(" " * strip.cell_length, segments[-1].style)])
    while segments and not segments[-1].text.strip():
        segments.pop()
    if segments:
        text, style, control = segments[-1]
        segments[-1] = Segment(text.rstrip(), style, control)
    return begin + blank.render(console) + begin + Strip(segments).render(console)


def _whole(self: _compositor.LayoutUpdate, console: Console) -> str:
    written: list[str] = []
    for y, line in enumerate(self.strips, self.region.y):
        x = self.region.x
        for strip in line:
            written.append(drawn(strip, x, y, console))
            x += strip.cell_length
    return "".join(written)


def _parts(self: _compositor.ChopsUpdate, console: Console) -> str:
    written: list[str] = []
    for y, left, right in self.spans:
        for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
            if strip is None or x > right or end <= left:
                continue
            whole = left <= x < right and end <= right
            written.append(drawn(strip if whole else strip.crop(0, min(end, right) - x), x, y, console))
    return "".join(written)


def mend() -> None:
    """Once, for the whole process."""
    _compositor.LayoutUpdate.render_segments = _whole  # type: ignore[method-assign]
    _compositor.ChopsUpdate.render_segments = _parts  # type: ignore[method-assign]

"""All settings, in a table.

Knows: how it is laid out. Does not know: any setting.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text


def settings_picture(rows: Sequence[tuple[str, str, str]]) -> RenderableType:
    """Each setting's name, its value, and the source of the value."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("setting", "value", "from"):
        table.add_column(head, no_wrap=head != "value", overflow="fold")
    for name, value, origin in rows:
        style = "dim" if origin == "default" else "bold"
        table.add_row(
            Text(name), Text(value or "-", style), Text(origin, "dim" if origin == "default" else "")
        )
    return table

"""The picture of the doctor's results, and of what each party learns.

Knows: how both are laid out. Does not know: how anything is checked.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from p2pchat.control.answers import CheckResult
from p2pchat.text import one_line
from p2pchat.wording.advice import ADVICE
from p2pchat.wording.exposure import Exposure


def doctor_picture(found: Sequence[CheckResult], parties: Sequence[Exposure]) -> RenderableType:
    """The checks, with advice for failures; then what each party learns."""
    works = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("what works", "", "found"):
        works.add_column(head, overflow="fold")
    for check in found:
        state = Text("ok", "green") if check.ok else Text("problem", "bold red")
        works.add_row(check.name, state, Text(one_line(check.found)))
        if not check.ok:
            works.add_row("", "", Text(ADVICE[check.name], "bold"))
    learn = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 1, 0))
    for head, ratio in (("who", 2), ("learns", 5), ("does not learn", 4)):
        learn.add_column(head, ratio=ratio, overflow="fold")
    for exposure in parties:
        learn.add_row(Text(exposure.party), Text(exposure.learns), Text(exposure.does_not))
    return Group(works, Text(), learn)

"""Cells of our own that left over a link and have not come back from the mesh.

Knows: the link and the time of each. Does not know: stems, or how a cell comes back.

A link that ends may have lost what was handed to it last. Without this the contact's silence would show it
only after ``Profile.repeat_s``.
"""

from __future__ import annotations

from typing import Final

from p2pchat.core.kit.table import Table
from p2pchat.data import dataclass
from p2pchat.types import CellId, LinkId, Tag

RECENT_S: Final = 10.0
"""Seconds: a cell that left earlier is left to its sender's repeat."""

CAP: Final = 512
"""Cells; beyond it the oldest is left to its sender's repeat."""


@dataclass(slots=True)
class _Sent:
    tag: Tag
    link: LinkId | None
    """None: it is gone. The cell may have left over it all the same, and come back over another."""
    at: float


class Unreturned:
    """Our cells of one mesh that did not come back yet, by cell id."""

    def __init__(self) -> None:
        self._sent = Table[CellId, _Sent](CAP)

    def put_cell(self, id: CellId, tag: Tag, link: LinkId, now: float) -> None:
        """A cell leaves over this link."""
        self._sent.put(id, _Sent(tag, link, now))

    def pop_returned(self, id: CellId) -> Tag | None:
        """A cell came back: its tag, if it is one of these."""
        sent = self._sent.pop(id, None)
        return sent.tag if sent is not None else None

    def mark_lost(self, link: LinkId, now: float) -> list[Tag]:
        """The link is gone: the tags of cells that may be lost with it, oldest first."""
        gone = [sent for sent in self._sent.values() if sent.link == link]
        for sent in gone:
            sent.link = None
        return [sent.tag for sent in gone if now < sent.at + RECENT_S]

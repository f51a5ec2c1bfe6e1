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


@dataclass(frozen=True, slots=True)
class _Sent:
    tag: Tag
    link: LinkId
    at: float


class Unreturned:
    """Our cells of one mesh that did not come back yet, by cell id."""

    def __init__(self) -> None:
        self._sent = Table[CellId, _Sent](CAP)

    def put_cell(self, id: CellId, tag: Tag, link: LinkId, now: float) -> None:
        """A cell leaves over this link."""
        self._sent.put(id, _Sent(tag, link, now))

    def drop_cell(self, id: CellId) -> None:
        """A cell came back, if it is one of these."""
        self._sent.pop(id, None)

    def pop_lost(self, link: LinkId, now: float) -> list[Tag]:
        """The link is gone: the tags of cells that may be lost with it, oldest first."""
        gone = {id: sent for id, sent in self._sent.items() if sent.link == link}
        for id in gone:
            del self._sent[id]
        return [sent.tag for sent in gone.values() if now < sent.at + RECENT_S]

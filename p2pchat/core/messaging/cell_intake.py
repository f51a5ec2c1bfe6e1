"""From a cell that bears a tag of ours to the owner of the tag, which opens it.

Knows: whose a cell is, and when it is opened. Does not know: keys, or what kind of conversation an owner is.
Parent of ``tag_owner`` and ``letterbox``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Generic

from p2pchat.core.messaging.letterbox import Letterbox, ReceivedCell
from p2pchat.core.messaging.outputs import Output, Routed
from p2pchat.core.messaging.tag_owner import CellOwners, Owner, TagTable
from p2pchat.types import ConversationId
from p2pchat.wire.cell import Cell

STRANGE_MAX: Final = 1024
"""Cells of no known owner that are remembered, in memory alone: the last seconds of a busy mesh. A commit of
a room brings another tag key; what its author wrote next may come before the commit is opened. So may what
follows upon a welcome, which has many cells."""


class CellIntake(Generic[Owner]):
    """Finds the owner of each cell that bears a tag of ours, and has it open the cell."""

    def __init__(
        self,
        tags: TagTable[Owner],
        letterbox: Letterbox,
        dispatch: Callable[[Owner, Iterable[Output], float], list[Routed]],
    ) -> None:
        """``dispatch``: carry out what an owner wants done."""
        self._tags = tags
        self._letterbox = letterbox
        self._dispatch = dispatch
        self.rooms: CellOwners | None = None
        """Who is asked where no tag that is listed is borne."""
        self._strange: deque[ReceivedCell] = deque(maxlen=STRANGE_MAX)
        self._tag_keys = 0
        """So many the rooms had when ``_strange`` was last looked through."""

    @property
    def open_at(self) -> float:
        """When ``open_due`` next has something to do."""
        return self._letterbox.open_at

    def put_cell(self, cell: Cell, late: bool, now: float) -> Owner | None:
        """Put a cell aside for the owner of its tag, and return the owner: nothing else happens while the
        cell's copies leave for the neighbours. Most cells are for others."""
        owner = self._tags.owner_of(cell.tag)
        if owner is not None or self._find_room(cell, now) is not None:
            self._letterbox.put_cell(ReceivedCell(cell, late), now)
        elif self.rooms is not None and self.rooms.expects_keys():
            self._strange.append(ReceivedCell(cell, late))
        self._look_through_strange(now)
        return owner

    def open_due(self, now: float) -> list[Routed]:
        """Open the cells that were put aside long enough."""
        found: dict[ConversationId, tuple[Owner, list[ReceivedCell]]] = {}
        of_rooms: dict[ConversationId, list[Cell]] = {}
        for received_cell in self._letterbox.pop_due(now):
            owner = self._tags.owner_of(received_cell.cell.tag)
            if owner is not None:  # the owner may have gone meanwhile, or may no longer be heard
                found.setdefault(owner.id, (owner, []))[1].append(received_cell)
            elif (room := self._find_room(received_cell.cell, now)) is not None:
                of_rooms.setdefault(room, []).append(received_cell.cell)
        opened: list[Routed] = []
        for owner, received in found.values():
            opened += self._dispatch(owner, owner.open_cells(received, now), now)
        if self.rooms is not None:
            for room, cells in of_rooms.items():
                opened += self.rooms.open_cells(room, cells, now)
        self._look_through_strange(now)
        return opened

    def _look_through_strange(self, now: float) -> None:
        """Look through what came for no known owner, where rooms have another tag key since."""
        tag_keys = self.rooms.count_tag_keys() if self.rooms is not None else 0
        if tag_keys == self._tag_keys:
            return
        self._tag_keys = tag_keys
        received = list(self._strange)
        self._strange.clear()
        for received_cell in received:
            known = self._find_room(received_cell.cell, now) is not None
            self._letterbox.put_cell(received_cell, now) if known else self._strange.append(received_cell)

    def _find_room(self, cell: Cell, now: float) -> ConversationId | None:
        return self.rooms.find_owner(cell, now) if self.rooms is not None else None

    def open_all(self, now: float) -> list[Routed]:
        """Open all waiting cells at once, because the node stops."""
        opened: list[Routed] = []
        while len(self._letterbox):
            self._letterbox.open_at = now
            opened += self.open_due(now)
        return opened

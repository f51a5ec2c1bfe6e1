"""The cells of one room on their way out of the node.

Knows: their order, which are kept until they have come back, how many are handed over at once. Does not know:
what is in them, or through which meshes they go.

A cell is sealed once: it is handed over again as it is if it does not leave, or does not come back from the
mesh, also after a restart. What may be lost (``patient`` cells: the room says such things again) is not kept
on disk, and not waited for.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.values.user_inputs import Haste
from p2pchat.data import dataclass
from p2pchat.types import Tag
from p2pchat.wire import codec
from p2pchat.wire.cell import tag_of
from p2pchat.wire.codec import Reader
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.room_cells import NUMBER_MAX

LEAVING_MAX: Final = 32
"""Cells that wait for their turn in the node; others wait here, as those of two people do."""

LEAVES_S: Final = 60.0
"""So long a cell may take to leave: what has not left then is handed over again."""

RETURNS_S: Final = 30.0
"""So long a cell may take to come back: one that has not was lost on its stem."""

TRIES_MAX: Final = 3
PATIENT_MAX: Final = 512
SENT_MAX: Final = 128
"""Cells that left and have not come back."""

_CELL: Final = b"~c"
_LIMIT: Final = 2 * GEOMETRY.cell


@dataclass(slots=True)
class QueuedCell:
    """One cell. ``number``: of the message of ours that it is a piece of, 0: of none."""

    order: int
    cell: bytes
    number: int
    patient: bool
    tries: int = 0
    since: float = 0.0


class CellQueue:
    """One room's."""

    def __init__(self, records: Mapping[bytes, bytes]) -> None:
        """``records``: what an earlier run has kept. Raises Malformed."""
        self.records: dict[bytes, bytes | None] = {}
        """To be written."""
        self._waiting: deque[QueuedCell] = deque()
        self._leaving: dict[Tag, QueuedCell] = {}
        self._sent = Table[Tag, QueuedCell](SENT_MAX)
        self._pieces: Counter[int] = Counter()
        """Of each message, how many have not come back; no message with a piece that was given up."""
        self._order = 0
        for name in sorted(name for name in records if name.startswith(_CELL)):
            reader = Reader(codec.unpack(records[name], _LIMIT))
            self._order = int.from_bytes(name[len(_CELL) :], "big")
            cell = reader.get_bytes("cell", GEOMETRY.cell)
            self._append(cell, reader.get_integer("number", 0, NUMBER_MAX), patient=False)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._leaving)

    @property
    def has_space(self) -> bool:
        """Whether something more may be written."""
        return len(self) < LEAVING_MAX

    @property
    def messages(self) -> int:
        """Messages of which a piece has not come back."""
        return len(self._pieces)

    def put_cell(self, cell: bytes, number: int, patient: bool) -> None:
        """Take a cell. ``number``: of which message of ours it is a piece."""
        self._order += 1
        self._append(cell, number, patient)
        if not patient:
            self._record(self._waiting[-1])
        elif sum(one.patient for one in self._waiting) > PATIENT_MAX:
            self._waiting.remove(next(one for one in self._waiting if one.patient))

    def hand_over(self, now: float) -> list[tuple[bytes, Haste]]:
        """What may leave the room now."""
        for waiting_for, patience_s in ((self._leaving, LEAVES_S), (self._sent, RETURNS_S)):
            for tag, one in list(waiting_for.items()):
                if one.since > now - patience_s:
                    break
                del waiting_for[tag]
                self._retry(one)
        handed: list[tuple[bytes, Haste]] = []
        while self._waiting and len(self._leaving) < LEAVING_MAX:
            one = self._waiting.popleft()
            one.since, one.tries = now, one.tries + 1
            self._leaving[tag_of(one.cell)] = one
            handed.append((one.cell, Haste.PATIENT if one.patient else Haste.SOON))
        return handed

    def next_wakeup(self) -> float:
        """When something has not left, or not come back, for too long."""
        leaves = min((one.since + LEAVES_S for one in self._leaving.values()), default=NEVER)
        returns = min((one.since + RETURNS_S for one in self._sent.values()), default=NEVER)
        return min(leaves, returns)

    def on_cell_left(self, tag: Tag, now: float) -> None:
        """A cell has left the node."""
        one = self._leaving.pop(tag, None)
        if one is None or one.patient:
            return
        one.since = now
        oldest = next(iter(self._sent.values()), None)
        if self._sent.put(tag, one) is not None and oldest is not None:
            self._give_up(oldest)

    def on_cell_returned(self, tag: Tag) -> int:
        """A cell came back from the mesh. Returns the number of the message whose last piece it is; 0: of
        none. It may wait here again because it was thought lost."""
        repeat = next((one for one in self._waiting if one.tries and tag_of(one.cell) == tag), None)
        if repeat is not None:
            self._waiting.remove(repeat)
        one = repeat or self._sent.pop(tag, None) or self._leaving.pop(tag, None)
        if one is None or one.patient:
            return 0
        self.records[self._name(one.order)] = None
        if one.number not in self._pieces:
            return 0
        self._pieces[one.number] -= 1
        if self._pieces[one.number] > 0:
            return 0
        del self._pieces[one.number]
        return one.number

    def on_cell_lost(self, tag: Tag) -> None:
        """A cell that left is probably lost."""
        one = self._sent.pop(tag, None)
        if one is not None:
            self._retry(one)

    def _append(self, cell: bytes, number: int, patient: bool) -> None:
        self._waiting.append(QueuedCell(self._order, cell, number, patient))
        if number:
            self._pieces[number] += 1

    def _retry(self, one: QueuedCell) -> None:
        if one.tries < TRIES_MAX:
            self._waiting.append(one)
        else:
            self._give_up(one)

    def _give_up(self, one: QueuedCell) -> None:
        """Members ask for what they miss. The cell's message has not come back, after a restart either."""
        if one.patient:
            return
        self.records[self._name(one.order)] = None
        if self._pieces.pop(one.number, 0) > 1:
            for other in (*self._waiting, *self._leaving.values(), *self._sent.values()):
                if other.number == one.number:
                    other.number = 0
                    self._record(other)

    def _record(self, one: QueuedCell) -> None:
        self.records[self._name(one.order)] = codec.pack({"cell": one.cell, "number": one.number})

    @staticmethod
    def _name(order: int) -> bytes:
        return _CELL + order.to_bytes(8, "big")

"""What goes to one contact when nothing else does: requests for files, and parts of files.

Knows: what waits, how much may be under way. Does not know: files, or what else is said.

Four cells at a time are handed over; with cover each of them takes the place of a cover packet. Half of the
contact's window is left to what people write. The contact shows how far it has seen our cells by asking on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.messaging.delivery import Delivery, patient
from p2pchat.core.messaging.outputs import Output, SendCell
from p2pchat.core.session.send_window import DATA_WINDOW
from p2pchat.types import MessageId, Tag
from p2pchat.wire.cell import tag_of
from p2pchat.wire.files import FileBlock, FileRequest

HANDED_MAX = 4
"""Cells that wait for their turn in the node: what a person writes waits behind so few, where there is no
cover."""

UNSEEN_MAX = DATA_WINDOW // 2
"""Cells that the contact has not shown to have seen, beyond which no block leaves."""

LEAVES_S = 120.0
"""So long a cell may wait in the node for a place; then others are handed over beside it."""


class PatientNotices:
    """Requests for files and parts of files that wait for one contact. Each method returns what is to be
    done."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._requests: dict[MessageId, FileRequest] = {}
        self._blocks: deque[FileBlock] = deque()
        self._handed: dict[Tag, float] = {}
        """When each was handed over."""
        self._may_answer = False
        """Whether the contact has just asked for what did not come: it listens, whatever it has seen."""

    def put_request(self, request: FileRequest) -> None:
        """Queue a request, in place of one for the same file."""
        self._requests[request.file] = request

    def put_blocks(self, file: MessageId, blocks: Iterable[FileBlock]) -> None:
        """Queue blocks, in place of all that wait. Without blocks, take back those of the file."""
        blocks = deque(blocks)
        if not blocks:
            blocks = deque(block for block in self._blocks if block.file != file)
        self._blocks = blocks
        self._may_answer = bool(blocks)

    def drop_all(self) -> None:
        """Drop all notices: the contact is blocked."""
        self._requests.clear()
        self._blocks.clear()

    def next_wakeup(self) -> float:
        """Return when a cell that never left is given up."""
        waits = self._requests or self._blocks
        return min(self._handed.values(), default=NEVER) + LEAVES_S if waits else NEVER

    def note_left(self, tag: Tag) -> bool:
        """Note that a cell has left; True if it bore one of these notices."""
        return self._handed.pop(tag, None) is not None

    def flush(self, now: float) -> list[Output]:
        """Hand over as many notices as may leave, requests first."""
        for tag in [tag for tag, since in self._handed.items() if since + LEAVES_S <= now]:
            del self._handed[tag]
        outputs: list[Output] = []
        while len(self._handed) < HANDED_MAX and (cells := self._take_next(now)):
            for cell in cells:
                self._handed[tag_of(cell.cell)] = now
            outputs += map(patient, cells)
        return outputs

    def _take_next(self, now: float) -> list[SendCell]:
        delivery, window = self._delivery, self._delivery.session.window
        if self._requests:
            space = window.silent_space(now)
            if space > 0:
                file = next(iter(self._requests))
                return _cells(delivery.say_notice(self._requests.pop(file), space, now))
        if self._blocks:
            space = window.data_space(now) - (DATA_WINDOW - UNSEEN_MAX)
            if space <= 0 and self._may_answer:
                space = min(1, window.answer_space(now))
            if space > 0:
                self._may_answer = False
                return _cells(delivery.say_notice(self._blocks.popleft(), space, now))
        return []


def _cells(outputs: Iterable[Output]) -> list[SendCell]:
    return [output for output in outputs if isinstance(output, SendCell)]

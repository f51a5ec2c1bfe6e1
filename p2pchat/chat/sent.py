"""Messages sent here: given to the node in order, and followed to their delivery.

Knows: each message, its recipient and its stage. Does not know: where a stage is shown.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from p2pchat.chat.happenings import Happening, Moved, NodeLost, ReachedMembers, Refused
from p2pchat.chat.lines import FINAL, ChatLine, Stage, beginning_of, is_further
from p2pchat.control.values import given
from p2pchat.data import dataclass
from p2pchat.errors import ControlError, NetworkError, P2PChatError, StoreError, UsageError
from p2pchat.text import harmless_name, indented, shortened

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import DeliveryInfo

FOLLOWED: Final = 1000
"""Sent messages whose states are followed; the history has the states of older ones."""

RETRY_S: Final = 2.0
"""Seconds between attempts to reach a node that cannot be found or run."""

PASSING: Final = (ControlError, NetworkError, StoreError)
"""Failures of the node, not of the message: another attempt may succeed."""


@dataclass(slots=True)
class _Sent:
    me: str
    to: str
    text: str
    at: str
    stage: Stage = "sending"
    after: asyncio.Future[None] | None = None
    """An earlier request that may change how this message is sent."""
    reply_to: ChatLine | None = None
    shown: str | None = None
    """What the line says now, if that is another text."""
    in_room: bool = False
    reached: int = 0
    of: int = 0


class SentLines:
    """Messages by id. ``queued`` is told of each line that a node has accepted."""

    def __init__(
        self, node: Node, tell: Callable[[Happening], None], queued: Callable[[ChatLine], None]
    ) -> None:
        self._node = node
        self._tell = tell
        self._on_queued = queued
        self._sent: OrderedDict[str, _Sent] = OrderedDict()
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._handed = asyncio.Event()

    def __contains__(self, id: str) -> bool:
        return id in self._sent

    def say_text(
        self,
        me: str,
        to: str,
        text: str,
        after: asyncio.Future[None] | None,
        reply_to: ChatLine | None = None,
        *,
        in_room: bool = False,
    ) -> ChatLine:
        """Send a text, after all earlier messages and the request ``after``; return its line."""
        message = os.urandom(16).hex()
        sent = _Sent(me, to, text, time_now(), after=after, reply_to=reply_to, in_room=in_room)
        self._sent[message] = sent
        if len(self._sent) > FOLLOWED:
            self._sent.popitem(last=False)
        self._queue.put_nowait(message)
        return self._line(message, sent)

    async def send_texts(self) -> None:
        """Give messages to the node in order, for ever, also when a node ends and another starts."""
        while True:
            message = await self._queue.get()
            sent = self._sent.get(message)
            if sent is not None:
                await self._hand_over(message, sent)
            self._handed.set()

    async def _hand_over(self, message: str, sent: _Sent) -> None:
        if sent.after is not None:
            await asyncio.wait([sent.after])
        while True:
            try:
                queued = await self._send(message, sent)
            except PASSING as error:
                self._tell(NodeLost(f"{error}; not sent yet: {shortened(sent.text, 30)}"))
                await asyncio.sleep(RETRY_S)
            except P2PChatError as error:
                self._sent.pop(message, None)
                self._tell(Refused(message, sent.to, sent.text, str(error)))
                return
            else:
                break
        self._on_queued(replace(self._line(message, sent), at=queued.at))
        self.note_stage(message, queued.state)
        if (of := given(queued.of)) is not None:
            self.note_reached(message, given(queued.reached) or 0, of)

    async def _send(self, message: str, sent: _Sent) -> DeliveryInfo:
        answered = sent.reply_to.id if sent.reply_to is not None else None
        return await self._node.send(sent.to, sent.text, wait="queued", id=message, reply_to=answered)

    def lines_sent(self, name: str) -> list[ChatLine]:
        """Followed messages to a contact, oldest first."""
        return [self._line(id, sent) for id, sent in self._sent.items() if sent.to == name]

    def line_sent(self, id: str) -> ChatLine | None:
        """A followed line of ours, by id."""
        return self._line(id, self._sent[id]) if id in self._sent else None

    def lines_waiting(self, name: str, known: Sequence[ChatLine]) -> list[ChatLine]:
        """Lines to a contact that are in no history yet; ``known`` are the ids that are."""
        there = {message.id for message in known}
        return [
            self._line(id, sent)
            for id, sent in self._sent.items()
            if sent.to == name and sent.stage == "sending" and id not in there
        ]

    def _line(self, id: str, sent: _Sent) -> ChatLine:
        """A message of ours as a line of the history."""
        text = sent.text if sent.shown is None else sent.shown
        line = ChatLine(id, sent.to, sent.me, sent.at, text, outgoing=True, stage=sent.stage)
        line = replace(line, in_room=sent.in_room, reached=sent.reached, of=sent.of)
        answered = sent.reply_to
        return (
            replace(line, answers=beginning_of(answered), answers_id=answered.id)
            if answered is not None
            else line
        )

    def note_stage(self, message: str, stage: Stage) -> None:
        """Note a state; never go back to an earlier one."""
        known = self._sent.get(message)
        if known is not None:
            if not is_further(stage, known.stage):
                return
            known.stage = stage
        self._tell(Moved(message, stage))

    def note_reached(self, message: str, reached: int, of: int) -> None:
        """Note how many members of a room have a message."""
        known = self._sent.get(message)
        if known is not None:
            known.reached, known.of = max(reached, known.reached), of
        self._tell(ReachedMembers(message, reached, of))

    def replace_text(self, id: str, text: str) -> None:
        """Show another text for a line of ours: it was corrected or rewritten, or withdrawn (then none)."""
        if id in self._sent:
            self._sent[id].shown = text

    def forget_texts(self, name: str, id: str | None) -> None:
        """Show no text for one line to a contact, or for all, except those that no node has yet."""
        for known, sent in self._sent.items():
            if sent.to == name and id in (None, known) and sent.stage != "sending":
                sent.shown = ""

    async def catch_up(self) -> None:
        """Ask for the states that a node could not tell before it ended.

        The same id again sends no second message; the answer has the state.
        """
        for message, sent in list(self._sent.items()):
            if sent.stage in ("queued", "relayed"):
                with suppress(UsageError):  # the contact was removed or renamed
                    known = await self._send(message, sent)
                    self.note_stage(message, known.state)

    def not_handed_over(self) -> list[tuple[str, str]]:
        """Recipients of messages that no node has yet."""
        return [(sent.to, sent.text) for sent in self._sent.values() if sent.stage == "sending"]

    def rename_contact(self, old: str, new: str) -> None:
        """Rename a contact in the messages that wait for it."""
        for sent in self._sent.values():
            if sent.to == old:
                sent.to = new

    def farewell_text(self) -> str:
        """The message to show when the chat is over; empty for none."""
        lines = []
        lost = self.not_handed_over()
        for to, text in lost:
            lines.append(f"the node did not answer; NOT sent to {harmless_name(to)}:\n  {indented(text, 2)}")
        if waiting := self.count_undelivered() - len(lost):
            what = "1 message is" if waiting == 1 else f"{waiting} messages are"
            lines.append(
                f"{what} not delivered yet, and will go out while a node runs here: p2pchat node run"
            )
        return "\n".join(lines)

    async def all_handed_over(self) -> None:
        """Wait until a node has accepted or refused all messages."""
        while self.not_handed_over():
            self._handed.clear()
            await self._handed.wait()

    def count_undelivered(self) -> int:
        """The number of messages sent here that are not delivered yet."""
        return sum(line.stage not in FINAL for line in self._sent.values())


def time_now() -> str:
    """The present time in the form of events."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

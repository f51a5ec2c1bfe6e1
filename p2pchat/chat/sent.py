"""What is said here: handed to the node in its order, and followed as far as it comes.

Knows: what was said to whom, and how far it is. Does not know: who is shown that.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from p2pchat.chat.happenings import Happened, Moved, NodeLost, Refused
from p2pchat.chat.lines import FINAL, ChatLine, Stage, beginning_of, is_further
from p2pchat.errors import ControlError, NetworkError, P2PChatError, StoreError, UsageError
from p2pchat.text import harmless_name, indented, shortened

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import DeliveryInfo

FOLLOWED: Final = 1000
"""Messages sent from here whose states are followed; older ones are read back with the history."""

RETRY_S: Final = 2.0
"""Between attempts to reach a node that cannot be found or run."""

PASSING: Final = (ControlError, NetworkError, StoreError)
"""Failures that say nothing about the message, only about the node: worth another attempt."""


@dataclass(slots=True)
class _Sent:
    me: str
    to: str
    text: str
    at: str
    stage: Stage = "sending"
    after: asyncio.Future[None] | None = None
    """What was asked before of the node, and may say how this is to be sent."""
    reply_to: ChatLine | None = None


class SentLines:
    """By id. ``queued`` is told of each line that a node has taken."""

    def __init__(
        self, node: Node, tell: Callable[[Happened], None], queued: Callable[[ChatLine], None]
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
    ) -> ChatLine:
        """Have a text sent, after all that was said before and ``after`` something else; return it as a
        line."""
        message = os.urandom(16).hex()
        sent = _Sent(me, to, text, time_now(), after=after, reply_to=reply_to)
        self._sent[message] = sent
        if len(self._sent) > FOLLOWED:
            self._sent.popitem(last=False)
        self._queue.put_nowait(message)
        return self._line(message, sent)

    async def send_texts(self) -> None:
        """Hand what was said to the node, one after another, for ever and through nodes that go and come."""
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

    async def _send(self, message: str, sent: _Sent) -> DeliveryInfo:
        answered = sent.reply_to.id if sent.reply_to is not None else None
        return await self._node.send(sent.to, sent.text, wait="queued", id=message, reply_to=answered)

    def lines_sent(self, name: str) -> list[ChatLine]:
        """What was said here to somebody, as far as it is followed, oldest first."""
        return [self._line(id, sent) for id, sent in self._sent.items() if sent.to == name]

    def line_sent(self, id: str) -> ChatLine | None:
        """A line that was said here, as far as it is followed."""
        return self._line(id, self._sent[id]) if id in self._sent else None

    def lines_waiting(self, name: str, known: Sequence[ChatLine]) -> list[ChatLine]:
        """What was said to somebody and is in no history yet, as lines; ``known`` are those that are."""
        there = {message.id for message in known}
        return [
            self._line(id, sent)
            for id, sent in self._sent.items()
            if sent.to == name and sent.stage == "sending" and id not in there
        ]

    def _line(self, id: str, sent: _Sent) -> ChatLine:
        """A message of ours as the history will tell it."""
        line = ChatLine(id, sent.to, sent.me, sent.at, sent.text, outgoing=True, stage=sent.stage)
        answered = sent.reply_to
        return (
            replace(line, answers=beginning_of(answered), answers_id=answered.id)
            if answered is not None
            else line
        )

    def note_stage(self, message: str, stage: Stage) -> None:
        """Note a state, never backwards."""
        known = self._sent.get(message)
        if known is not None:
            if not is_further(stage, known.stage):
                return
            known.stage = stage
        self._tell(Moved(message, stage))

    async def catch_up(self) -> None:
        """Ask for the states that a node which went away could not tell us any more.

        The same message again is not sent again; the answer says how far it is.
        """
        for message, sent in list(self._sent.items()):
            if sent.stage in ("queued", "relayed"):
                with suppress(UsageError):  # the contact was removed or renamed
                    known = await self._send(message, sent)
                    self.note_stage(message, known.state)

    def not_handed_over(self) -> list[tuple[str, str]]:
        """To whom what was said that no node has yet."""
        return [(sent.to, sent.text) for sent in self._sent.values() if sent.stage == "sending"]

    def rename_contact(self, old: str, new: str) -> None:
        """What waits for somebody goes to them under their new name."""
        for sent in self._sent.values():
            if sent.to == old:
                sent.to = new

    def farewell(self) -> str:
        """What to say when the chat is over; empty if nothing."""
        lines = []
        lost = self.not_handed_over()
        for to, text in lost:
            lines.append(f"the node did not answer; NOT sent to {harmless_name(to)}:\n  {indented(text, 2)}")
        if waiting := self.count_undelivered() - len(lost):
            what = "1 message is" if waiting == 1 else f"{waiting} messages are"
            lines.append(f"{what} still on the way, and will go on while a node runs here: p2pchat node run")
        return "\n".join(lines)

    async def all_handed_over(self) -> None:
        """Wait until a node has all that was said, or has refused it."""
        while self.not_handed_over():
            self._handed.clear()
            await self._handed.wait()

    def count_undelivered(self) -> int:
        """How many of the messages sent here are still on their way."""
        return sum(each.stage not in FINAL for each in self._sent.values())


def time_now() -> str:
    """The time as events give it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

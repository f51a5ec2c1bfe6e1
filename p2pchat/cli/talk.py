"""A chat in line mode: what is shown when something happens, what becomes of what is typed.

Knows: the current conversation, what was shown, how far sent messages came. Does not know: the terminal.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from p2pchat.chat.lines import FINAL, ChatLine, Stage, is_further, line_of, lines_of
from p2pchat.control.answers import Contact
from p2pchat.control.events import ContactChanged, Heard, Link, Message, Presence, Receipt, SessionTurned
from p2pchat.errors import ControlError, NetworkError, P2PChatError, StoreError, UsageError
from p2pchat.text import harmless_name, indented, one_line, shortened
from p2pchat.wording.lines import clock_time, contact_line, local_time
from p2pchat.wording.presence import presence, seen, whereabouts
from p2pchat.wording.sessions import session_line
from p2pchat.wording.settings import clock_of
from p2pchat.wording.signs import UNICODE, Signs

if TYPE_CHECKING:
    from p2pchat.client import Node

T = TypeVar("T")

Line = list[tuple[str, str]]
"""Pieces of one line, each with the name of its style."""

ENTRY_LINES: Final = 20
"""Of history, shown when a conversation is opened: about a screen."""

ENTRY_LINES_MAX: Final = 200
"""Even if more are unread: nobody reads a thousand lines that rush by."""

UNREAD_MAX: Final = 1000
"""Ids kept for one contact; a flood beyond that stays unheard and is offered again another time."""

MARKED: Final = 3
"""Sent messages whose state is always in view."""

REMEMBERED: Final = 1000
"""Message ids kept to recognise what was shown already, and states kept of what was sent."""

TROUBLES: Final = 3
"""Kinds of trouble in one outage, each told once: lost, why it cannot be had again, what waits."""

RETRY_S: Final = 2.0
"""Between attempts to reach a node that cannot be found or run."""

LOOK_S: Final = 30.0
"""Between looks at when contacts were heard."""

_PASSING: Final = (ControlError, NetworkError, StoreError)
"""Failures that say nothing about the message, only about the node: worth another attempt."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An outgoing message and how far it is known to have come."""

    to: str
    text: str
    state: Stage = "sending"


class Talk:
    """One person at one terminal, in one conversation at a time."""

    def __init__(
        self,
        node: Node,
        show: Callable[[Line], None],
        changed: Callable[[], None],
        signs: Signs = UNICODE,
    ) -> None:
        self.node = node
        self.signs = signs
        self.name = ""
        self.me = ""
        self.contacts: dict[str, Contact] = {}
        """By name."""
        self.unread: dict[str, dict[str, None]] = {}
        """Ids of messages in other conversations, by name, that wait until those are opened."""
        self.sent: OrderedDict[str, Sent] = OrderedDict()
        self.links = 0
        self._fingerprint = ""
        self._print = show
        self._changed = changed
        self._troubles: deque[str] = deque(maxlen=TROUBLES)
        self._shown: OrderedDict[str, None] = OrderedDict()
        self._day: date | None = None
        self._clock = "24h"

    # --- conversations

    async def open(self, name: str) -> None:
        """Turn to a contact: show the last lines, and what waited. Raises UsageError for an unknown name."""
        contact = await self.node.contact(name)
        self.me = (await self.node.whoami()).name
        self.links = (await self.node.status()).links_up
        self._clock = clock_of(await self.node.settings())
        self.name, self._fingerprint = contact.name, contact.fingerprint
        self._day = None
        await self._meet()
        await self._show_last()
        await self.node.heard(self.unread.pop(self.name, {}))
        self.notice(
            f"talking with {harmless_name(self.name)} ({self._told(presence)}); /help shows what helps"
        )
        self._changed()

    async def _show_last(self) -> None:
        """Show a screenful, and more when more is unread; what is older can be asked for."""
        talks = await self.node.conversations()
        unread = next((talk.unheard for talk in talks if talk.contact == self.name), 0)
        if unread > ENTRY_LINES_MAX:
            self.notice(f"{unread} unread; /history {unread} shows them all")
        for line in lines_of(
            await self.node.history(self.name, limit=min(max(ENTRY_LINES, unread), ENTRY_LINES_MAX))
        ):
            self._show_message(line)

    async def _meet(self) -> None:
        """Learn anew who there is; the one we talk with may have got another name."""
        self.contacts = {contact.name: contact for contact in await self.node.contacts()}
        for name, contact in self.contacts.items():
            if contact.fingerprint == self._fingerprint:
                self.name = name

    @property
    def here(self) -> bool | None:
        """Whether the one we talk with is here; None where that is not known."""
        return self._told(seen)

    def _told(self, how: Callable[[Contact, bool, datetime], T]) -> T:
        """What is to be said of where the one we talk with is."""
        return how(self.contacts[self.name], bool(self.links), datetime.now(UTC))

    async def look_round(self) -> None:
        """Learn anew when everybody was heard, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(*_PASSING):
                await self._meet()
            self._changed()

    # --- what happens

    async def follow(self) -> None:
        """Show what happens, for ever, through nodes that go and come."""
        while True:
            try:
                await self._catch_up()
                async for event in self.node.listen(own=True):
                    await self.take(event)
            except _PASSING as error:
                self.trouble(f"{error}; trying again")
                await asyncio.sleep(RETRY_S)

    async def take(self, event: Heard) -> None:
        """One event of the node."""
        match event:
            case Message(outgoing=True):
                self._sent_elsewhere(line_of(event))
            case Message():
                await self._arrived(line_of(event))
            case Receipt(id=id, state=state):
                self._moved(id, state)
            case Presence(name=name, here=here):
                self._came_or_went(name, here)
            case Link(links=links):
                self.links = links
            case ContactChanged():
                await self._meet()
                if event.change != "added":  # who is added is told by whoever asked for it
                    self.notice(contact_line(event))
            case SessionTurned():
                await self._meet()
                self.notice(session_line(event))
            case _:
                pass
        self._changed()

    async def _arrived(self, message: ChatLine) -> None:
        sender = message.sender
        if sender == self.name:
            self._show_message(message)
            await self.node.heard([message.id])
            return
        unread = self.unread.setdefault(sender, {})
        if message.id not in unread and len(unread) < UNREAD_MAX:
            unread[message.id] = None
            shown = harmless_name(sender)
            self.notice(f"{shown} wrote ({len(unread)} unread); /switch {shown}")

    def _sent_elsewhere(self, message: ChatLine) -> None:
        """Another program of this home said something."""
        if message.contact == self.name and message.id not in self.sent:
            self._show_message(message)

    def _came_or_went(self, name: str, here: bool) -> None:
        if name in self.contacts:
            heard_at = datetime.now(UTC).isoformat()
            self.contacts[name] = self.contacts[name].with_changes(here=here, heard_at=heard_at)
        if name == self.name:
            self.notice(f"{harmless_name(name)} is {'here' if here else 'away'}")

    # --- what is sent

    async def say(self, text: str) -> None:
        """Send a line to whom we talk with. Returns when it is safely queued, however often the node changes.

        Raises UsageError or LimitError when it cannot be sent at all.
        """
        message, to = os.urandom(16).hex(), self.name
        _remember(self.sent, message, Sent(to, text))
        self._changed()
        while True:
            try:
                queued = await self.node.send(to, text, wait="queued", id=message)
            except _PASSING as error:
                self.trouble(f"{error}; not sent yet: {shortened(text, 30)}")
                await asyncio.sleep(RETRY_S)
            except P2PChatError:
                del self.sent[message]
                raise
            else:
                break
        self._moved(message, queued.state)
        if to == self.name:
            self._show_message(
                ChatLine(message, to, self.me, queued.at, text, outgoing=True, stage="sending")
            )
        self._changed()

    def _moved(self, message: str, state: Stage) -> None:
        """Note a state, never backwards; say it in a line once others have its place in the status line."""
        known = self.sent.get(message)
        if known is None or not is_further(state, known.state):
            return
        now = self.sent[message] = replace(known, state=state)
        overtaken = message not in list(self.sent)[-MARKED:]
        if state in ("expired", "cancelled") or (state == "delivered" and overtaken):
            self._show([("class:mark", f"      {self.signs.mark(state)} {state}: {shortened(now.text, 50)}")])

    async def _catch_up(self) -> None:
        """Ask for the states that a node which went away could not tell us any more.

        The same message again is not sent again; the answer says how far it is.
        """
        for message, sent in list(self.sent.items()):
            if sent.state in ("queued", "relayed"):
                with suppress(UsageError):  # the contact was removed or renamed
                    known = await self.node.send(sent.to, sent.text, wait="queued", id=message)
                    self._moved(message, known.state)
        self._changed()

    def undelivered(self) -> int:
        """How many of the messages sent here are still on their way."""
        return sum(each.state not in FINAL for each in self.sent.values())

    # --- what is shown

    def _show(self, line: Line) -> None:
        self._troubles.clear()
        self._print(line)

    def trouble(self, text: str) -> None:
        """A notice that may come again and again while something lasts, and is shown once."""
        if text not in self._troubles:
            self._troubles.append(text)
            self._print([("class:notice", f"      {one_line(text)}")])

    def notice(self, text: str) -> None:
        """A line about the chat, not of it."""
        self._show([("class:notice", f"      {one_line(text)}")])

    def show_lines(self, messages: Iterable[ChatLine]) -> None:
        """Messages read back, each under its day, whether they were shown before or not."""
        self._day = None
        for message in messages:
            self._show_day(local_time(message.at).date())
            self._show(self._line(message))

    def _show_message(self, message: ChatLine) -> None:
        if message.id in self._shown:
            return
        _remember(self._shown, message.id, None)
        if message.outgoing and message.id not in self.sent:
            _remember(self.sent, message.id, Sent(self.name, message.text, message.stage))
        self._show_day(local_time(message.at).date())
        self._show(self._line(message))

    def _show_day(self, day: date) -> None:
        if day != self._day:
            self._day = day
            self._show([("class:day", f"{self.signs.rule} {day:%A} {day.day} {day:%B %Y} {self.signs.rule}")])

    def _line(self, message: ChatLine) -> Line:
        outgoing = message.outgoing
        at = f"{clock_time(message.at, self._clock)} "
        line: Line = [
            ("class:time", at),
            ("class:me" if outgoing else "class:them", harmless_name(message.sender)),
            ("", f": {indented(message.text, len(at))}"),
        ]
        if outgoing and message.stage != "sending":
            line.append(("class:mark", f"  {self.signs.mark(message.stage)}"))
        return line

    def status_line(self) -> Line:
        """Who is here, how many links, and how far the last messages have come."""
        dot = self.signs.dots[self.here]
        style = "class:status.here" if self.here else "class:status"
        line: Line = [(style, f" {dot} {harmless_name(self.name)} {self._told(whereabouts)}")]
        line.append(("class:status", f" | {self.links} link{'' if self.links == 1 else 's'}"))
        if unread := sum(map(len, self.unread.values())):
            line.append(("class:status.unread", f" | {unread} unread"))
        mine = [each for each in self.sent.values() if each.to == self.name][-MARKED:]
        if mine:
            marks = "  ".join(f"{self.signs.mark(each.state)} {shortened(each.text, 16)}" for each in mine)
            line.append(("class:status", f" | {marks}"))
        return line


def _remember(memory: OrderedDict[str, Any], key: str, value: Any) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)

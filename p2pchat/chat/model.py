"""Everybody we talk with: what is new, what is unread, and what becomes of what we say.

Knows: the client's events and their order. Does not know: the screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from p2pchat.chat.drafts import Drafts
from p2pchat.chat.happenings import (
    Altered,
    Changed,
    Decided,
    Happened,
    Hindered,
    LineAdded,
    LineForgotten,
    LineRewritten,
    NodeFound,
    NodeLost,
    Preferred,
    ReferenceAdded,
    Reminded,
)
from p2pchat.chat.lines import ChatLine, line_of, lines_of
from p2pchat.chat.requests import Requests
from p2pchat.chat.sent import PASSING, RETRY_S, SentLines, time_now
from p2pchat.client import NodeBack
from p2pchat.control import events
from p2pchat.control.events import (
    ContactEvent,
    LinkEvent,
    ListenEvents,
    MessageEvent,
    PresenceEvent,
    ReceiptEvent,
    SessionEvent,
    SettingEvent,
)
from p2pchat.control.values import given
from p2pchat.errors import UsageError
from p2pchat.text import harmless_name
from p2pchat.wording.backups import reminder
from p2pchat.wording.hindrances import hindrance
from p2pchat.wording.lines import contact_line
from p2pchat.wording.notices import notice
from p2pchat.wording.references import reference_line

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import ContactInfo, NodeInfo

UNREAD_MAX: Final = 1000
"""Ids kept for one contact; a flood beyond that stays unheard and is offered again another time."""

LOOK_S: Final = 3.0
"""Between looks at how the node is: what no event tells."""

LEAVE_S: Final = 3.0
"""Patience with a node that does not take what was said, when one leaves."""


@dataclass(slots=True)
class Person:
    """A contact, and what was said with them last."""

    contact: ContactInfo
    last: ChatLine | None = None
    place: int = 0
    """Grows with each message, by when it came here: what others' clocks say orders nothing."""
    unread: dict[str, None] = field(default_factory=dict)
    """Ids of messages that were not looked at."""
    unheard: int = 0
    """How many came while no chat was open, and are told as soon as somebody listens."""

    @property
    def name(self) -> str:
        return self.contact.name

    @property
    def muted(self) -> bool:
        """Whether they make no noise."""
        return self.contact.muted or self.contact.blocked


class ChatModel:
    """One person's conversations, while a chat is open."""

    def __init__(self, node: Node, tell: Callable[[Happened], None]) -> None:
        self.node = node
        self.me = ""
        self.people: dict[str, Person] = {}
        """By name, in the order in which they are known."""
        self.current = ""
        """Whom we look at; empty for nobody."""
        self.looking = True
        """Whether anybody looks at the screen at all."""
        self.following = True
        """Whether the newest of the conversation is in sight."""
        self.links = 0
        self.hindrance = ""
        """What keeps us from everybody, for certain."""
        self.sent = SentLines(node, tell, self._queued)
        self.requests = Requests()
        self.drafts = Drafts(node)
        self._places = 0
        self._reminded = False
        self._tell = tell
        node.on_change = self._node_changed

    def _node_changed(self, line: str) -> None:
        self._tell(NodeFound(line) if isinstance(line, NodeBack) else NodeLost(line))

    # --- who there is

    async def load_people(self) -> None:
        """Learn who there is, and what was said last."""
        self.me = (await self.node.whoami()).name
        status = await self.node.status()
        self.links = status.links_up
        await self._meet()
        await self._remind_of_backup(given(status.backed_up_at))
        await self.drafts.load_kept()
        for talk in reversed(await self.node.conversations()):
            if talk.contact in self.people:
                self._spoke(self.people[talk.contact], line_of(talk))
                self.people[talk.contact].unheard = min(talk.unheard, UNREAD_MAX)
        self._tell(Changed())

    async def _remind_of_backup(self, backed_up_at: str | None) -> None:
        """Once, where somebody would be lost and no backup is younger than a month."""
        if self._reminded or not self.people:
            return
        self._reminded = True
        line = reminder(backed_up_at, datetime.now(UTC)) if backed_up_at is not None else None
        if line is not None and (await self.node.setting("backup-reminder")).value == "on":
            self._tell(Reminded(line))

    async def look_round(self) -> NodeInfo:
        """Learn anew when everybody was heard, and how the node is."""
        status = await self.node.status()
        if (why := hindrance(status)) != self.hindrance:
            self.hindrance = why
            self._tell(Hindered(why))
        for contact in await self.node.contacts():
            person = self.people.get(contact.name)
            if person is not None and person.contact.fingerprint == contact.fingerprint:
                person.contact = contact
        return status

    async def _meet(self) -> None:
        """Learn anew who there is; whoever we look at may have another name now."""
        known = {person.contact.fingerprint: person for person in self.people.values()}
        watched = self.people.get(self.current)
        people = {}
        for contact in await self.node.contacts():
            person = known.get(contact.fingerprint) or Person(contact)
            self._renamed(person.name, contact.name)
            person.contact = contact
            people[person.name] = person
        self.people = people
        if watched is not None:
            self.current = watched.name if watched.name in people else ""

    def _renamed(self, old: str, new: str) -> None:
        """What waits for somebody goes to them under their new name."""
        self.sent.rename_contact(old, new)
        self.drafts.rename_contact(old, new)

    def in_order(self) -> list[Person]:
        """Whoever spoke last comes first; then those with whom nothing was said yet."""
        return sorted(
            self.people.values(), key=lambda person: person.place if person.last else 0, reverse=True
        )

    def _spoke(self, person: Person, message: ChatLine) -> None:
        """The newest that was said with somebody."""
        self._places += 1
        person.last, person.place = message, self._places

    def count_unread(self) -> int:
        """In all conversations but muted ones."""
        return sum(len(person.unread) for person in self.people.values() if not person.muted)

    # --- what we look at

    def open_conversation(self, name: str) -> None:
        """Turn to a conversation. Raises UsageError for an unknown name."""
        if name not in self.people:
            raise UsageError(f"you know nobody called {harmless_name(name)}")
        self.current = name
        self.following = True

    async def mark_shown(self) -> None:
        """Somebody looks: what is on the screen was heard."""
        person = self.people.get(self.current)
        if person is not None and person.unread and self.looking and self.following:
            ids, person.unread = list(person.unread), {}
            with suppress(*PASSING):  # they are offered again
                await self.node.heard(ids)
        self._tell(Changed())

    # --- what happens

    async def follow_events(self) -> None:
        """Tell what happens, for ever, through nodes that go and come."""
        while True:
            try:
                await self.sent.catch_up()
                async for event in self.node.listen(own=True):
                    await self.take_event(event)
            except PASSING as error:
                self._tell(NodeLost(f"{error}; trying again"))
                await asyncio.sleep(RETRY_S)

    async def take_event(self, event: ListenEvents) -> None:
        """One event of the node."""
        match event:
            case MessageEvent(outgoing=True):
                self._sent_elsewhere(line_of(event))
            case MessageEvent():
                await self._arrived(line_of(event))
            case events.RewrittenEvent():
                self._rewritten(line_of(event))
            case events.ReactionEvent() | events.CorrectedEvent() | events.WithdrawnEvent():
                self._referred(line_of(event), reference_line(event) or "", event.by == self.me)
            case events.ForgottenEvent(contact=name, id=id):
                await self._forgotten(name, id)
            case ReceiptEvent(id=id, state=state):
                self.sent.note_stage(id, state)
            case PresenceEvent(name=name, here=here):
                if name in self.people:
                    person = self.people[name]
                    person.contact = person.contact.with_changes(here=here, heard_at=time_now())
                    if name == self.current:
                        self._tell(Altered(f"{harmless_name(name)} is {'here' if here else 'away'}"))
            case LinkEvent(links=links):
                self.links = links
            case ContactEvent() | SessionEvent():
                await self._meet()
                if line := notice(event):
                    self._tell(Decided(line))
                elif isinstance(event, ContactEvent) and event.change != "added":
                    self._tell(Altered(contact_line(event)))  # who is added is told by whoever asked for it
            case SettingEvent():
                self._tell(Preferred())
            case _:
                pass
        self._tell(Changed())

    async def _arrived(self, message: ChatLine) -> None:
        if message.sender not in self.people:
            await self._meet()
        person = self.people.get(message.sender)
        if person is None:
            return
        self._spoke(person, message)
        if len(person.unread) < UNREAD_MAX:
            person.unread[message.id] = None
        self._tell(LineAdded(message))
        if person.name == self.current:
            await self.mark_shown()

    def _sent_elsewhere(self, message: ChatLine) -> None:
        """Another program of this home, or another chat, said something."""
        person = self.people.get(message.contact)
        if person is not None and message.id not in self.sent:
            self._spoke(person, message)
            self._tell(LineAdded(message))

    def _rewritten(self, message: ChatLine) -> None:
        person = self.people.get(message.contact)
        if person is not None and person.last is not None and person.last.id == message.id:
            person.last = message
        self._tell(LineRewritten(message))

    def _referred(self, message: ChatLine, line: str, ours: bool) -> None:
        person = self.people.get(message.contact)
        if person is not None:
            if person.last is not None and person.last.id == message.id:
                person.last = message
            if message.withdrawn:
                person.unread.pop(message.id, None)
        self._tell(ReferenceAdded(message, line, ours))

    async def _forgotten(self, name: str, id: str | None) -> None:
        person = self.people.get(name)
        if person is not None and (id is None or (person.last is not None and person.last.id == id)):
            person.last = None
            with suppress(*PASSING):
                person.last = next(iter(lines_of(await self.node.history(name, limit=1))), None)
        self._tell(LineForgotten(name, id))

    # --- what we say

    def say_text(self, text: str, reply_to: ChatLine | None = None) -> ChatLine:
        """Have a text sent to whom we look at, after all that was said and asked for; return it as a line."""
        return self.sent.say_text(self.me, self.current, text, self.requests.last, reply_to)

    def _queued(self, line: ChatLine) -> None:
        person = self.people.get(line.contact)
        if person is not None:
            self._spoke(person, line)
        self._tell(Changed())

    def note_draft(self, text: str) -> None:
        """What is being written to whom we look at."""
        if self.current:
            self.drafts.note_text(self.current, text)

    async def leave_chat(self) -> None:
        """Wait a moment for the node to take what was said and what was begun."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await self.sent.all_handed_over()
                await self.drafts.keep_now()

"""All conversations: new and unread messages, and the state of sent ones.

Knows: the client's events and their order. Does not know: the screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from p2pchat.chat.drafts import Drafts
from p2pchat.chat.happenings import (
    Altered,
    Changed,
    Decided,
    Happening,
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
from p2pchat.data import dataclass
from p2pchat.errors import UsageError
from p2pchat.text import harmless_name
from p2pchat.wording.backups import reminder
from p2pchat.wording.lines import contact_line
from p2pchat.wording.notices import notice
from p2pchat.wording.references import reference_line

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import ContactInfo, NodeInfo

UNREAD_MAX: Final = 1000
"""Ids kept for one contact; further messages of a flood stay unheard and are offered again later."""

LOOK_S: Final = 3.0
"""Between looks at how the node is: what no event tells."""

LEAVE_S: Final = 3.0
"""Seconds that leaving waits for a node that does not accept messages."""


@dataclass(slots=True)
class Person:
    """A contact, and the last message with them."""

    contact: ContactInfo
    last: ChatLine | None = None
    place: int = 0
    """Grows with each message in the order of arrival: the clocks of others do not count."""
    unread: dict[str, None] = field(default_factory=dict)
    """Ids of unread messages."""
    unheard: int = 0
    """Messages that came while no chat was open, and that the node tells to the first listener."""

    @property
    def name(self) -> str:
        return self.contact.name

    @property
    def muted(self) -> bool:
        """Whether the contact is muted."""
        return self.contact.muted or self.contact.blocked


class ChatModel:
    """The conversations of this home, while a chat is open."""

    def __init__(self, node: Node, tell: Callable[[Happening], None]) -> None:
        self.node = node
        self.me = ""
        self.people: dict[str, Person] = {}
        """Contacts by name, in the order in which they were added."""
        self.current = ""
        """The contact of the open conversation; empty for none."""
        self.looking = True
        """Whether the person looks at the screen."""
        self.following = True
        """Whether the newest message of the conversation is in sight."""
        self.links = 0
        self._alone = ""
        """What keeps us from all members, for certain."""
        self._hindrance_told = ""
        self.sent = SentLines(node, tell, self._queued)
        self.requests = Requests()
        self.drafts = Drafts(node)
        self._places = 0
        self._reminded = False
        self._tell = tell
        node.on_change = self._node_changed

    def _node_changed(self, line: str) -> None:
        if not isinstance(line, NodeBack):
            self.links = 0  # they ended with their node
        self._tell(NodeFound(line) if isinstance(line, NodeBack) else NodeLost(line))

    # --- contacts

    async def load_people(self) -> None:
        """Read the contacts, and the last message with each."""
        self.me = (await self.node.whoami()).name
        status = await self.node.status()
        self.links = status.links_up
        await self._meet()
        await self._remind_of_backup(given(status.backed_up_at))
        await self.drafts.load_kept()
        for summary in reversed(await self.node.conversations()):
            if summary.contact in self.people:
                self._spoke(self.people[summary.contact], line_of(summary))
                self.people[summary.contact].unheard = min(summary.unheard, UNREAD_MAX)
        self._tell(Changed())

    async def _remind_of_backup(self, backed_up_at: str | None) -> None:
        """Remind once of a backup, where the first contact is older than a day, and the last backup older
        than a month: the first chat of a new home begins without it."""
        if self._reminded or not self.people:
            return
        self._reminded, now = True, datetime.now(UTC)
        oldest = min(datetime.fromisoformat(person.contact.added_at) for person in self.people.values())
        if backed_up_at is None or now - oldest < timedelta(days=1):
            return
        line = reminder(backed_up_at, now)
        if line is not None and (await self.node.setting("backup-reminder")).value == "on":
            self._tell(Reminded(line))

    async def look_round(self) -> NodeInfo:
        """Read again when each contact was heard, and the state of the node."""
        status = await self.node.status()
        self.links, self._alone = status.links_up, given(status.hindrance) or ""
        for contact in await self.node.contacts():
            person = self.people.get(contact.name)
            if person is not None and person.contact.fingerprint == contact.fingerprint:
                person.contact = contact
        self._tell_hindrance()
        return status

    @property
    def hindrance(self) -> str:
        """What is in the way of a message to the contact of the open conversation, for certain; where none is
        open, of all messages."""
        person = self.people.get(self.current)
        return self._alone if person is None else given(person.contact.hindrance) or ""

    def _tell_hindrance(self) -> None:
        if (why := self.hindrance) != self._hindrance_told:
            self._hindrance_told = why
            self._tell(Hindered(why))

    async def _meet(self) -> None:
        """Read the contacts again; the contact of the open conversation may have a new name."""
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
        """Rename a contact in all that waits for it."""
        self.sent.rename_contact(old, new)
        self.drafts.rename_contact(old, new)

    def in_order(self) -> list[Person]:
        """The latest conversation comes first; contacts without messages come last."""
        return sorted(
            self.people.values(), key=lambda person: person.place if person.last else 0, reverse=True
        )

    def _spoke(self, person: Person, message: ChatLine) -> None:
        """The newest message with a contact."""
        self._places += 1
        person.last, person.place = message, self._places

    def count_unread(self) -> int:
        """Unread messages in all conversations except muted ones."""
        return sum(len(person.unread) for person in self.people.values() if not person.muted)

    # --- the open conversation

    def open_conversation(self, name: str) -> None:
        """Open a conversation. Raises UsageError for an unknown name."""
        if name not in self.people:
            raise UsageError(f"you have no contact called {harmless_name(name)}")
        self.current = name
        self.following = True
        self._tell_hindrance()

    async def mark_shown(self) -> None:
        """Mark what is on the screen as heard: the person looks."""
        person = self.people.get(self.current)
        if person is not None and person.unread and self.looking and self.following:
            ids, person.unread = list(person.unread), {}
            with suppress(*PASSING):  # the node offers them again
                await self.node.heard(ids)
        self._tell(Changed())

    # --- events

    async def follow_events(self) -> None:
        """Report events for ever, also when a node ends and another starts."""
        while True:
            try:
                await self.sent.catch_up()
                async for event in self.node.listen(own=True):
                    await self.take_event(event)
            except PASSING as error:
                self._tell(NodeLost(f"{error}; trying again"))
                await asyncio.sleep(RETRY_S)

    async def take_event(self, event: ListenEvents) -> None:
        """Handle one event of the node."""
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
                if links and self.hindrance:
                    with suppress(*PASSING):
                        await self.look_round()
            case ContactEvent() | SessionEvent():
                await self._meet()
                if line := notice(event):
                    self._tell(Decided(line))
                elif isinstance(event, ContactEvent) and event.change != "added":
                    self._tell(Altered(contact_line(event)))  # the code that added a contact tells it
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
        """Another program of this home sent a message."""
        person = self.people.get(message.contact)
        if person is not None and message.id not in self.sent:
            self._spoke(person, message)
            self._tell(LineAdded(message))

    def _rewritten(self, message: ChatLine) -> None:
        person = self.people.get(message.contact)
        if person is not None and person.last is not None and person.last.id == message.id:
            person.last = message
        self.sent.replace_text(message.id, message.text)
        self._tell(LineRewritten(message))

    def _referred(self, message: ChatLine, line: str, ours: bool) -> None:
        person = self.people.get(message.contact)
        if person is not None:
            if person.last is not None and person.last.id == message.id:
                person.last = message
            if message.withdrawn:
                person.unread.pop(message.id, None)
        self.sent.replace_text(message.id, message.text)
        self._tell(ReferenceAdded(message, line, ours))

    async def _forgotten(self, name: str, id: str | None) -> None:
        person = self.people.get(name)
        if person is not None and (id is None or (person.last is not None and person.last.id == id)):
            person.last = None
            with suppress(*PASSING):
                person.last = next(iter(lines_of(await self.node.history(name, limit=1))), None)
        self.sent.forget_texts(name, id)
        self._tell(LineForgotten(name, id))

    # --- sending

    def say_text(self, text: str, reply_to: ChatLine | None = None) -> ChatLine:
        """Send a text to the open conversation, after all earlier messages and requests; return its line."""
        return self.sent.say_text(self.me, self.current, text, self.requests.last, reply_to)

    def _queued(self, line: ChatLine) -> None:
        person = self.people.get(line.contact)
        if person is not None:
            self._spoke(person, line)
        self._tell(Changed())

    def note_draft(self, text: str) -> None:
        """The draft of the open conversation."""
        if self.current:
            self.drafts.note_text(self.current, text)

    async def leave_chat(self) -> None:
        """Wait a short time for the node to accept messages and drafts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await self.sent.all_handed_over()
                await self.drafts.keep_now()

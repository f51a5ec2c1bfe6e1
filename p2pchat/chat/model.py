"""All conversations: new and unread messages, and the state of sent ones.

Knows: the client's events and their order. Does not know: the screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from p2pchat.chat.counterparts import UNREAD_MAX, ChatRoom, Counterpart, Counterparts
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
from p2pchat.chat.introduction_follower import IntroductionFollower
from p2pchat.chat.lines import ChatLine, line_of, lines_of
from p2pchat.chat.requests import Requests
from p2pchat.chat.room_follower import RoomFollower
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
from p2pchat.control.files import FileEvent
from p2pchat.control.introductions import IntroductionEvent
from p2pchat.control.rooms import RoomEvent
from p2pchat.control.values import given
from p2pchat.text import harmless_name
from p2pchat.wording.backups import reminder
from p2pchat.wording.lines import contact_line
from p2pchat.wording.notices import notice
from p2pchat.wording.references import reference_line

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import NodeInfo

LOOK_S: Final = 3.0
"""Between looks at how the node is: what no event tells."""

LEAVE_S: Final = 3.0
"""Seconds that leaving waits for a node that does not accept messages."""


class ChatModel:
    """The conversations of this home, while a chat is open."""

    def __init__(self, node: Node, tell: Callable[[Happening], None]) -> None:
        self.node = node
        self.me = ""
        self.known = Counterparts(self._renamed)
        self.people = self.known.people
        """Contacts by name, in the order in which they were added."""
        self.current = ""
        """The contact or room of the open conversation; empty for none."""
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
        self.following_rooms = RoomFollower(node, self.known, tell)
        self.introductions = IntroductionFollower(node, tell)
        self._reminded = False
        self._tell = tell
        node.on_change = self._node_changed

    def _node_changed(self, line: str) -> None:
        if not isinstance(line, NodeBack):
            self.links = 0  # they ended with their node
        self._tell(NodeFound(line) if isinstance(line, NodeBack) else NodeLost(line))

    # --- contacts

    async def load_people(self) -> None:
        """Read the contacts and rooms, and the last message with each."""
        self.me = (await self.node.whoami()).name
        status = await self.node.status()
        self.links = status.links_up
        await self._meet()
        await self._remind_of_backup(given(status.backed_up_at))
        await self.drafts.load_kept()
        for conversation in reversed(await self.node.conversations()):
            if (known := self.known.find_by_name(conversation.contact)) is not None:
                self.known.note_last(known, line_of(conversation))
                known.unheard = min(conversation.unheard, UNREAD_MAX)
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
        await self.following_rooms.look_round(self.room)
        self._tell_hindrance()
        return status

    @property
    def room(self) -> ChatRoom | None:
        """The room of the open conversation; None where that is with a contact."""
        return self.known.rooms.get(self.current)

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
        """Read the contacts and rooms again; that of the open conversation may have a new name."""
        watched = self.known.find_by_name(self.current)
        await self.known.read_contacts(self.node)
        await self.following_rooms.read_rooms()
        await self.introductions.read_requests()
        if watched is not None:
            self.current = watched.name if self.known.find_by_name(watched.name) is watched else ""

    def _renamed(self, old: str, new: str) -> None:
        """Rename a contact or a room in all that waits for it."""
        self.sent.rename_contact(old, new)
        self.drafts.rename_contact(old, new)

    def in_order(self) -> list[Counterpart]:
        """The latest conversation comes first."""
        return self.known.list_ordered()

    # --- the open conversation

    def open_conversation(self, name: str) -> None:
        """Open a conversation, with a room also by its name without the sign. Raises UsageError for an
        unknown name."""
        self.current = self.known.find_named(name).name
        self.following = True
        self._tell_hindrance()

    async def mark_shown(self) -> None:
        """Mark what is on the screen as heard: the person looks."""
        known = self.known.find_by_name(self.current)
        if known is not None and known.unread and self.looking and self.following:
            ids = list(known.unread)
            known.note_read(ids)
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
            case events.ReachedEvent():
                self.sent.note_reached(event.id, event.reached, event.of)
                await self.following_rooms.read_members(self.room)
            case PresenceEvent(name=name, here=here):
                self._change_presence(name, here)
            case LinkEvent(links=links):
                self.links = links
                if links and self.hindrance:
                    with suppress(*PASSING):
                        await self.look_round()
            case ContactEvent() | SessionEvent() | FileEvent():
                await self._meet()
                if told := _told(event):
                    self._tell(told)
            case RoomEvent():
                await self._meet()
                self.following_rooms.tell_event(event)
                await self.following_rooms.read_members(self.room)
            case IntroductionEvent():
                await self._meet()
                self.introductions.tell_event(event)
            case SettingEvent():
                self._tell(Preferred())
            case _:
                pass
        self._tell(Changed())

    def _change_presence(self, name: str, here: bool) -> None:
        if (person := self.people.get(name)) is not None:
            person.contact = person.contact.with_changes(here=here, heard_at=time_now())
            if name == self.current:
                self._tell(Altered(f"{harmless_name(name)} is {'here' if here else 'away'}"))

    async def _arrived(self, message: ChatLine) -> None:
        if self.known.find_by_name(message.contact) is None:
            await self._meet()
        known = self.known.find_by_name(message.contact)
        if known is None:
            return
        self.known.note_last(known, message)
        known.note_unread(message)
        self._tell(LineAdded(message))
        if known.name == self.current:
            await self.mark_shown()

    def _sent_elsewhere(self, message: ChatLine) -> None:
        """Another program of this home sent a message."""
        known = self.known.find_by_name(message.contact)
        if known is not None and message.id not in self.sent:
            self.known.note_last(known, message)
            self._tell(LineAdded(message))

    def _rewritten(self, message: ChatLine) -> None:
        known = self.known.find_by_name(message.contact)
        if known is not None and known.last is not None and known.last.id == message.id:
            known.last = message
        self.sent.replace_text(message.id, message.text)
        self._tell(LineRewritten(message))

    def _referred(self, message: ChatLine, line: str, ours: bool) -> None:
        known = self.known.find_by_name(message.contact)
        if known is not None:
            if known.last is not None and known.last.id == message.id:
                known.last = message
            if message.withdrawn:
                known.note_read([message.id])
        self.sent.replace_text(message.id, message.text)
        self._tell(ReferenceAdded(message, line, ours))

    async def _forgotten(self, name: str, id: str | None) -> None:
        known = self.known.find_by_name(name)
        if known is not None and (id is None or (known.last is not None and known.last.id == id)):
            known.last = None
            with suppress(*PASSING):
                known.last = next(iter(lines_of(await self.node.history(name, limit=1))), None)
        self.sent.forget_texts(name, id)
        self._tell(LineForgotten(name, id))

    # --- sending

    def say_text(self, text: str, reply_to: ChatLine | None = None) -> ChatLine:
        """Send a text to the open conversation, after all earlier messages and requests; return its line."""
        room = self.current in self.known.rooms
        return self.sent.say_text(self.me, self.current, text, self.requests.last, reply_to, in_room=room)

    def _queued(self, line: ChatLine) -> None:
        known = self.known.find_by_name(line.contact)
        if known is not None:
            self.known.note_last(known, line)
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


def _told(event: ContactEvent | SessionEvent | FileEvent) -> Decided | Altered | None:
    """The line about an event, if there is one; the code that added a contact tells that."""
    if line := notice(event):
        return Decided(line)
    if isinstance(event, ContactEvent) and event.change != "added":
        return Altered(contact_line(event))
    return None

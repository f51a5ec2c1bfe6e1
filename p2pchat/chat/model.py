"""Everybody we talk with: what is new, what is unread, and what becomes of what we say.

Knows: the client's events and their order. Does not know: the screen.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from p2pchat.chat.happenings import (
    Altered,
    Changed,
    Decided,
    Forgotten,
    Happened,
    Moved,
    NodeFound,
    NodeLost,
    Preferred,
    Refused,
    Reminded,
    Rewritten,
    Said,
)
from p2pchat.chat.lines import FINAL, ChatLine, Stage, is_further, line_of, lines_of
from p2pchat.client import NodeBack
from p2pchat.control import events
from p2pchat.control.events import (
    ContactChanged,
    Heard,
    Link,
    Message,
    Presence,
    Receipt,
    SessionTurned,
    SettingChanged,
)
from p2pchat.control.values import given
from p2pchat.errors import ControlError, NetworkError, P2PChatError, StoreError, UsageError
from p2pchat.text import harmless_name, indented, shortened
from p2pchat.wording.backups import reminder
from p2pchat.wording.lines import contact_line
from p2pchat.wording.notices import notice

if TYPE_CHECKING:
    from p2pchat.client import Node
    from p2pchat.control.answers import Contact

UNREAD_MAX: Final = 1000
"""Ids kept for one contact; a flood beyond that stays unheard and is offered again another time."""

FOLLOWED: Final = 1000
"""Messages sent from here whose states are followed; older ones are read back with the history."""

LEAVE_S: Final = 3.0
"""Patience with a node that does not take what was said, when one leaves."""

DRAFT_S: Final = 1.0
"""Until what is being written is kept: not each letter for itself."""

RETRY_S: Final = 2.0
"""Between attempts to reach a node that cannot be found or run."""

_PASSING: Final = (ControlError, NetworkError, StoreError)
"""Failures that say nothing about the message, only about the node: worth another attempt."""


@dataclass(slots=True)
class Person:
    """A contact, and what was said with them last."""

    contact: Contact
    last: ChatLine | None = None
    place: int = 0
    """Grows with each message, by when it came here: what others' clocks say orders nothing."""
    unread: dict[str, None] = field(default_factory=dict)
    """Ids of messages that were not looked at."""
    unheard: int = 0
    """How many came while no chat was open, and are told as soon as somebody listens."""

    @property
    def name(self) -> str:
        return str(self.contact.name)

    @property
    def muted(self) -> bool:
        """Whether they make no noise."""
        return bool(self.contact.muted or self.contact.blocked)


@dataclass(slots=True)
class _Sent:
    to: str
    text: str
    at: str
    stage: Stage = "sending"
    after: asyncio.Future[None] | None = None
    """What was asked before of the node, and may say how this is to be sent."""


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
        self.drafts: dict[str, str] = {}
        """What was begun, by whom it is for."""
        self._kept_drafts: dict[str, str] | None = None
        """What the home has of them; None: not known yet."""
        self._begun = asyncio.Event()
        self._places = 0
        self._reminded = False
        self._tell = tell
        self._sent: OrderedDict[str, _Sent] = OrderedDict()
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._deeds: asyncio.Queue[tuple[Coroutine[Any, Any, None], asyncio.Future[None]]] = asyncio.Queue()
        self._last_deed: asyncio.Future[None] | None = None
        self._handed = asyncio.Event()
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
        if self._kept_drafts is None:
            self._kept_drafts = {draft.name: draft.text for draft in await self.node.read_drafts()}
            self.drafts = {**self._kept_drafts, **self.drafts}
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

    async def look_round(self) -> None:
        """Learn anew when everybody was heard."""
        for contact in await self.node.contacts():
            person = self.people.get(contact.name)
            if person is not None and person.contact.fingerprint == contact.fingerprint:
                person.contact = contact

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
        for sent in self._sent.values():
            if sent.to == old:
                sent.to = new
        if old != new and old in self.drafts:
            self.drafts[new] = self.drafts.pop(old)

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
            with suppress(*_PASSING):  # they are offered again
                await self.node.heard(ids)
        self._tell(Changed())

    # --- what happens

    async def follow_events(self) -> None:
        """Tell what happens, for ever, through nodes that go and come."""
        while True:
            try:
                await self._catch_up()
                async for event in self.node.listen(own=True):
                    await self.take_event(event)
            except _PASSING as error:
                self._tell(NodeLost(f"{error}; trying again"))
                await asyncio.sleep(RETRY_S)

    async def take_event(self, event: Heard) -> None:
        """One event of the node."""
        match event:
            case Message(outgoing=True):
                self._sent_elsewhere(line_of(event))
            case Message():
                await self._arrived(line_of(event))
            case events.Rewritten():
                self._rewritten(line_of(event))
            case events.Forgotten(contact=name, id=id):
                await self._forgotten(name, id)
            case Receipt(id=id, state=state):
                self._moved(id, state)
            case Presence(name=name, here=here):
                if name in self.people:
                    person = self.people[name]
                    person.contact = person.contact.with_changes(here=here, heard_at=_now())
                    if name == self.current:
                        self._tell(Altered(f"{harmless_name(name)} is {'here' if here else 'away'}"))
            case Link(links=links):
                self.links = links
            case ContactChanged() | SessionTurned():
                await self._meet()
                if line := notice(event):
                    self._tell(Decided(line))
                elif isinstance(event, ContactChanged) and event.change != "added":
                    self._tell(Altered(contact_line(event)))  # who is added is told by whoever asked for it
            case SettingChanged():
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
        self._tell(Said(message))
        if person.name == self.current:
            await self.mark_shown()

    def _sent_elsewhere(self, message: ChatLine) -> None:
        """Another program of this home, or another chat, said something."""
        person = self.people.get(message.contact)
        if person is not None and message.id not in self._sent:
            self._spoke(person, message)
            self._tell(Said(message))

    def _rewritten(self, message: ChatLine) -> None:
        person = self.people.get(message.contact)
        if person is not None and person.last is not None and person.last.id == message.id:
            person.last = message
        self._tell(Rewritten(message))

    async def _forgotten(self, name: str, id: str | None) -> None:
        person = self.people.get(name)
        if person is not None and (id is None or (person.last is not None and person.last.id == id)):
            person.last = None
            with suppress(*_PASSING):
                person.last = next(iter(lines_of(await self.node.history(name, limit=1))), None)
        self._tell(Forgotten(name, id))

    # --- what we say

    def say_text(self, text: str) -> ChatLine:
        """Have a text sent to whom we look at, after all that was said before; return it as a line."""
        message = os.urandom(16).hex()
        sent = _Sent(self.current, text, _now(), after=self._last_deed)
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

    def ask_node(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something asked of the node, after all that was asked and before all that is said later."""
        self._last_deed = asyncio.get_running_loop().create_future()
        self._deeds.put_nowait((work, self._last_deed))

    async def run_requests(self) -> None:
        """Ask the node for what it is to do, one after another, for ever."""
        while True:
            work, done = await self._deeds.get()
            try:
                await work
            finally:
                done.set_result(None)

    async def all_requests_run(self) -> None:
        """Wait until the node has done all that it was asked for so far."""
        if self._last_deed is not None:
            await asyncio.wait([self._last_deed])

    async def _hand_over(self, message: str, sent: _Sent) -> None:
        if sent.after is not None:
            await asyncio.wait([sent.after])
        while True:
            try:
                queued = await self.node.send(sent.to, sent.text, wait="queued", id=message)
            except _PASSING as error:
                self._tell(NodeLost(f"{error}; not sent yet: {shortened(sent.text, 30)}"))
                await asyncio.sleep(RETRY_S)
            except P2PChatError as error:
                self._sent.pop(message, None)
                self._tell(Refused(message, sent.to, sent.text, str(error)))
                return
            else:
                break
        person = self.people.get(sent.to)
        if person is not None:
            self._spoke(person, replace(self._line(message, sent), at=queued.at))
        self._moved(message, queued.state)
        self._tell(Changed())

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
        return ChatLine(id, sent.to, self.me, sent.at, sent.text, outgoing=True, stage=sent.stage)

    def _moved(self, message: str, stage: Stage) -> None:
        """Note a state, never backwards."""
        known = self._sent.get(message)
        if known is not None:
            if not is_further(stage, known.stage):
                return
            known.stage = stage
        self._tell(Moved(message, stage))

    async def _catch_up(self) -> None:
        """Ask for the states that a node which went away could not tell us any more.

        The same message again is not sent again; the answer says how far it is.
        """
        for message, sent in list(self._sent.items()):
            if sent.stage in ("queued", "relayed"):
                with suppress(UsageError):  # the contact was removed or renamed
                    known = await self.node.send(sent.to, sent.text, wait="queued", id=message)
                    self._moved(message, known.state)

    def not_handed_over(self) -> list[tuple[str, str]]:
        """To whom what was said that no node has yet."""
        return [(sent.to, sent.text) for sent in self._sent.values() if sent.stage == "sending"]

    async def leave_chat(self) -> None:
        """Wait a moment for the node to take what was said and what was begun."""
        with suppress(TimeoutError, *_PASSING):
            async with asyncio.timeout(LEAVE_S):
                await self.all_handed_over()
                await self._keep_drafts()

    # --- what we begin to say

    def note_draft(self, name: str, text: str) -> None:
        """What is being written to somebody, for it to be there again; commands are not kept."""
        begun = text if not text.startswith("/") or text.startswith("//") else ""
        if name in self.people and begun != self.drafts.get(name, ""):
            self.drafts[name] = begun
            self._begun.set()

    async def keep_drafts(self) -> None:
        """Have the home keep what was begun, a moment after it was, for ever."""
        while True:
            await self._begun.wait()
            await asyncio.sleep(DRAFT_S)
            self._begun.clear()
            with suppress(*_PASSING, UsageError):  # kept with the next letter, or nobody's any more
                await self._keep_drafts()

    async def _keep_drafts(self) -> None:
        kept = self._kept_drafts if self._kept_drafts is not None else {}
        for name, text in list(self.drafts.items()):
            if name in self.people and text != kept.get(name, ""):
                await self.node.keep_draft(name, text)
                kept[name] = text

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


def _now() -> str:
    """The time as events give it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

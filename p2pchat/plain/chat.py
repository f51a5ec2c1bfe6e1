"""A chat in lines: shows events, and handles typed lines.

Knows: the model's events, and the line for each. Does not know: the terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from p2pchat.chat import happenings
from p2pchat.chat.commands import complete, vocabulary
from p2pchat.chat.counterparts import ChatRoom, Counterpart, Person
from p2pchat.chat.lines import ChatLine, Stage, has_reached_all, lines_of
from p2pchat.chat.model import LOOK_S, ChatModel
from p2pchat.chat.verbs import HISTORY_LINES, Verbs
from p2pchat.errors import P2PChatError
from p2pchat.plain.screen import Answers, PlainScreen
from p2pchat.plain.sheet import Line, Sheet
from p2pchat.text import harmless_name, shortened
from p2pchat.wording.presence import presence, seen, whereabouts
from p2pchat.wording.rooms import room_members
from p2pchat.wording.settings import clock_of
from p2pchat.wording.signs import UNICODE, Signs

if TYPE_CHECKING:
    from p2pchat.client import Node

ENTRY_LINES_MAX: Final = 200
"""Lines shown when a conversation is opened, even if more are unread: a person cannot read a thousand at
once."""

MARKED: Final = 3
"""Sent messages whose state is always in view."""


class PlainChat:
    """One person at one terminal. ``put_back`` has a text go on being written, if nothing else was begun."""

    def __init__(
        self,
        node: Node,
        show: Callable[[Line], None],
        changed: Callable[[], None],
        leave: Callable[[], None],
        put_back: Callable[[str], bool] = lambda text: False,
        signs: Signs = UNICODE,
    ) -> None:
        self.model = ChatModel(node, self._on_happening)
        self.sheet = Sheet(show, signs)
        self.screen = PlainScreen(self, leave)
        self.verbs = Verbs(self.model, self.screen)
        self.draw = changed
        self._put_back = put_back
        self.question: Answers | None = None
        """What the next line is an answer to."""
        self._late: list[ChatLine] | None = None
        """What comes while a conversation is read; None while none is."""

    # --- the whole

    async def begin_chat(self, name: str) -> None:
        """Read the contacts, and open a conversation. Raises P2PChatError."""
        await self.model.load_people()
        self.sheet.clock = clock_of(await self.model.node.settings())
        self.model.open_conversation(name)
        await self._show_opened()

    async def run_chat(self) -> None:
        """Go on for ever."""
        works = (
            self.model.follow_events(),
            self.model.sent.send_texts(),
            self.model.requests.run_all(),
            self.model.drafts.keep_changes(),
            self._look_round(),
        )
        await asyncio.gather(*works)

    async def _look_round(self) -> None:
        """Read the state of the node, and when each contact was heard, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(P2PChatError):
                await self.model.look_round()
            self.draw()

    def take_line(self, text: str) -> None:
        """What was typed: an answer, a command, or a line to be said."""
        if self.question is not None:
            (yes, no), self.question = self.question, None
            self._attempt(yes if text.strip().lower() in ("yes", "y") else no or self._do_nothing)
        elif not self._attempt(lambda: self.verbs.take_line(text)) and not text.startswith("/"):
            self._put_back(text)

    def _do_nothing(self) -> None:
        self.sheet.tell_line("nothing was done")

    def _attempt(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except P2PChatError as error:
            self.sheet.tell_line(str(error))
            return False
        return True

    def note_begun(self, text: str) -> None:
        """What is being written now."""
        if self.question is None:
            self.model.note_draft(text)

    def complete_line(self, text: str) -> list[str]:
        """What a line may become."""
        return complete(text, vocabulary(self.model))

    # --- what happens

    def _on_happening(self, what: happenings.Happening) -> None:
        match what:
            case happenings.LineAdded(line):
                self._on_line(line)
            case happenings.Moved(id, stage):
                self._moved(id, stage)
            case happenings.Refused(_, _, text, why):
                self.sheet.tell_line(why)
                self._put_back(text)
            case happenings.NodeLost(line):
                self.sheet.tell_trouble(line)
            case happenings.NodeFound(line):
                self.sheet.end_trouble(line)
            case happenings.Hindered(line):
                if line:
                    self.sheet.tell_trouble(line)
                else:
                    self.sheet.end_trouble(self._tell_what_leaves())
            case happenings.Decided(line) | happenings.Reminded(line) | happenings.Altered(line):
                self.sheet.tell_line(line)
            case happenings.RoomChanged(notice, urgent):
                self._tell_change(notice, urgent)
            case happenings.ReferenceAdded(message, line):
                self._tell_reference(message, line)
            case (
                happenings.LineRewritten()
                | happenings.ReachedMembers()
                | happenings.LineForgotten()
                | happenings.Preferred()
                | happenings.Changed()
            ):
                pass
        self.draw()

    def _on_line(self, line: ChatLine) -> None:
        if line.contact == self.model.current:
            if self._late is not None:
                self._late.append(line)
            else:
                self.sheet.show_once(line)
        elif not line.outgoing and self.sheet.is_new(line.id):
            known = self.model.known.find_named(line.contact)
            if not line.in_room or known.is_loud(line):
                self._announce(line, known)

    def _announce(self, line: ChatLine, known: Counterpart) -> None:
        """Tell of a message in another conversation."""
        name = harmless_name(known.name)
        who = f"{harmless_name(line.sender)} wrote in {name}" if line.in_room else f"{name} wrote"
        for_us = f", {len(known.mentions)} for you" if known.mentions else ""
        self.sheet.tell_line(f"{who} ({len(known.unread)} unread{for_us}); /switch {name}")

    def _tell_change(self, notice: ChatLine, urgent: bool) -> None:
        """What changed in a room: in its conversation, and what is urgent in all."""
        if notice.contact == self.model.current:
            self.sheet.tell_line(notice.text)
        elif urgent:
            self.sheet.tell_line(f"{harmless_name(notice.contact)}: {notice.text}")

    def _tell_reference(self, message: ChatLine, line: str) -> None:
        """What was said of a line above is a line of its own: what stands there cannot change."""
        here = message.contact == self.model.current
        self.sheet.tell_line(line if here else f"{line} (/switch {harmless_name(message.contact)})")

    def _moved(self, id: str, stage: Stage) -> None:
        """Show a line of ours once it is safe; say its state in a line once others have its place below."""
        waited = self.sheet.pop_queued(id) if stage not in ("sending", "queued") else None
        line = self.model.sent.line_sent(id) or waited
        if line is None:
            return
        if line.contact == self.model.current:
            self.sheet.show_once(replace(line, stage="sending"))
        recent = [sent.id for sent in self.model.sent.lines_sent(line.contact)[-MARKED:]]
        if waited or stage in ("expired", "cancelled") or (stage == "delivered" and id not in recent):
            self.sheet.tell_stage(line, stage)

    def _tell_what_leaves(self) -> str:
        """That nothing is in the way any more, and how much of ours goes out for that."""
        sent = self.model.sent.lines_sent(self.model.current)
        waiting = sum(line.stage in ("sending", "queued") for line in sent)
        what = {0: "", 1: "; your message goes out now"}.get(waiting, f"; your {waiting} messages go out now")
        return f"nothing is in the way any more{what}"

    @property
    def prompt(self) -> Line:
        """Return the text in front of what the person writes."""
        return [("me", harmless_name(self.model.me)), ("", "> ")]

    @property
    def status_line(self) -> Line:
        """The presence of contacts, the number of links, and the states of the last messages."""
        opened, links = self.model.known.find_by_name(self.model.current), self.model.links
        if opened is None:
            return [("status", f" {links} link{'' if links == 1 else 's'}")]
        line: Line = [self._tell_opened(opened, datetime.now(UTC))]
        line.append(("status", f" | {links} link{'' if links == 1 else 's'}"))
        if unread := self.model.known.count_unread():
            mentions = self.model.known.count_mentions()
            line.append(("here", f" | {unread} unread{f', {mentions} for you' if mentions else ''}"))
        if mine := self.model.sent.lines_sent(opened.name)[-MARKED:]:
            mark = self.sheet.signs.mark_of
            marks = "  ".join(
                f"{mark(sent.stage, sent.reached, sent.of)} {shortened(sent.text, 16)}".rstrip()
                for sent in mine
            )
            line.append(("status", f" | {marks}"))
        return line

    def _tell_opened(self, opened: Counterpart, now: datetime) -> tuple[str, str]:
        """Who the open conversation is with: where a contact is, or how many are in a room."""
        name = harmless_name(opened.name)
        if isinstance(opened, ChatRoom):
            return ("status", f" {name} {self.tell_whereabouts(opened, now)}")
        here = seen(opened.contact, bool(self.model.links), now) if isinstance(opened, Person) else None
        dot = self.sheet.signs.dots[here]
        return ("here" if here else "status", f" {dot} {name} {self.tell_whereabouts(opened, now)}")

    def tell_whereabouts(self, of: Counterpart, now: datetime) -> str:
        """Where a contact is, or how many are in a room, in a few letters."""
        if isinstance(of, Person):
            return whereabouts(of.contact, bool(self.model.links), now)
        if isinstance(of, ChatRoom) and of.room.state != "out":
            return f"{of.room.members} member{'s' * (of.room.members != 1)}"
        return "left"

    def open_conversation(self, name: str) -> None:
        """Turn to one, and have what was said shown. Raises UsageError."""
        self.model.open_conversation(name)
        self.verbs.have_node(self._show_opened())

    async def _show_opened(self) -> None:
        """Show a screenful, and more when more is unread; what is older can be asked for."""
        opened = self.model.known.find_named(self.model.current)
        unread, opened.unheard = max(len(opened.unread), opened.unheard), 0
        await self.model.following_rooms.read_members(self.model.room)
        if unread > ENTRY_LINES_MAX:
            self.sheet.tell_line(f"{unread} unread; /history {unread} shows them all")
        self._late = []
        try:
            await self.show_last(min(max(HISTORY_LINES, unread), ENTRY_LINES_MAX))
        finally:
            late, self._late = self._late, None
            for line in late:
                self.sheet.show_once(line)
        await self.model.mark_shown()
        if draft := self.model.drafts.text_for(opened.name):
            self._put_back(draft)
        where = self._tell_presence(opened, datetime.now(UTC))
        self.sheet.tell_line(f"talking with {harmless_name(opened.name)} ({where}); /help shows what helps")
        self.draw()

    def _tell_presence(self, of: Counterpart, now: datetime) -> str:
        if isinstance(of, Person):
            return presence(of.contact, bool(self.model.links), now)
        return room_members(of.room) if isinstance(of, ChatRoom) else ""

    async def show_last(self, count: int) -> None:
        """Show the last ``count`` lines of the conversation again."""
        lines, room = (
            lines_of(await self.model.node.history(self.model.current, limit=count)),
            self.model.room,
        )
        self.sheet.show_lines(lines)
        newest = next((line for line in reversed(lines) if line.outgoing), None)
        if room is not None and newest is not None and newest.reached and not has_reached_all(newest):
            self.sheet.tell_reached(newest, room.lacking)

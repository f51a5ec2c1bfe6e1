"""The open conversation: its messages, and the field to write in.

Knows: which messages are read from the node and when, and the handling of drafts. Does not know: the other
parts of the screen, or commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from p2pchat.chat.commands import MENTION
from p2pchat.chat.happenings import Refused
from p2pchat.chat.lines import NOT_HERE, ChatLine, beginning_of, lines_of
from p2pchat.chat.model import ChatModel
from p2pchat.chat.widths import count_columns, cut
from p2pchat.control.rooms import ROOM_SIGN
from p2pchat.errors import P2PChatError
from p2pchat.text import harmless, harmless_name
from p2pchat.tui import around
from p2pchat.tui.compose import Complete, Compose
from p2pchat.tui.message_view import PAGE
from p2pchat.tui.prompts import Prompts
from p2pchat.tui.scrollback import Scrollback

NOBODY: Final = (
    "You have no contacts yet.\n\n"
    "F5  makes a code: say it to a friend.\n"
    "F6  answers the code that a friend has said to you.\n\n"
    "F1 lists all keys; Ctrl-Q leaves."
)


class ConversationPane(Vertical):
    """One conversation at a time. ``complete``: what a line may become."""

    def __init__(self, model: ChatModel, prompts: Prompts, complete: Complete) -> None:
        super().__init__(id="talk")
        self._model = model
        self._prompts = prompts
        self._complete = complete
        self._page = PAGE
        """Messages read when a conversation is opened: a page, and all unread ones."""
        self.replying: ChatLine | None = None
        """The message that the next text answers."""
        self.unloaded = False
        """Whether the messages could not be read, because no node runs."""

    def compose(self) -> ComposeResult:
        yield Static("", id="title")
        with Horizontal(id="middle"):
            yield Static(NOBODY, id="empty", markup=False)
            yield Scrollback(id="scrollback")
            with VerticalScroll(id="mesh", can_focus=False):
                yield Static("", id="mesh-picture", markup=False)
        yield Static("", id="hint", markup=False)
        yield Compose(self._complete, id="compose")

    @property
    def scrollback(self) -> Scrollback:
        """The messages."""
        return self.query_one(Scrollback)

    @property
    def writing(self) -> Compose:
        """The field to write in."""
        return self.query_one(Compose)

    def show_title(self, title: around.Title) -> None:
        """Show the title, and the effect of Enter."""
        self.query_one("#title", Static).update(title)
        back = self.scrollback
        self.writing.border_title = around.above_writing(
            self._model.current, back.below, back.following, self.replying
        )

    # --- what is read from the node

    def open_conversation(self, name: str, around: ChatLine | None = None) -> None:
        """Turn to a conversation; ``around`` a message, or at its end. The messages may come later from the
        node; text typed meanwhile belongs to this conversation. Raises UsageError."""
        left = self._model.current
        self._model.open_conversation(name)
        name = self._model.current
        known = self._model.known.find_named(name)
        unread = list(known.unread)
        self._page, known.unheard = PAGE + max(len(unread), known.unheard), 0
        if left and left != name:
            self._model.drafts.note_text(left, self.writing.text)
        if left != name:
            self.replying = None
            self.writing.continue_text(self._model.drafts.text_for(name))
        self.mark_shown()
        self.reload_messages(around, unread)

    def show_last(self, lines: int) -> None:
        """Load the last ``count`` lines, and show the newest."""
        self._page = max(PAGE, lines)
        self.reload_messages()

    def reload_messages(self, around: ChatLine | None = None, unread: Sequence[str] = ()) -> None:
        """Load the messages again; ``unread`` are the ids of unread ones."""
        self.scrollback.clear()
        self._load(self._model.current, around, unread)

    @work(exclusive=True, group="page", exit_on_error=False)
    async def _load(self, name: str, around: ChatLine | None, unread: Sequence[str]) -> None:
        self.unloaded = not await self._prompts.try_work(self._read(name, around, unread))

    async def _read(self, name: str, around: ChatLine | None, unread: Sequence[str]) -> None:
        node = self._model.node
        if around is None:
            lines = lines_of(await node.history(name, limit=self._page))
            shown = [*lines, *self._model.sent.lines_waiting(name, lines)]
            oldest = len(lines) < self._page
            if (room := self._model.room) is not None:
                await self._model.following_rooms.read_members(room)
                self.show_look()
                shown = room.with_notices(shown, oldest=oldest)
            self.scrollback.show_lines(shown, oldest=oldest, unread=next(iter(unread), None))
            return
        before = lines_of(await node.history(name, before=around.id, limit=PAGE // 2))
        after = lines_of(await node.history(name, after=around.id, limit=PAGE // 2))
        oldest, newest = (len(half) < PAGE // 2 for half in (before, after))
        messages = [*before, around, *after]
        self.scrollback.show_lines(messages, oldest=oldest, newest=newest, reveal=around.id)

    @on(Scrollback.PageRequested)
    def _on_page_requested(self, event: Scrollback.PageRequested) -> None:
        if event.id:
            self._fetch(self._model.current, event.id, event.before)
        else:
            self.reload_messages()

    @work(exclusive=True, group="page", exit_on_error=False)
    async def _fetch(self, name: str, id: str, before: bool) -> None:
        first, last = (id, None) if before else (None, id)
        try:
            lines = lines_of(await self._model.node.history(name, limit=PAGE, before=first, after=last))
        except P2PChatError:
            self.scrollback.forget_request()
            raise
        if name == self._model.current:
            self.scrollback.add_page(lines, before=before, last=len(lines) < PAGE)

    def show_look(self) -> None:
        """Draw names in the colours of their keys, and say who lacks our newest message."""
        room = self._model.room
        hues = self._model.known.hues_in(room) if room is not None else {}
        self.scrollback.messages.set_look(hues=hues, lacking=tuple(room.lacking) if room is not None else ())

    # --- events

    @on(Scrollback.Followed)
    def _on_followed(self) -> None:
        """Show a new message; it counts as read if it is in sight."""
        self._model.following = self.scrollback.following
        if self._model.following:
            self.mark_shown()

    @work(group="heard", exit_on_error=False)
    async def mark_shown(self) -> None:
        """Mark what is on the screen as heard: the person looks."""
        await self._model.mark_shown()

    def show_message(self, message: ChatLine) -> None:
        """Show a new message, and mark the unread ones."""
        messages = self.scrollback.messages
        is_known = messages.find_message(message.id) is not None and not message.outgoing
        self.scrollback.add(message)
        if is_known or not self._model.looking:
            messages.begin_unread(message.id)

    def show_reference(self, message: ChatLine) -> None:
        """Show a message, and replies to it, after a reference to it came."""
        messages = self.scrollback.messages
        messages.replace_message(message)
        messages.renew_replies(message.id, beginning_of(message))
        if message.withdrawn and self.replying is not None and self.replying.id == message.id:
            self.replying = None

    def forget_messages(self, name: str, id: str | None) -> None:
        """Remove a deleted message, or without an id all messages."""
        if id is not None:
            self.scrollback.messages.remove_message(id)
            self.scrollback.messages.renew_replies(id, NOT_HERE)
        elif name == self._model.current:
            self.reload_messages()

    def take_back(self, refused: Refused) -> None:
        """Put the text of a message that cannot be sent back into the field."""
        self.scrollback.messages.remove_message(refused.id)
        here, to = refused.to == self._model.current, harmless_name(refused.to)
        if here and not self.writing.text:
            self.writing.continue_text(refused.text)
            self._prompts.tell_failure(refused.why)
        elif not here and not self._model.drafts.text_for(refused.to):
            self._model.drafts.note_text(refused.to, refused.text)
            self._prompts.tell_failure(f"not sent to {to}, and kept there: {refused.why}")
        else:
            self._prompts.tell_failure(f"not sent to {to}, Up brings it back: {refused.why}")

    # --- writing

    def say_line(self, text: str, reply_to: ChatLine | None = None) -> None:
        """Send a line to the open conversation, as a reply if a message was chosen for it."""
        line = self._model.say_text(text, reply_to or self.replying)
        self.replying = None
        messages = self.scrollback.messages
        messages.set_unread(None)
        if messages.newest:
            self.scrollback.add(line)
            self.scrollback.to_end()
        else:
            self.reload_messages()

    @on(Compose.Offered)
    def _on_offered(self, event: Compose.Offered) -> None:
        self._model.note_draft(self.writing.text)
        hint = self.query_one("#hint", Static)
        hint.display = bool(event.offers)
        hint.update(Text(_list_offers(event.offers, max(20, self.size.width - 2)), no_wrap=True))

    @on(Compose.TooLong)
    def _on_too_long(self) -> None:
        self._prompts.tell_failure(
            "that is more than a message holds (64 KiB); send it in parts, or as a file elsewhere"
        )


def _list_offers(lines: Sequence[str], width: int) -> str:
    """As many of them as fit, each whole."""
    row = ""
    for line in lines:
        longer = f"{row}  {_offered(line)}".lstrip()
        if count_columns(longer) > width - 2 * (line != lines[-1]):
            return f"{row} …" if row else cut(longer, width)
        row = longer
    return row


def _offered(line: str) -> str:
    """What is new in a completed line: of a text, the name at its end."""
    if line.startswith("/"):
        return harmless(line)
    return harmless(line[max(line.rfind(MENTION), line.rfind(ROOM_SIGN)) :].rstrip())

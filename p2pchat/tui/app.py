"""The chat on the whole screen: its parts, its keys, and what they lead to.

Knows: which part is told what. Does not know: how any part looks, or what a node is made of.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, ClassVar, Final

from rich.console import RenderableType
from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, OptionList, Static, TextArea

from p2pchat.chat.commands import complete
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
from p2pchat.chat.lines import ChatLine, lines_of
from p2pchat.chat.model import ChatModel
from p2pchat.chat.verbs import Verbs
from p2pchat.config.table import BOUND
from p2pchat.control.answers import SettingInfo
from p2pchat.errors import P2PChatError
from p2pchat.pictures.status import mesh_picture
from p2pchat.text import harmless, harmless_name, one_line
from p2pchat.tui import around, noise
from p2pchat.tui.acts import Screens
from p2pchat.tui.compose import Compose
from p2pchat.tui.dialogs import Help, Report
from p2pchat.tui.ending import Quiet
from p2pchat.tui.people import People
from p2pchat.tui.preferences import Preferences, keymap, preferences, theme_here
from p2pchat.tui.scrollback import PAGE, Scrollback
from p2pchat.wording.exposure import hidden_in_short
from p2pchat.wording.settings import of_this_chat

if TYPE_CHECKING:
    from p2pchat.client import Node

NARROW: Final = 72
TIGHT: Final = 108
"""With fewer columns the people (narrow), the mesh (tight) take the place of the talk."""

LOW, LOWER, LOWEST = 18, 12, 8
"""With fewer lines the keys go, then the title, then the status, unless it tells of trouble."""

LOOK_S: Final = 5.0
"""Between looks at the node's state."""

_ACTIONS: Final = {
    "people": "people",
    "mesh": "mesh",
    "next": "next(1)",
    "previous": "next(-1)",
    "unread": "unread",
    "mute": "act('toggle_mute')",
    "block": "act('toggle_block')",
    **{verb: f"act('{verb}')" for verb in ("help", "search", "invite", "join", "verify", "settings")},
}
"""What each key that may be another does."""

NOBODY: Final = (
    "You know nobody here yet.\n\n"
    "F5  makes a code: say it to a friend.\n"
    "F6  answers the code that a friend has said to you.\n\n"
    "F1 lists all keys; Ctrl-Q leaves."
)


class Chat(Quiet[None]):
    """One person's chat. ``whom``: the conversation to begin with, or the latest."""

    CSS_PATH = "chat.tcss"
    TITLE = "p2pchat"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(keys, _ACTIONS[does], id=does, priority=True) for does, keys in BOUND.items()),
        Binding("pageup", "page(-1)", priority=True),
        Binding("pagedown", "page(1)", priority=True),
        Binding("ctrl+end", "newest", priority=True),
        Binding("ctrl+z", "suspend_process", priority=True),
        Binding("ctrl+d,ctrl+q", "leave", priority=True),
    ]

    def __init__(self, node: Node, whom: str = "") -> None:
        super().__init__()
        self.model = ChatModel(node, self._happened)
        self.screens = Screens(self)
        self.verbs = Verbs(self.model, self.screens)
        self.preferences = Preferences()
        self.told_here: dict[str, SettingInfo] = {}
        """Settings of chats that this program's environment has, by key."""
        self._whom = whom
        self._trouble = ""
        self._no_way = ""
        """Why no link comes up with those who are there."""
        self._hidden = ("", "")
        self._page = PAGE
        """Messages read when a conversation is opened: a page, and all that nobody has read yet."""
        self._leaving = False
        self._unloaded = False
        """Whether what was said could not be read, as there is no node."""

    @property
    def node(self) -> Node:
        """The node we talk through."""
        return self.model.node

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield People(id="people")
            with Vertical(id="talk"):
                yield Static("", id="title")
                with Horizontal(id="middle"):
                    yield Static(NOBODY, id="empty", markup=False)
                    yield Scrollback(id="scrollback")
                    with VerticalScroll(id="mesh", can_focus=False):
                        yield Static("", id="mesh-picture", markup=False)
                yield Static("", id="hint", markup=False)
                yield Compose(self._completions, id="compose")
        yield Static("", id="status", markup=False)
        yield Static("", id="keys", markup=False)

    # --- parts

    @property
    def people(self) -> People:
        return self.query_one(People)

    @property
    def scrollback(self) -> Scrollback:
        return self.query_one(Scrollback)

    @property
    def writing(self) -> Compose:
        """Where one writes."""
        return self.query_one(Compose)

    async def on_mount(self) -> None:
        await self._prefer()
        await self.model.load_people()
        self.run_worker(self.model.follow_events(), name="follow")
        self.run_worker(self.model.sent.send_texts(), name="send")
        self.run_worker(self.model.requests.run_all(), name="act")
        self.run_worker(self.model.drafts.keep_changes(), name="drafts")
        self.set_interval(LOOK_S, self._look)
        self._look()
        people = self.model.in_order()
        if self._whom or people:
            self.open(self._whom or people[0].name)
        self._show_parts()
        self.writing.focus()

    # --- what happens

    def _happened(self, what: Happened) -> None:
        """The conversations tell; the parts show it."""
        if not self.is_running or not self.screen_stack:
            return
        match what:
            case Said(message):
                self._said(message)
            case Rewritten(message):
                self.scrollback.renew(message)
            case Forgotten(name, id):
                self._forgotten(name, id)
            case Moved(id, stage):
                self.scrollback.move(id, stage)
            case Refused():
                self._refused(what)
            case NodeLost(line):
                self._trouble = line
            case NodeFound(line):
                self._trouble = ""
                self.notify(line, timeout=3)
                if self._unloaded:
                    self.load(self.model.current)
            case Decided(line) | Reminded(line):
                self.notify(line, timeout=8, markup=False)
            case Preferred():
                self.run_worker(self._prefer(), group="prefer", exclusive=True, exit_on_error=False)
            case Altered() | Changed():
                pass
        self._show_parts()

    async def _prefer(self) -> None:
        """Have what is set for chats, now and whenever it is changed; a node that cannot tell is no reason to
        wait."""
        found: Sequence[SettingInfo] = []
        with suppress(P2PChatError):
            found = await self.node.settings()
        self.told_here = {
            each.key: ours for each in found if (ours := of_this_chat(each, os.environ)) != each
        }
        self.preferences = chosen = preferences(found, os.environ)
        for problem in chosen.problems:
            self.complain(problem)
        colours = None if self.is_headless else self.console.color_system
        self.theme = theme_here(chosen.theme, colours, os.environ)
        self.scrollback.set_clock(chosen.clock)
        self.set_keymap(keymap(chosen.keys))

    def _said(self, message: ChatLine) -> None:
        name = message.contact
        person = self.model.people[name]
        if name == self.model.current:
            came_before = self.scrollback.message(message.id) is not None and not message.outgoing
            self.scrollback.add(message)
            if came_before or not self.model.looking:
                self.scrollback.begin_unread(message.id)
        if message.outgoing or person.muted or (name == self.model.current and self.model.looking):
            return
        self._make_noise(name)
        if self.model.looking:
            self.notify(f"{harmless_name(name)} wrote", timeout=3, markup=False)

    def everyone(self) -> RenderableType:
        """All contacts, and what is to be known about each."""
        return around.everyone(self.model.in_order(), bool(self.model.links), datetime.now(UTC))

    def _forgotten(self, name: str, id: str | None) -> None:
        if id is not None:
            self.scrollback.take_away(id)
        elif name == self.model.current:
            self.load(name)

    def _make_noise(self, name: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(noise.sequences(name, self.preferences.notifications))
            self._driver.flush()
            if self.preferences.notifications == "all":
                noise.notify_desktop(name)

    def _refused(self, refused: Refused) -> None:
        self.scrollback.take_away(refused.id)
        here = refused.to == self.model.current
        if here and not self.writing.text:
            self.writing.load(refused.text)
            self.complain(refused.why)
        elif not here and not self.model.drafts.text_for(refused.to):
            self.model.drafts.note_text(refused.to, refused.text)
            self.complain(f"not sent to {harmless_name(refused.to)}, and kept there: {refused.why}")
        else:
            self.complain(f"not sent to {harmless_name(refused.to)}, Up brings it back: {refused.why}")

    def attempt(self, act: Callable[[], object]) -> bool:
        """Do something; if it cannot be done, say so in a line and return False."""
        try:
            act()
        except P2PChatError as error:
            self.complain(error)
            return False
        return True

    async def managed(self, work: Awaitable[object]) -> bool:
        """Wait for something; if the node refuses or cannot be had, say so in a line and return False."""
        try:
            await work
        except P2PChatError as error:
            self.complain(error)
            return False
        return True

    def complain(self, why: object) -> None:
        """One line about what did not work."""
        self.notify(one_line(str(why)), severity="warning", timeout=8, markup=False)

    # --- what is shown

    def _show_parts(self) -> None:
        current = self.model.people.get(self.model.current)
        linked, now = bool(self.model.links), datetime.now(UTC)
        self.people.show(self.model.in_order(), self.model.current, linked=linked, now=now)
        self.screen_stack[0].set_class(current is None, "-nobody")
        self.screen_stack[0].set_class(bool(self._trouble or self._no_way), "-troubled")
        self.query_one("#title", Static).update(around.title(current, linked, now))
        back = self.scrollback
        self.writing.border_title = around.above_writing(self.model.current, back.below, back.following)
        width = max(1, self.size.width - 2)
        self.query_one("#status", Static).update(around.status(self._state(), width))
        self.query_one("#keys", Static).update(self._keys(width))

    def _state(self) -> around.State:
        model = self.model
        return around.State(
            model.links,
            self._hidden,
            model.sent.count_undelivered(),
            model.count_unread(),
            self._trouble or self._no_way,
        )

    def _keys(self, width: int) -> Text:
        if self.scrollback.has_focus:
            return around.keys(around.SELECTING_KEYS, width)
        if self.people.has_focus:
            return around.keys(around.LISTING_KEYS, width)
        return around.writing_keys(width)

    def _completions(self, text: str) -> list[str]:
        return complete(text, self.model.people, sorted(self.available_themes))

    @on(Compose.Offered)
    def _offer(self, event: Compose.Offered) -> None:
        self.model.note_draft(self.writing.text)
        hint = self.query_one("#hint", Static)
        hint.display = bool(event.offers)
        hint.update(Text("  ".join(map(harmless, event.offers)), no_wrap=True, overflow="ellipsis"))

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self) -> None:
        """Ask the node how it is."""
        status = await self.node.status()
        await self.model.look_round()
        self._hidden = hidden_in_short(status.meshes)
        self._no_way = status.no_way
        if self.screen_stack[0].has_class("-meshed"):
            self.query_one("#mesh-picture", Static).update(mesh_picture(status))
        self.scrollback.forget_expired(time())
        self._show_parts()

    # --- conversations

    def open(self, name: str, around: ChatLine | None = None) -> None:
        """Turn to a conversation; ``around`` a message, or at its end. What was said comes from the node
        when it comes: whoever types meanwhile types in this conversation. Raises UsageError."""
        left = self.model.current
        self.model.open_conversation(name)
        person = self.model.people[name]
        unread = list(person.unread)
        self._page, person.unheard = PAGE + max(len(unread), person.unheard), 0
        if left and left != name:
            self.model.drafts.note_text(left, self.writing.text)
        if left != name:
            self.writing.load(self.model.drafts.text_for(name))
        self._look_at()
        self.screen_stack[0].remove_class("-listing")
        self.load(name, around, unread)
        self._show_parts()

    def show_last(self, lines: int) -> None:
        """Have so many of the last lines at hand, and the newest in sight."""
        self._page = max(PAGE, lines)
        self.load(self.model.current)

    def load(self, name: str, around: ChatLine | None = None, unread: Sequence[str] = ()) -> None:
        """Have what was said with somebody read anew; ``unread`` are the ids of what was not read yet."""
        self.scrollback.clear()
        self._load(name, around, unread)

    @work(exclusive=True, group="page", exit_on_error=False)
    async def _load(self, name: str, around: ChatLine | None, unread: Sequence[str]) -> None:
        self._unloaded = not await self.managed(self._read(name, around, unread))

    async def _read(self, name: str, around: ChatLine | None, unread: Sequence[str]) -> None:
        if around is None:
            lines = lines_of(await self.node.history(name, limit=self._page))
            shown = [*lines, *self.model.sent.lines_waiting(name, lines)]
            self.scrollback.show(shown, oldest=len(lines) < self._page, unread=next(iter(unread), None))
            return
        before = lines_of(await self.node.history(name, before=around.id, limit=PAGE // 2))
        after = lines_of(await self.node.history(name, after=around.id, limit=PAGE // 2))
        oldest, newest = (len(each) < PAGE // 2 for each in (before, after))
        messages = [*before, around, *after]
        self.scrollback.show(messages, oldest=oldest, newest=newest, reveal=around.id)

    @on(Scrollback.Followed)
    def _followed(self) -> None:
        """What comes is read if it comes into sight."""
        self.model.following = self.scrollback.following
        if self.model.following:
            self._look_at()
        self._show_parts()

    @on(Scrollback.Wanted)
    def _page_wanted(self, event: Scrollback.Wanted) -> None:
        if event.id:
            self._fetch(self.model.current, event.id, event.before)
        else:
            self.load(self.model.current)

    @work(exclusive=True, group="page", exit_on_error=False)
    async def _fetch(self, name: str, id: str, before: bool) -> None:
        first, last = (id, None) if before else (None, id)
        try:
            lines = lines_of(await self.node.history(name, limit=PAGE, before=first, after=last))
        except P2PChatError:
            self.scrollback.ask_again()
            raise
        if name == self.model.current:
            self.scrollback.add_page(lines, before=before, last=len(lines) < PAGE)

    @work(group="heard", exit_on_error=False)
    async def _look_at(self) -> None:
        """Somebody looks: what is on the screen was heard."""
        await self.model.mark_shown()

    @on(OptionList.OptionSelected, "#people")
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self.attempt(lambda: self.open(self.people.name_of(event.option)))
        self.write()

    def action_next(self, step: int) -> None:
        """The next conversation of the list, or the one before."""
        names = [person.name for person in self.model.in_order()]
        if names and len(self.screen_stack) == 1:
            place = names.index(self.model.current) + step if self.model.current in names else 0
            self.attempt(lambda: self.open(names[place % len(names)]))

    def action_unread(self) -> None:
        """A conversation in which something is unread."""
        for person in self.model.in_order():
            if person.unread and person.name != self.model.current and len(self.screen_stack) == 1:
                self.open(person.name)
                return

    # --- writing

    def write(self) -> None:
        """Back to where one writes, at once: the next letter may be waiting."""
        self.screen_stack[0].remove_class("-listing")
        self.screen_stack[0].set_focus(self.writing)

    def text_comes(self) -> None:
        """No letter acts: it goes to where one writes, in the chat as in a dialog that has such a place."""
        if isinstance(self.focused, Input | TextArea):
            return
        if isinstance(self.screen, Help | Report):  # read, and in the way
            self.screen.dismiss(None)
        if len(self.screen_stack) == 1:
            self.write()
        elif places := self.screen.query("Input, TextArea"):
            self.screen.set_focus(places.first())

    def typed(self, text: str) -> bool:
        """Letters for what is being written are taken together."""
        if self.focused is not self.writing:
            return False
        self.writing.typed(text)
        return True

    @on(Compose.Submitted)
    def _submitted(self, event: Compose.Submitted) -> None:
        if not self.attempt(lambda: self.verbs.take_line(event.text)) and not self.writing.text:
            self.writing.load(event.text)

    def say(self, text: str) -> None:
        """Send a line to whom we look at."""
        self._close_panel()
        line = self.model.say_text(text)
        self.scrollback.mark_unread(None)
        if self.scrollback.newest:
            self.scrollback.add(line)
            self.scrollback.to_end()
        else:
            self.load(self.model.current)

    @on(Compose.TooLong)
    def _too_long(self) -> None:
        self.complain("that is more than a message holds (64 KiB); send it in parts, or as a file elsewhere")

    @on(Compose.LookBack)
    def _look_back(self) -> None:
        if not self._close_panel() and self.model.current:
            self.scrollback.select_newest()
            self.scrollback.focus()

    def _close_panel(self) -> bool:
        """Have the talk in sight again where the panel has taken its place; whether it had."""
        screen = self.screen_stack[0]
        covered = screen.has_class("-meshed") and screen.has_class("tight")
        if covered:
            screen.remove_class("-meshed")
        return covered

    @on(Scrollback.Left)
    @on(People.Left)
    def _left(self) -> None:
        self.write()

    @on(Scrollback.Chosen)
    def _chosen(self, event: Scrollback.Chosen) -> None:
        self.attempt(lambda: self.screens.on_message(event.verb, event.message, event.link))

    def on_descendant_focus(self) -> None:
        """Other keys mean something now."""
        self._show_parts()

    # --- keys

    def action_act(self, verb: str) -> None:
        """Do what a command does."""
        if len(self.screen_stack) == 1:
            self.attempt(lambda: self.verbs.do_verb(verb, ""))

    def action_help_quit(self) -> None:
        """Ctrl-C where it means nothing else: out of a dialog, back to where one writes."""
        if len(self.screen_stack) > 1:
            self.screen.dismiss(None)
        else:
            self.write()

    def action_leave(self) -> None:
        """Leave, once the node has what was said; if it does not answer, or one will not wait for it,
        ``farewell`` says so."""
        if self._leaving:
            self.exit()
            return
        self._leaving = True
        if self.model.sent.not_handed_over():
            self.notify("leaving, as soon as the node has what you wrote; Ctrl-Q again: at once")
        self._leave()

    @work(exclusive=True, group="leave", exit_on_error=False)
    async def _leave(self) -> None:
        await self.model.leave_chat()
        self.exit()

    def action_people(self) -> None:
        """To the list of people, or back."""
        if len(self.screen_stack) > 1:
            return
        screen = self.screen_stack[0]
        if self.people.has_focus:
            self.write()
        else:
            screen.add_class("-listing")
            screen.set_focus(self.people)

    def action_mesh(self) -> None:
        """Show the panel about the mesh, or hide it."""
        if len(self.screen_stack) > 1:
            return
        self.screen_stack[0].toggle_class("-meshed")
        self.write()
        self._look()

    def action_page(self, step: int) -> None:
        """Scroll by a screen."""
        covered = self.screen.has_class("-meshed") and self.screen.has_class("tight")
        pages = self.screen.query(f".frame VerticalScroll, {'#mesh' if covered else '#scrollback'}")
        if pages:
            pages.first().scroll_relative(y=step * max(1, pages.first().size.height - 2), animate=False)

    def action_newest(self) -> None:
        """To the newest message."""
        self.scrollback.action_bottom()

    # --- the terminal

    def on_resize(self, event: events.Resize) -> None:
        """Small terminals show one thing at a time, and always where one writes."""
        for name, small in (
            ("narrow", event.size.width < NARROW),
            ("tight", event.size.width < TIGHT),
            ("low", event.size.height < LOW),
            ("lower", event.size.height < LOWER),
            ("lowest", event.size.height < LOWEST),
        ):
            self.screen_stack[0].set_class(small, name)
        self.call_after_refresh(self._show_parts)

    def on_app_focus(self) -> None:
        """Somebody looks again."""
        self.model.looking = True
        self._look_at()

    def on_app_blur(self) -> None:
        """Nobody looks: what comes makes noise, and stays unread."""
        self.model.looking = False

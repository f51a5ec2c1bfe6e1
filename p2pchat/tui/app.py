"""The chat on the whole screen: its parts, its keys, and what they lead to.

Knows: which part is told what. Does not know: how any part looks, or what a node is made of.
"""

from __future__ import annotations

from collections.abc import Awaitable
from time import time
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList, Static

from p2pchat.errors import P2PChatError, UsageError
from p2pchat.text import harmless, harmless_name, one_line
from p2pchat.tui import commands, noise
from p2pchat.tui.acts import Acts
from p2pchat.tui.compose import Compose
from p2pchat.tui.ending import Quiet
from p2pchat.tui.mesh import mesh_picture
from p2pchat.tui.people import People
from p2pchat.tui.scrollback import PAGE, Event, Scrollback
from p2pchat.tui.talks import Changed, Decided, Happened, Moved, Refused, Said, Talks, Trouble
from p2pchat.wording.exposure import hidden
from p2pchat.wording.lines import span_words

if TYPE_CHECKING:
    from p2pchat.client import Node

NARROW: Final = 72
TIGHT: Final = 108
"""With fewer columns the people (narrow), the mesh (tight) take the place of the talk."""

LOOK_S: Final = 5.0
"""Between looks at the node's state."""

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
        Binding("f1", "act('help')", priority=True),
        Binding("f2", "people", priority=True),
        Binding("f3,ctrl+f", "act('search')", priority=True),
        Binding("f4", "mesh", priority=True),
        Binding("f5", "act('invite')", priority=True),
        Binding("f6", "act('join')", priority=True),
        Binding("f7", "act('verify')", priority=True),
        Binding("f8", "act('toggle_mute')", priority=True),
        Binding("f9", "act('toggle_block')", priority=True),
        Binding("ctrl+n", "next(1)", priority=True),
        Binding("ctrl+p", "next(-1)", priority=True),
        Binding("ctrl+g", "unread", priority=True),
        Binding("pageup", "page(-1)", priority=True),
        Binding("pagedown", "page(1)", priority=True),
        Binding("ctrl+end", "newest", priority=True),
        Binding("ctrl+z", "suspend_process", priority=True),
        Binding("ctrl+d,ctrl+q", "quit", priority=True),
    ]

    def __init__(self, node: Node, whom: str = "") -> None:
        super().__init__()
        self.talks = Talks(node, self._happened)
        self.acts = Acts(self)
        self.drafts: dict[str, str] = {}
        """What was begun, by whom it is for."""
        self._whom = whom
        self._trouble = ""
        self._hidden = ""

    @property
    def node(self) -> Node:
        """The node we talk through."""
        return self.talks.node

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield People(id="people")
            with Vertical(id="talk"):
                yield Static("", id="title")
                yield Static(NOBODY, id="empty", markup=False)
                yield Scrollback(id="scrollback")
                yield Static("", id="hint", markup=False)
                yield Compose(self._completions, id="compose")
            with VerticalScroll(id="mesh"):
                yield Static("", id="mesh-picture", markup=False)
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
        if self.console.color_system == "standard" and not self.is_headless:
            self.theme = "ansi-dark"
        await self.talks.load()
        self.run_worker(self.talks.follow(), name="follow")
        self.run_worker(self.talks.send(), name="send")
        self.set_interval(LOOK_S, self._look)
        self._look()
        people = self.talks.in_order()
        if self._whom or people:
            await self.open(self._whom or people[0].name)
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
            case Moved(id, state):
                self.scrollback.move(id, state)
            case Refused():
                self._refused(what)
            case Trouble(line, over):
                self._trouble = "" if over else line
                if over:
                    self.notify("the node is back", timeout=3)
            case Decided(line):
                self.notify(line, timeout=8, markup=False)
            case Changed():
                pass
        self._show_parts()

    def _said(self, message: Event) -> None:
        name = message["from"]
        if name == self.talks.current:
            self.scrollback.add(message)
        person = self.talks.people[name]
        if person.muted or (name == self.talks.current and self.talks.looking):
            return
        self._make_noise(name)
        if self.talks.looking:
            self.notify(f"{harmless_name(name)} wrote", timeout=3, markup=False)

    def _make_noise(self, name: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(noise.sequences(name))
            self._driver.flush()
            noise.notify_desktop(name)

    def _refused(self, refused: Refused) -> None:
        self.scrollback.take_away(refused.id)
        self.complain(refused.why)
        if refused.to != self.talks.current:
            self.drafts[refused.to] = refused.text
        elif not self.writing.text:
            self.writing.load(refused.text)

    async def attempt(self, work: Awaitable[object]) -> bool:
        """Do something; if the node refuses or cannot be had, say so in a line and return False."""
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
        current = self.talks.people.get(self.talks.current)
        self.people.show(self.talks.in_order(), self.talks.current)
        self.query_one("#empty").display = current is None
        self.scrollback.display = current is not None
        self.query_one("#title", Static).update(self._title())
        self.query_one("#status", Static).update(self._status())
        self.query_one("#keys", Static).update(self._keys())

    def _title(self) -> Text:
        person = self.talks.people.get(self.talks.current)
        if person is None:
            return Text("p2pchat")
        title = Text(no_wrap=True, overflow="ellipsis")
        title.append(harmless_name(person.name))
        facts = ["here" if person.here else "away"]
        facts.append("verified" if person.contact["verified"] else "not verified: F7")
        if lasts := person.contact.get("disappear"):
            facts.append(f"disappears after {span_words(lasts)}")
        if person.contact["blocked"]:
            facts.append("BLOCKED: F9")
        elif person.muted:
            facts.append("muted: F8")
        title.append(f"  {' · '.join(facts)}", "not bold")
        return title

    def _status(self) -> Text:
        parts = [f"{self.talks.links} link{'s' * (self.talks.links != 1)}"]
        if self._hidden:
            parts.append(self._hidden)
        if waiting := self.talks.undelivered():
            parts.append(f"{waiting} on the way")
        if unread := self.talks.unread():
            parts.append(f"{unread} unread")
        if not self.scrollback.newest:
            parts.append("older lines: Ctrl-End to the newest")
        line = Text(no_wrap=True, overflow="ellipsis")
        if self._trouble:
            line.append(f"! {one_line(self._trouble)}", "bold reverse")
            line.append("  ")
        line.append(" · ".join(parts))
        return line

    def _keys(self) -> Text:
        if self.scrollback.has_focus:
            keys = "r reply  c copy  e edit  x forget  o open link  Enter whole  Esc write"
        else:
            keys = "F1 help  F2 people  F3 search  F4 mesh  F5 invite  F6 join  Esc select  ^N next  ^Q leave"
        return Text(keys, no_wrap=True, overflow="ellipsis")

    def _completions(self, text: str) -> list[str]:
        return commands.completions(text, self.talks.people, sorted(self.available_themes))

    @on(Compose.Offered)
    def _offer(self, event: Compose.Offered) -> None:
        hint = self.query_one("#hint", Static)
        hint.display = bool(event.offers)
        hint.update(Text("  ".join(map(harmless, event.offers)), no_wrap=True, overflow="ellipsis"))

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self) -> None:
        """Ask the node how it is."""
        status = await self.node.status()
        self._hidden = "; ".join(hidden(mesh) for mesh in status["meshes"])
        if self.screen_stack[0].has_class("-meshed"):
            self.query_one("#mesh-picture", Static).update(mesh_picture(status))
        self.scrollback.forget_expired(time())
        self._show_parts()

    # --- conversations

    async def open(self, name: str, around: Event | None = None) -> None:
        """Turn to a conversation; ``around`` a message, or at its end. Raises UsageError."""
        if self.talks.current:
            self.drafts[self.talks.current] = self.writing.text
        await self.talks.open(name)
        self.writing.load(self.drafts.pop(name, ""))
        self.screen_stack[0].remove_class("-listing")
        await self._load(name, around)
        self._show_parts()

    async def _load(self, name: str, around: Event | None = None) -> None:
        if around is None:
            lines = await self.node.history(name, limit=PAGE)
            self.scrollback.show(lines, oldest=len(lines) < PAGE)
            return
        before = await self.node.history(name, before=around["id"], limit=PAGE // 2)
        after = await self.node.history(name, after=around["id"], limit=PAGE // 2)
        oldest, newest = (len(each) < PAGE // 2 for each in (before, after))
        messages = [*before, around, *after]
        self.scrollback.show(messages, oldest=oldest, newest=newest, reveal=around["id"])

    @on(Scrollback.Wanted)
    def _page_wanted(self, event: Scrollback.Wanted) -> None:
        self._fetch(self.talks.current, event.id, event.before)

    @work(exclusive=True, group="page", exit_on_error=False)
    async def _fetch(self, name: str, id: str, before: bool) -> None:
        if not id:
            await self._load(name)
            return
        first, last = (id, None) if before else (None, id)
        lines = await self.node.history(name, limit=PAGE, before=first, after=last)
        if name == self.talks.current:
            self.scrollback.add_page(lines, before=before, last=len(lines) < PAGE)

    @on(OptionList.OptionSelected, "#people")
    async def _picked(self, event: OptionList.OptionSelected) -> None:
        await self.attempt(self.open(self.people.name_of(event.option)))
        self.writing.focus()

    async def action_next(self, step: int) -> None:
        """The next conversation of the list, or the one before."""
        names = [person.name for person in self.talks.in_order()]
        if names and len(self.screen_stack) == 1:
            place = names.index(self.talks.current) + step if self.talks.current in names else 0
            await self.attempt(self.open(names[place % len(names)]))

    async def action_unread(self) -> None:
        """A conversation in which something is unread."""
        for person in self.talks.in_order():
            if person.unread and person.name != self.talks.current:
                await self.attempt(self.open(person.name))
                return

    # --- writing

    @on(Compose.Submitted)
    async def _submitted(self, event: Compose.Submitted) -> None:
        if not await self.attempt(self._obey(event.text)) and not self.writing.text:
            self.writing.load(event.text)

    async def _obey(self, text: str) -> None:
        """Carry out a command, or say a line."""
        if text.startswith("/") and not text.startswith("//"):
            await self.acts.run(text)
        elif self.talks.current:
            self._say(text.removeprefix("/") if text.startswith("//") else text)
        else:
            raise UsageError("there is nobody to send it to yet: F5 makes a code for a friend")

    def _say(self, text: str) -> None:
        message = self.talks.say(text)
        if not self.scrollback.newest:
            self._fetch(self.talks.current, "", before=False)
            return
        at = self.acts.now()
        self.scrollback.add(self.talks.line(message, self.talks.current, text, at))
        self.scrollback.scroll_end(animate=False)

    @on(Compose.TooLong)
    def _too_long(self) -> None:
        self.complain("that is more than a message holds (64 KiB); send it in parts, or as a file elsewhere")

    @on(Compose.LookBack)
    def _look_back(self) -> None:
        if self.talks.current:
            self.scrollback.focus()

    @on(Scrollback.Left)
    def _write(self) -> None:
        self.writing.focus()

    @on(Scrollback.Chosen)
    async def _chosen(self, event: Scrollback.Chosen) -> None:
        await self.attempt(self.acts.on_message(event.verb, event.message, event.link))

    def on_descendant_focus(self) -> None:
        """Other keys mean something now."""
        self._show_parts()

    # --- keys

    async def action_act(self, verb: str) -> None:
        """Do what a command does."""
        if len(self.screen_stack) == 1:
            await self.attempt(self.acts.do(verb, ""))

    def action_people(self) -> None:
        """To the list of people, or back."""
        if len(self.screen_stack) > 1:
            return
        screen = self.screen_stack[0]
        if self.people.has_focus:
            screen.remove_class("-listing")
            self.writing.focus()
        else:
            screen.add_class("-listing")
            self.people.focus()

    def action_mesh(self) -> None:
        """Show the panel about the mesh, or hide it."""
        if len(self.screen_stack) > 1:
            return
        self.screen_stack[0].toggle_class("-meshed")
        self.writing.focus()
        self._look()

    def action_page(self, step: int) -> None:
        """Scroll by a screen."""
        pages = self.screen.query(".frame VerticalScroll, #scrollback")
        if pages:
            pages.first().scroll_relative(y=step * max(1, pages.first().size.height - 2), animate=False)

    def action_newest(self) -> None:
        """To the newest message."""
        self.scrollback.action_bottom()

    # --- the terminal

    def on_resize(self, event: events.Resize) -> None:
        """Small terminals show one thing at a time."""
        self.screen_stack[0].set_class(event.size.width < NARROW, "narrow")
        self.screen_stack[0].set_class(event.size.width < TIGHT, "tight")

    async def on_app_focus(self) -> None:
        """Somebody looks again."""
        self.talks.looking = True
        await self.talks.look()

    def on_app_blur(self) -> None:
        """Nobody looks: what comes makes noise, and stays unread."""
        self.talks.looking = False

    def farewell(self) -> str:
        """What to say when the screen is gone; empty if nothing."""
        waiting = self.talks.undelivered()
        if not waiting:
            return ""
        what = "1 message is" if waiting == 1 else f"{waiting} messages are"
        return f"{what} still on the way, and will go on while a node runs here: p2pchat node run"

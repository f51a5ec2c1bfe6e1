"""Small screens over the chat: help, questions, search, verification, the doctor's results.

Knows: how dialogs look, and their answers. Does not know: the effect of an answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Input, Label, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from p2pchat.chat.commands import COMMANDS, CONTACT_COMMANDS, ROOM_COMMANDS
from p2pchat.chat.lines import ChatLine
from p2pchat.control.answers import ContactDetailInfo
from p2pchat.errors import P2PChatError
from p2pchat.text import harmless, harmless_name, one_line
from p2pchat.wording.lines import local_time

T = TypeVar("T")

TYPING_S: Final = 0.15
"""Seconds without typing after which a search begins."""

AROUND: Final = 8
"""Lines of a dialog around what scrolls: frame, buttons, margins."""

FOUND_MAX: Final = 100
"""Lines a search shows."""


KEYS: Final = (
    ("Enter", "send"),
    ("Alt-Enter, Ctrl-J", "begin a new line"),
    ("Up, Down", "at the edge of what you write: what you wrote before"),
    ("Tab", "complete a command, an @name or a #room"),
    ("Ctrl-C", "clear what you wrote (Up: have it back); in a dialog: close it"),
    ("PgUp, PgDn", "scroll; Ctrl-End: to the newest"),
    ("Escape", "select the newest message (Up, Down: others); letters go on writing"),
    ("Enter, Ctrl-O", "on a selected message: what can be done with it"),
    ("Ctrl-R, Ctrl-C, Delete", "on a selected message: reply, copy, delete here"),
    ("Ctrl-T, Ctrl-E, Ctrl-X", "on a selected message: react, correct, withdraw"),
    ("Right", "on a selected message: show all of it, or fold it"),
    ("Ctrl-N, Ctrl-P", "next, previous conversation; Ctrl-G: next unread, or an invitation"),
    ("F1", "this help"),
    ("F2", "the list of people, and back"),
    ("F3, Ctrl-F", "search"),
    ("F4", "details: the members of a room, or the mesh and your privacy profile"),
    ("F5, F6", "invite a friend; answer a code"),
    ("F7", "compare the safety number, or the words of a room"),
    ("F8, F9", "mute, block the open contact (F8 in a room: all, mentions, none)"),
    ("F10", "settings"),
    ("Ctrl-Z", "suspend"),
    ("Ctrl-D, Ctrl-Q", "leave"),
)

MARKS_HELP: Final = (
    "… not sent yet   · queued   ✓ others pass it on   ✓✓ delivered   ✗ given up or taken back\n"
    "✎ rewritten here: only you have this text\n"
    "in a room: ✓ 7 of 9 members have it   ✓✓ all have it\n"
    "before a line: ▸ yours   ▌ mentions you   ! something is odd about it"
)


class Dialog(ModalScreen[T | None]):
    """A frame in the middle; Escape gives no answer. Letters only write text: a button carries an action out,
    and the first button is harmless."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "close"),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]
    title_text = ""

    def compose(self) -> ComposeResult:
        frame = Vertical(classes="frame")
        frame.border_title = self.title_text
        with frame:
            yield from self.compose_content()

    def compose_content(self) -> ComposeResult:
        """What is inside."""
        raise NotImplementedError

    def on_resize(self, event: events.Resize) -> None:
        """Long contents scroll; the buttons below stay in view."""
        for long in self.query(".frame > VerticalScroll"):
            long.styles.max_height = max(1, event.size.height - AROUND)

    def action_cancel(self) -> None:
        """Close."""
        self.dismiss(None)


class Help(Dialog[None]):
    """All keys and commands."""

    title_text = "keys and commands"

    def __init__(self, changed: Mapping[str, str] = MappingProxyType({})) -> None:
        """``changed``: keys that are set to be others, by what they do."""
        super().__init__()
        self._changed = changed

    def compose_content(self) -> ComposeResult:
        table = Table.grid(padding=(0, 2))
        table.add_column(min_width=18)
        table.add_column()
        for does, keys in self._changed.items():
            table.add_row(Text(keys.replace(",", ", "), "bold"), Text(f"{does} (as you have set it)"))
        for key, about in KEYS:
            table.add_row(Text(key, "bold"), Text(about))
        table.add_row("", "")
        for command in (*COMMANDS, *CONTACT_COMMANDS, *ROOM_COMMANDS):
            table.add_row(Text(f"{command.name} {command.argument}", "bold"), Text(command.about))
        table.add_row("", "")
        with VerticalScroll():
            yield Static(table)
            yield Static(Text(MARKS_HELP))


class Confirm(Dialog[bool]):
    """A question with a button for yes and one for no."""

    def __init__(self, title: str, question: str, yes: str, no: str) -> None:
        super().__init__()
        self.title_text = title
        self._question = question
        self._yes = yes
        self._no = no

    def compose_content(self) -> ComposeResult:
        yield Label(Text(self._question), classes="wide")
        with Horizontal(classes="buttons"):
            yield Button(self._no, id="no")
            yield Button(self._yes, id="yes")

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class Choose(Dialog[str]):
    """What to do with a message: one of some verbs."""

    def __init__(self, title: str, verbs: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.title_text = title
        self._verbs = verbs

    def compose_content(self) -> ComposeResult:
        yield OptionList(*(Option(label, id=verb) for verb, label in self._verbs), id="verbs", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


class Rewrite(Dialog[str]):
    """A new text for a line of the history here; the present text stays in sight."""

    title_text = "rewrite my copy"
    about = "Only this device's history changes, and the line is marked (see p2pchat forge)."
    saves = "rewrites"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "save", priority=True)]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = "\t".join(map(harmless, text.split("\t")))

    def compose_content(self) -> ComposeResult:
        yield Label(
            Text(self.about),
            classes="wide",
        )
        with VerticalScroll(can_focus=False):
            yield Static(Text(f"Now: {self._text}"), classes="wide dim")
        yield TextArea(self._text, compact=True, soft_wrap=True, id="rewriting")
        yield Label(Text(f"Ctrl-S {self.saves} it · Esc leaves it as it is"), classes="wide dim")

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()

    def action_save(self) -> None:
        """Answer with the text, if it has changed and is not empty."""
        text = self.query_one(TextArea).text
        self.dismiss(text if text.strip() and text != self._text else None)


class Correct(Rewrite):
    """A new text for a message of ours, here and at the contact's."""

    title_text = "correct, for all"
    about = "They see the new text, and that it was corrected; their program may keep the old one."
    saves = "corrects"


class VerifyDialog(Dialog[bool]):
    """The safety number, to compare with the contact's."""

    title_text = "is it really them?"

    def __init__(self, name: str, contact: Awaitable[ContactDetailInfo]) -> None:
        super().__init__()
        self._name = harmless_name(name)
        self._contact = contact

    def compose_content(self) -> ComposeResult:
        yield Label(
            Text(
                f"In person or on a call, compare all sixty digits with what {self._name} sees: "
                "one person reads the digits out, the other compares."
            ),
            classes="wide",
        )
        with Horizontal(classes="sides"):
            yield Static("one moment …", id="number", classes="side")
        yield Label("", id="known", classes="wide dim")
        with Horizontal(classes="buttons"):
            yield Button("Not compared", id="no")
            yield Button("They are the same", id="yes", disabled=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()
        self.run_worker(self._show())

    async def _show(self) -> None:
        try:
            contact = await self._contact
        except P2PChatError as error:
            self.query_one("#number", Static).update(Text(str(error)))
            return
        digits = contact.safety_number.split()
        number = Text("\n".join("  ".join(digits[row : row + 3]) for row in range(0, len(digits), 3)))
        self.query_one("#number", Static).update(number)
        if contact.verified:
            self.query_one("#known", Label).update("You have compared these before.")
        self.query_one("#yes", Button).disabled = False

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(True if event.button.id == "yes" else None)


Search = Callable[[str, bool], Awaitable[Sequence[ChatLine]]]
"""By a text, in this conversation or in all."""


class SearchDialog(Dialog[ChatLine]):
    """Finds what was said; the answer is a message."""

    title_text = "search"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "everywhere", "here / everywhere", priority=True),
        Binding("down", "to_list", show=False),
    ]

    def __init__(self, search: Search, text: str, whom: str) -> None:
        super().__init__()
        self._search = search
        self._text = text
        self._whom = whom
        self._everywhere = not whom
        self._found: list[ChatLine] = []
        self._waiting: Timer | None = None

    def compose_content(self) -> ComposeResult:
        yield Input(self._text, placeholder="what was said", compact=True)
        yield Label("", id="scope", classes="wide dim")
        yield OptionList(id="found", markup=False)

    def on_mount(self) -> None:
        self._look()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(TYPING_S, self._look)

    def action_everywhere(self) -> None:
        """Switch between this conversation and all."""
        self._everywhere = not self._everywhere or not self._whom
        self._look()

    def _look(self) -> None:
        self.run_worker(self._show(), exclusive=True)

    async def _show(self) -> None:
        text = self.query_one(Input).value.strip()
        where = "everywhere" if self._everywhere else f"with {harmless_name(self._whom)}"
        listed = self.query_one("#found", OptionList)
        try:
            found = list(await self._search(text, self._everywhere)) if text else []
        except P2PChatError as error:
            self.query_one("#scope", Label).update(Text(str(error)))
            return
        self._found = found[::-1]
        listed.clear_options()
        listed.add_options(
            [Option(_found_line(message, text, listed.size.width - 4)) for message in self._found]
        )
        count = f"{len(found)}{'+' * (len(found) >= FOUND_MAX)} found " if text else ""
        self.query_one("#scope", Label).update(Text(f"{count}{where}; Ctrl-T: here or everywhere"))

    def action_to_list(self) -> None:
        """Move from the text to the list of what was found."""
        self.query_one("#found").focus()

    def on_input_submitted(self) -> None:
        if self._found:
            self.dismiss(self._found[0])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index])


def _found_line(message: ChatLine, text: str, width: int) -> Text:
    """Sender, time, and the text around the match, in one line."""
    line = one_line(message.text[:20_000])
    place = max(0, line.casefold().find(text.casefold()) - 20)
    row = Text(no_wrap=True, overflow="ellipsis", end="")
    row.append(f"{local_time(message.at):%Y-%m-%d %H:%M} ", "dim")
    row.append(f"{harmless_name(message.sender)} ", "bold")
    row.append(("…" if place else "") + line[place : place + 200])
    row.highlight_words([text], "reverse", case_sensitive=False)
    row.truncate(max(20, width), overflow="ellipsis")
    return row


class Report(Dialog[None]):
    """A text to read, which may take a while to load."""

    def __init__(
        self, title: str, found: RenderableType = "one moment …", awaited: Awaitable[Any] | None = None
    ) -> None:
        super().__init__()
        self.title_text = title
        self._found = found
        self._awaited = awaited

    def compose_content(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self._found, id="report", markup=False)

    def on_mount(self) -> None:
        if self._awaited is not None:
            self.run_worker(self._show(self._awaited))

    async def _show(self, awaited: Awaitable[Any]) -> None:
        try:
            found = await awaited
        except P2PChatError as error:
            found = Text(str(error))
        self.query_one("#report", Static).update(found)

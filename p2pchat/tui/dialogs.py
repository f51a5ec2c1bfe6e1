"""Small screens over the chat: help, questions, search, verification, what the doctor found.

Knows: how they look and what they answer. Does not know: what follows from the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Final, TypeVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from p2pchat.errors import P2PChatError
from p2pchat.text import harmless_name, one_line
from p2pchat.tui.commands import COMMANDS, KEYS, MARKS_HELP
from p2pchat.wording.lines import local_time

Event = dict[str, Any]
T = TypeVar("T")

TYPING_S: Final = 0.15
"""A search begins when nothing was typed for so long."""

FOUND_MAX: Final = 100
"""Lines a search shows."""


class Dialog(ModalScreen[T | None]):
    """A frame in the middle; Escape answers nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "close")]
    title_text = ""

    def compose(self) -> ComposeResult:
        frame = Vertical(classes="frame")
        frame.border_title = self.title_text
        with frame:
            yield from self.content()

    def content(self) -> ComposeResult:
        """What is inside."""
        raise NotImplementedError

    def action_cancel(self) -> None:
        """Close."""
        self.dismiss(None)


class Help(Dialog[None]):
    """All keys and commands."""

    title_text = "keys and commands"

    def content(self) -> ComposeResult:
        table = Table.grid(padding=(0, 2))
        table.add_column(min_width=18)
        table.add_column()
        for key, about in KEYS:
            table.add_row(Text(key, "bold"), Text(about))
        table.add_row("", "")
        for command in COMMANDS:
            table.add_row(Text(f"{command.name} {command.argument}", "bold"), Text(command.about))
        table.add_row("", "")
        with VerticalScroll():
            yield Static(table)
            yield Static(Text(MARKS_HELP))


class Confirm(Dialog[bool]):
    """A question that can be answered with yes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "yes", "yes"), Binding("n", "cancel", "no")]

    def __init__(self, question: str, yes: str = "Yes") -> None:
        super().__init__()
        self._question = question
        self._yes = yes

    def content(self) -> ComposeResult:
        yield Label(Text(self._question), classes="wide")
        with Horizontal(classes="buttons"):
            yield Button(f"{self._yes} (y)", id="yes", variant="warning")
            yield Button("No (n)", id="no")

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_yes(self) -> None:
        """Yes."""
        self.dismiss(True)


class Ask(Dialog[str]):
    """One line of text."""

    def __init__(self, question: str, value: str = "") -> None:
        super().__init__()
        self._question = question
        self._value = value

    def content(self) -> ComposeResult:
        yield Label(Text(self._question), classes="wide")
        yield Input(self._value, compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)


class Verify(Dialog[bool]):
    """The safety number and the emoji, side by side with what the other reads out."""

    title_text = "is it really them?"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "yes", "the same")]

    def __init__(self, contact: Event) -> None:
        super().__init__()
        self._contact = contact

    def content(self) -> ComposeResult:
        name = harmless_name(self._contact["name"])
        known = "You have compared these before." if self._contact["verified"] else ""
        digits = self._contact["safety_number"].split()
        number = Text("\n".join("  ".join(digits[row : row + 3]) for row in range(0, len(digits), 3)))
        emoji = Table.grid(padding=(0, 2))
        for each in self._contact["safety_emoji"]:
            emoji.add_row(Text(each["emoji"]), Text(each["name"]))
        yield Label(Text(f"Compare with {name}, in person or on a call. {known}".strip()), classes="wide")
        with Horizontal(classes="sides"):
            yield Static(number, classes="side")
            yield Static(emoji, classes="side")
        yield Label(Text(f"Does {name} see exactly the same?"), classes="wide")
        with Horizontal(classes="buttons"):
            yield Button("The same (y)", id="yes", variant="success")
            yield Button("Not now", id="no")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(True if event.button.id == "yes" else None)

    def action_yes(self) -> None:
        """They see the same."""
        self.dismiss(True)


Search = Callable[[str, bool], Awaitable[Sequence[Event]]]
"""By a text, in this conversation or in all."""


class SearchDialog(Dialog[Event]):
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
        self._found: list[Event] = []
        self._waiting: Timer | None = None

    def content(self) -> ComposeResult:
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
        """In this conversation only, or in all."""
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
        """From the text to what was found."""
        self.query_one("#found").focus()

    def on_input_submitted(self) -> None:
        if self._found:
            self.dismiss(self._found[0])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index])


def _found_line(message: Event, text: str, width: int) -> Text:
    """Who, when, and the text around what was found, in one line."""
    said = one_line(message["text"][:20_000])
    place = max(0, said.casefold().find(text.casefold()) - 20)
    row = Text(no_wrap=True, overflow="ellipsis", end="")
    row.append(f"{local_time(message['at']):%Y-%m-%d %H:%M} ", "dim")
    row.append(f"{harmless_name(message['from'])} ", "bold")
    row.append(("…" if place else "") + said[place : place + 200])
    row.highlight_words([text], "reverse", case_sensitive=False)
    row.truncate(max(20, width), overflow="ellipsis")
    return row


class Report(Dialog[None]):
    """Something to read that takes a while to find out."""

    def __init__(self, title: str, found: Awaitable[Any]) -> None:
        super().__init__()
        self.title_text = title
        self._awaited = found

    def content(self) -> ComposeResult:
        with VerticalScroll():
            yield Static("one moment …", id="report")

    def on_mount(self) -> None:
        self.run_worker(self._show())

    async def _show(self) -> None:
        try:
            found = await self._awaited
        except P2PChatError as error:
            found = Text(str(error))
        self.query_one("#report", Static).update(found)

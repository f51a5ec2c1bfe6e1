"""The first minute: from nothing to an identity.

Knows: what has to be decided. Does not know: how it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Label

from p2pchat.data import dataclass
from p2pchat.errors import P2PChatError
from p2pchat.tui.ending import Quiet

_QUESTIONS: Final = ("name", "passphrase", "again", "rendezvous")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was decided."""

    name: str
    passphrase: str | None
    rendezvous: tuple[str, ...]


class Start(Quiet[Wishes]):
    """Asks for a name, a passphrase and a rendezvous. ``create`` makes the identity of them and raises
    P2PChatError, which is shown."""

    CSS_PATH = "chat.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+q,ctrl+d,ctrl+c", "leave", "leave", priority=True)
    ]

    def __init__(self, create: Callable[[Wishes], None], name: str = "") -> None:
        super().__init__()
        self._create = create
        self._name = name

    def compose(self) -> ComposeResult:
        frame = VerticalScroll(classes="frame", can_focus=False)
        frame.border_title = "welcome to p2pchat"
        with frame:
            yield Label("Which name shall your friends see?", classes="wide")
            yield Input(self._name, id="name", placeholder="ana", compact=True)
            yield Label(
                "A passphrase encrypts all data here. If you forget it, the data is lost.\n"
                "Empty: no passphrase; everyone with access to this disk can act as you.",
                classes="wide",
            )
            yield Input(id="passphrase", password=True, placeholder="passphrase", compact=True)
            yield Input(id="again", password=True, placeholder="the same again", compact=True)
            yield Label(
                "A rendezvous is where nodes find each other first.\n"
                "Empty if your friend's invite tells one.",
                classes="wide",
            )
            yield Input(id="rendezvous", placeholder="wss://rendezvous.example.org", compact=True)
            yield Label("", id="problem", classes="wide", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Begin", id="begin", variant="success")
                yield Button("Leave", id="leave")

    def on_mount(self) -> None:
        self.query_one("#name").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The next question, or, after the last, begin."""
        place = _QUESTIONS.index(event.input.id or "")
        if place + 1 < len(_QUESTIONS):
            self.query_one(f"#{_QUESTIONS[place + 1]}").focus()
        else:
            self._begin()

    def on_input_changed(self) -> None:
        """What was wrong may be right now."""
        self.query_one("#problem", Label).update("")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "begin":
            self._begin()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Nothing was decided."""
        self.exit(None)

    def _begin(self) -> None:
        name, passphrase, repeated, url = (
            self.query_one(f"#{question}", Input).value for question in _QUESTIONS
        )
        if passphrase != repeated:
            self._refuse("the two passphrases differ", "again")
            return
        wishes = Wishes(name.strip(), passphrase or None, tuple(url.split()))
        try:
            self._create(wishes)
        except P2PChatError as error:
            self._refuse(str(error), "name")
        else:
            self.exit(wishes)

    def _refuse(self, why: str, where: str) -> None:
        self.query_one("#problem", Label).update(Text(why, "bold"))
        self.query_one(f"#{where}").focus()

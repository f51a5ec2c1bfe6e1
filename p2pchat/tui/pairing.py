"""Pairing inside the chat: a code for a friend, a friend's code.

Knows: the two dialogs. Does not know: what a code proves.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Label, Static

from p2pchat.control.answers import ContactInfo, PairingResult
from p2pchat.control.events import InviteEvent, StrangerEvent
from p2pchat.errors import P2PChatError, UsageError
from p2pchat.text import harmless_name, one_line
from p2pchat.tui.dialogs import Confirm, Dialog
from p2pchat.wire.places import is_public
from p2pchat.wording.pairing import join_command, kept, qr_lines, stranger_line

if TYPE_CHECKING:
    from p2pchat.client import Node

OnPaired = Callable[[], Awaitable[None]]
"""Reads the contacts before the dialog closes: the next text is for the new contact."""

CODE_MAX: Final = 40
"""Characters of a code or link that name it."""

QR_MARGIN: Final = 10
"""Lines that the dialog needs beside the picture."""


class InviteDialog(Dialog[str]):
    """Makes a code and waits until a friend has joined with it; the answer is the friend's name."""

    title_text = "a code for a friend"

    def __init__(self, node: Node, on_paired: OnPaired, link: bool = False) -> None:
        super().__init__()
        self._node = node
        self._on_paired = on_paired
        self._link = link
        self._qr = False
        self._code = ""
        self._command = ""

    def compose_content(self) -> ComposeResult:
        with VerticalScroll():
            yield Static("", id="code")
            yield Static("", id="qr")
            yield Static("asking for a code …", id="state", classes="wide")
        with Horizontal(classes="buttons"):
            yield Button("Copy", id="copy")
            yield Button("QR code", id="draw")
            yield Button("As a link", id="other")
            yield Button("Take it back", id="cancel")

    def on_mount(self) -> None:
        self.query_one("#copy").focus()
        self._begin()

    def _begin(self) -> None:
        self.run_worker(self._invite(), exclusive=True, exit_on_error=False)

    async def _invite(self) -> None:
        try:
            async with aclosing(self._node.invite(link=self._link)) as events:
                async for event in events:
                    if isinstance(event, InviteEvent):
                        self._code = event.code
                        self._command = await join_command(self._node, self._code, self._link)
                        self._show()
                    elif isinstance(event, StrangerEvent):
                        if line := stranger_line(event.strangers):
                            self.notify(line, severity="warning")
                    else:
                        await self._on_paired()
                        self.dismiss(event.name)
        except P2PChatError as error:
            self._code = ""
            self._say(str(error))

    def _show(self) -> None:
        self.query_one("#code", Static).update(Text(self._code, "bold", justify="center"))
        self.query_one("#qr", Static).update(self._picture())
        self.query_one("#other", Button).label = "As words" if self._link else "As a link"
        how = "Send it to them" if self._link else "Say it where you know each other's voice"
        say = Text(f"{how}. They type, or paste into their chat with F6:\n\n")
        say.append(self._command, "bold")
        say.append("\n\nIt works once. Waiting for them …")
        self.query_one("#state", Static).update(say)

    def _picture(self) -> Text:
        if not self._qr:
            return Text("")
        lines = qr_lines(self._command if self._link else self._code)
        if len(lines) + QR_MARGIN > self.app.size.height or len(lines[0]) + 6 > self.app.size.width:
            return Text("(the terminal is too small for the picture)", "dim", justify="center")
        return Text("\n".join(lines), "bright_white on black", justify="center")

    def _say(self, line: str) -> None:
        self.query_one("#state", Static).update(Text(line))

    def _change(self) -> None:
        """Words instead of a link, or a link instead of words."""
        self._link, self._code = not self._link, ""
        self._begin()

    def _draw(self) -> None:
        """Draw it, or not."""
        self._qr = not self._qr
        if self._code:
            self._show()

    def _copy(self) -> None:
        """Put what they have to type into the clipboard."""
        if self._command:
            self.app.copy_to_clipboard(self._command)
            self.app.notify("copied, if the terminal allows it")

    def action_cancel(self) -> None:
        """Close, and make the code invalid."""
        if self._code:
            self.app.notify(f"{self._code[:CODE_MAX]} is cancelled and no longer works", markup=False)
        self.dismiss(None)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "copy":
                self._copy()
            case "draw":
                self._draw()
            case "other":
                self._change()
            case _:
                self.action_cancel()


class JoinDialog(Dialog[str]):
    """Answers a friend's code; the answer is their name."""

    title_text = "a friend's code"

    def __init__(self, node: Node, on_paired: OnPaired, code: str = "") -> None:
        super().__init__()
        self._node = node
        self._on_paired = on_paired
        self._given = code

    def compose_content(self) -> ComposeResult:
        yield Label(
            Text("The number and three words, a link, or the whole command that your friend sees."),
            classes="wide",
        )
        yield Input(self._given, placeholder="42-tango-marble-orbit --rendezvous ws://…", compact=True)
        yield Label("", id="state", classes="wide")
        with Horizontal(classes="buttons"):
            yield Button("Join", id="join", variant="success")
            yield Button("Not now", id="cancel")

    def on_mount(self) -> None:
        if self._given:
            self._begin()

    def on_input_submitted(self) -> None:
        self._begin()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "join":
            self._begin()
        else:
            self.dismiss(None)

    def _begin(self) -> None:
        self.run_worker(self._join(self.query_one(Input).value), exclusive=True, exit_on_error=False)

    async def _join(self, typed: str) -> None:
        state = self.query_one("#state", Label)
        try:
            code, urls = read_code(typed)
            if "--lan" in typed.split() and not (await self._node.status()).lan:
                raise UsageError(
                    "your friend waits on your own network: choose lan in the settings (F10) first"
                )
            state.update("looking for them …")
            contact = await self._node.join(code, rendezvous=urls)
            await self._agree(contact)
            await self._on_paired()
        except P2PChatError as error:
            state.update(Text(one_line(str(error))))
        else:
            self.dismiss(contact.name)

    async def _agree(self, contact: PairingResult) -> None:
        """Ask before the node uses a rendezvous that neither side has named."""
        for url in filter(is_public, contact.left_out):
            agreed = await self.app.push_screen_wait(_elsewhere(url))
            if agreed:
                await self._node.add_rendezvous(url, mesh=contact.mesh, typed=False)


def _elsewhere(url: str) -> Confirm:
    """Asks whether to use a rendezvous that a contact named."""
    return Confirm(
        "another rendezvous",
        f"Their mesh also uses the rendezvous {one_line(url)}, which neither you nor the code named. "
        "Go there? It sees your address, and when you are there.",
        "Go there",
        "Leave it out",
    )


def read_code(typed: str) -> tuple[str, list[str]]:
    """The code and rendezvous in a typed or pasted text, which may be the whole command. Raises
    UsageError."""
    try:
        words = shlex.split(typed)
    except ValueError:
        words = typed.split()
    if words[:2] == ["p2pchat", "join"]:
        words = words[2:]
    words = [word for word in words if word != "--lan"]
    urls = []
    while "--rendezvous" in words:
        place = words.index("--rendezvous")
        urls += words[place + 1 : place + 2]
        del words[place : place + 2]
    if not words or any(word.startswith("-") for word in words):
        raise UsageError("type the code that your friend sees, like 42-tango-marble-orbit")
    return " ".join(words), urls


def paired_lines(contact: ContactInfo) -> list[str]:
    """The message after a successful pairing."""
    verify = "" if contact.verified else "; compare the safety number with F7"
    return [f"you and {harmless_name(contact.name)} are contacts now{verify}", *kept(contact)]

"""The chat on a terminal: the line being typed stays at the bottom while messages come in above it.

Knows: prompt_toolkit, keys, colours. Does not know: what lines mean (``talk``, ``slash``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style

from p2pchat.cli.output import say
from p2pchat.cli.slash import Slash
from p2pchat.cli.talk import Line, Talk
from p2pchat.errors import P2PChatError
from p2pchat.text import harmless_name

if TYPE_CHECKING:
    from p2pchat.client import Node

_STYLE = Style.from_dict(
    {
        "time": "ansibrightblack",
        "me": "bold ansicyan",
        "them": "bold ansigreen",
        "mark": "ansibrightblack",
        "notice": "ansibrightblack",
        "day": "ansibrightblack",
        "bottom-toolbar": "noreverse",
        "status": "reverse",
        "status.here": "reverse bold",
        "status.unread": "reverse bold",
    }
)


async def chat_on_terminal(node: Node, name: str) -> None:
    """Chat with ``name`` until Ctrl-D or /quit."""
    screen = _Screen(node)
    await screen.run(name)


class _Screen:
    def __init__(self, node: Node) -> None:
        self._talk = Talk(node, _show, self._refresh)
        self._slash = Slash(self._talk)
        self._unsent: asyncio.Queue[str] = asyncio.Queue()
        self._session: PromptSession[str] = PromptSession(
            message=self._prompt,
            bottom_toolbar=lambda: FormattedText(self._talk.status_line()),
            style=_STYLE,
            multiline=True,
            prompt_continuation=lambda width, _number, _wrapped: " " * width,
            key_bindings=_keys(),
            completer=_Completer(self._slash),
            complete_while_typing=True,
            erase_when_done=True,
            enable_open_in_editor=False,
        )
        node.on_change = self._talk.notice

    async def run(self, name: str) -> None:
        with patch_stdout():
            await self._talk.open(name)
            helpers = [asyncio.ensure_future(work) for work in (self._talk.follow(), self._send())]
            try:
                await self._read()
            finally:
                await self._slash.close()
                for helper in helpers:
                    helper.cancel()
                await asyncio.wait(helpers)
        waiting = self._talk.undelivered()
        if waiting:
            say(
                f"{waiting} of your messages {'is' if waiting == 1 else 'are'} still on the way; "
                "they go out while a node runs here: p2pchat node run"
            )

    async def _read(self) -> None:
        typed = ""
        while not self._slash.quit:
            try:
                line, typed = await self._session.prompt_async(default=typed), ""
            except EOFError:
                return
            if not line.strip():
                continue
            if line.startswith("/") and not line.startswith("//"):
                typed = await self._obey(line)
            else:
                self._unsent.put_nowait(line.removeprefix("/") if line.startswith("//") else line)

    async def _obey(self, line: str) -> str:
        """Run a slash command; return what should stand in the line again because it was refused."""
        try:
            await self._slash.run(line)
        except P2PChatError as error:
            self._talk.notice(str(error))
            return line
        return ""

    async def _send(self) -> None:
        """Queue what was typed, one after another, so that it leaves in the order it was typed."""
        while True:
            line = await self._unsent.get()
            try:
                await self._talk.say(line)
            except P2PChatError as error:
                self._talk.notice(f"not sent: {error}")
                if not self._session.default_buffer.text:
                    self._session.default_buffer.insert_text(line)

    def _prompt(self) -> FormattedText:
        return FormattedText([("class:me", harmless_name(self._talk.me)), ("", "> ")])

    def _refresh(self) -> None:
        if self._session.app.is_running:
            self._session.app.invalidate()


def _show(line: Line) -> None:
    print_formatted_text(FormattedText(line), style=_STYLE)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.reset()

    return keys


class _Completer(Completer):
    """Completes slash commands and what follows them; never what is said."""

    def __init__(self, slash: Slash) -> None:
        self._slash = slash

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text
        if not text.startswith("/") or "\n" in text:
            return
        command, blank, rest = text.partition(" ")
        offered, begun = (self._slash.arguments(command), rest) if blank else (self._slash.names(), command)
        for each in offered:
            if each.startswith(begun):
                yield Completion(each, start_position=-len(begun), display=harmless_name(each))

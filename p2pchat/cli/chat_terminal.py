"""The chat on a terminal: the line being typed stays at the bottom while messages come in above it.

Knows: prompt_toolkit, keys, colours. Does not know: what lines mean (``talk``, ``slash``).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.renderer import print_formatted_text as render
from prompt_toolkit.styles import Style

from p2pchat.cli.output import say
from p2pchat.cli.slash import Slash
from p2pchat.cli.talk import Line, Talk
from p2pchat.errors import P2PChatError
from p2pchat.text import harmless_name
from p2pchat.wording.signs import signs

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
    await _Screen(node).run(name)


class _Screen:
    """One prompt that lasts as long as the chat.

    A prompt for each line would leave the terminal cooked in between, and there Ctrl-C would end us and
    Ctrl-D would get lost.
    """

    def __init__(self, node: Node) -> None:
        self._talk = Talk(node, self._show, self._refresh, signs(os.environ, sys.stdout.encoding))
        self._slash = Slash(self._talk, self._leave)
        self._typed: asyncio.Queue[str] = asyncio.Queue()
        self._session: PromptSession[str] = PromptSession(
            message=self._prompt,
            bottom_toolbar=lambda: FormattedText(self._talk.status_line()),
            style=_STYLE,
            multiline=True,
            prompt_continuation=lambda width, _number, _wrapped: " " * width,
            key_bindings=_keys(self._submit),
            completer=_Completer(self._slash),
            complete_while_typing=True,
            erase_when_done=True,
            enable_open_in_editor=False,
        )
        node.on_change = self._talk.trouble

    async def run(self, name: str) -> None:
        await self._talk.open(name)
        works = (self._talk.follow(), self._talk.look_round(), self._take_typed())
        helpers = [asyncio.ensure_future(work) for work in works]
        prompt = asyncio.ensure_future(self._session.prompt_async())
        try:
            with suppress(EOFError):
                done, _ = await asyncio.wait([prompt, *helpers], return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            await self._slash.close()
            for task in (prompt, *helpers):
                task.cancel()
            await asyncio.wait([prompt, *helpers])
        self._say_what_waits()

    def _submit(self, line: str) -> None:
        if line.strip() == "/quit":
            self._leave()  # not after what cannot be sent yet
        else:
            self._typed.put_nowait(line)

    def _leave(self) -> None:
        self._session.app.exit(exception=EOFError)

    async def _take_typed(self) -> None:
        """Send or obey what was typed, one line after another, in the order it was typed."""
        while True:
            line = await self._typed.get()
            command = line.startswith("/") and not line.startswith("//")
            try:
                if command:
                    await self._slash.run(line)
                else:
                    await self._talk.say(line.removeprefix("/") if line.startswith("//") else line)
            except P2PChatError as error:
                self._talk.notice(str(error))
                if not command and not self._session.default_buffer.text:
                    self._session.default_buffer.insert_text(line)

    def _say_what_waits(self) -> None:
        if waiting := self._talk.undelivered():
            what = "1 message is" if waiting == 1 else f"{waiting} messages are"
            say(f"{what} still on the way, and will go on while a node runs here: p2pchat node run")

    def _prompt(self) -> FormattedText:
        return FormattedText([("class:me", harmless_name(self._talk.me)), ("", "> ")])

    def _refresh(self) -> None:
        if self._session.app.is_running:
            self._session.app.invalidate()

    def _show(self, line: Line) -> None:
        """Print above what is being typed, without a moment in which keys would mean something else."""
        app = self._session.app
        if not app.is_running:
            print_formatted_text(FormattedText(line), style=_STYLE)
            return
        app.renderer.erase()
        render(app.output, FormattedText([*line, ("", "\n")]), _STYLE)
        app.renderer.reset()
        app.renderer.request_absolute_cursor_position()
        app.invalidate()


def _keys(submit: Callable[[str], None]) -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        elif buffer.text.strip():
            line = buffer.text
            buffer.reset(append_to_history=True)
            submit(line)

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

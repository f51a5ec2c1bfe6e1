"""Messages and questions over the screen.

Knows: toasts and dialogs. Does not know: what they are about.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from textual.app import App

from p2pchat.chat.question import Question
from p2pchat.errors import P2PChatError
from p2pchat.text import one_line
from p2pchat.tui.dialogs import Confirm, Dialog

T = TypeVar("T")


class Prompts:
    """Those of one program."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    def tell_person(self, text: str, seconds: float = 8) -> None:
        """Show a few lines for so long."""
        self._app.notify(text, timeout=seconds, markup=False)

    def tell_failure(self, why: object) -> None:
        """Show one line about what did not work."""
        self._app.notify(one_line(str(why)), severity="warning", timeout=8, markup=False)

    def try_act(self, act: Callable[[], object]) -> bool:
        """Do something; if it cannot be done, say so in a line and return False."""
        try:
            act()
        except P2PChatError as error:
            self.tell_failure(error)
            return False
        return True

    async def try_work(self, work: Awaitable[object]) -> bool:
        """Wait for something; if the node refuses or cannot be had, say so in a line and return False."""
        try:
            await work
        except P2PChatError as error:
            self.tell_failure(error)
            return False
        return True

    def ask_person(
        self, question: Question, yes: Callable[[], None], no: Callable[[], None] | None = None
    ) -> None:
        """Ask, and do what follows from the answer; nothing if there is none."""

        def on_answer(agreed: bool | None) -> None:
            if agreed:
                self.try_act(yes)
            elif agreed is not None and no is not None:
                self.try_act(no)

        self._app.push_screen(Confirm(question.title, question.text, question.yes, question.no), on_answer)

    def open_dialog(self, dialog: Dialog[T], then: Callable[[T], None]) -> None:
        """Open a dialog over the chat, never over another; do what follows from an answer that is not no."""

        def on_answer(answer: T | None) -> None:
            if answer:
                self.try_act(lambda: then(answer))

        if len(self._app.screen_stack) == 1:
            self._app.push_screen(dialog, on_answer)

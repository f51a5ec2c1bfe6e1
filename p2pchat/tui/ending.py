"""How a full-screen program ends when something goes wrong in it: whoever ran it is told what, and nobody is
shown a traceback, which would print messages and keys among its variables.

Knows: where Textual keeps a failure. Does not know: how it is told.
"""

from __future__ import annotations

from typing import TypeVar

from textual import on
from textual.driver import Driver
from textual.worker import WorkerFailed

from p2pchat.tui.keys import InOrder

R = TypeVar("R")


class Quiet(InOrder[R]):
    """A program that fails without a word, and not of what is typed."""

    def get_driver_class(self) -> type[Driver]:
        """In place of Textual's own, which does not outlive a byte that is no UTF-8."""
        from p2pchat.tui import drawing
        from p2pchat.tui.terminal import Patient

        drawing.mend()
        return Patient

    @on(Driver.SignalResume)
    def _resumed(self) -> None:
        """Draw all of it: the screen that was left is blank, and Textual draws only what has changed."""
        self.screen.refresh(layout=True)
        for part in self.screen.walk_children():
            part.refresh(layout=True)

    def _fatal_error(self) -> None:
        """In place of Textual's own, which prints a traceback with all variables."""
        self._close_messages_no_wait()

    def failed(self) -> Exception | None:
        """What ended it, if it was not the person at the keyboard."""
        found = self._exception
        if isinstance(found, WorkerFailed) and isinstance(found.error, Exception):
            return found.error
        return found if isinstance(found, Exception) else None

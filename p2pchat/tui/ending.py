"""The end of a full-screen program after a failure: the person is told the error, without a traceback, which
would print messages and keys among its variables.

Knows: where Textual keeps a failure. Does not know: how a failure is shown.
"""

from __future__ import annotations

from typing import TypeVar

from textual import on
from textual.driver import Driver
from textual.worker import WorkerFailed

from p2pchat.tui.keys import InOrder

R = TypeVar("R")


class Quiet(InOrder[R]):
    """A program that shows no traceback, and that no typed byte can end."""

    def get_driver_class(self) -> type[Driver]:
        """Replaces Textual's driver, which fails at a byte that is not UTF-8."""
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
        """Replaces Textual's handler, which prints a traceback with all variables."""
        self._close_messages_no_wait()

    def find_failure(self) -> Exception | None:
        """The failure that ended the program; None if the person ended it."""
        found = self._exception
        if isinstance(found, WorkerFailed) and isinstance(found.error, Exception):
            return found.error
        return found if isinstance(found, Exception) else None

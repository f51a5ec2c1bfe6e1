"""How a full-screen program ends when something goes wrong in it: whoever ran it is told what, and nobody is
shown a traceback, which would print messages and keys among its variables.

Knows: where Textual keeps a failure. Does not know: how it is told.
"""

from __future__ import annotations

from typing import TypeVar

from textual.app import App
from textual.worker import WorkerFailed

R = TypeVar("R")


class Quiet(App[R]):
    """A program that fails without a word."""

    def _fatal_error(self) -> None:
        """In place of Textual's own, which prints a traceback with all variables."""
        self._close_messages_no_wait()

    def failed(self) -> Exception | None:
        """What ended it, if it was not the person at the keyboard."""
        found = self._exception
        if isinstance(found, WorkerFailed) and isinstance(found.error, Exception):
            return found.error
        return found if isinstance(found, Exception) else None

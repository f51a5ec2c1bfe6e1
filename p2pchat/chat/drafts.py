"""What is begun to be written and not sent, for each conversation, kept in the home.

Knows: what is being written, and what the home has of it. Does not know: who shows it, or when it is sent.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from p2pchat.errors import ControlError, NetworkError, StoreError, UsageError

if TYPE_CHECKING:
    from p2pchat.client import Node

DRAFT_S: Final = 1.0
"""Until what is being written is kept: not each letter for itself."""


class Drafts:
    """By the name of whom they are for."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._texts: dict[str, str] = {}
        self._kept: dict[str, str] = {}
        """What the home has."""
        self._loaded = False
        self._begun = asyncio.Event()

    def text_for(self, name: str) -> str:
        """What was begun for somebody; empty if nothing was."""
        return self._texts.get(name, "")

    def note_text(self, name: str, text: str) -> None:
        """What is being written to somebody, for it to be there again; commands are not kept."""
        begun = text if not text.startswith("/") or text.startswith("//") else ""
        if begun != self.text_for(name):
            self._texts[name] = begun
            self._begun.set()

    def rename_contact(self, old: str, new: str) -> None:
        """What was begun for somebody stays theirs under another name."""
        for texts in (self._texts, self._kept):
            if old != new and old in texts:
                texts[new] = texts.pop(old)

    async def load_kept(self) -> None:
        """Learn, once, what the home has; a node of before there were drafts has none."""
        if not self._loaded:
            with suppress(ControlError):
                self._kept = {draft.name: draft.text for draft in await self._node.read_drafts()}
                self._texts = {**self._kept, **self._texts}
                self._loaded = True

    async def keep_changes(self) -> None:
        """Have the home keep what was begun, a moment after it was, for ever."""
        while True:
            await self._begun.wait()
            await asyncio.sleep(DRAFT_S)
            self._begun.clear()
            await self.keep_now()

    async def keep_now(self) -> None:
        """Have the home keep what was begun; what it cannot keep now is kept with the next letter."""
        for name, text in list(self._texts.items()):
            if text != self._kept.get(name, ""):
                with suppress(ControlError, NetworkError, StoreError, UsageError):  # or they are gone
                    await self._node.keep_draft(name, text)
                    self._kept[name] = text

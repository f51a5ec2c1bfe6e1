"""Unsent drafts of each conversation, saved in the home.

Knows: what is being written, and what the home has of it. Does not know: where drafts are shown, or when they
are sent.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from p2pchat.errors import ControlError, NetworkError, StoreError, UsageError

if TYPE_CHECKING:
    from p2pchat.client import Node

DRAFT_S: Final = 1.0
"""Seconds before a draft is saved, so that not each letter is saved by itself."""


class Drafts:
    """Drafts by the name of their recipient."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._texts: dict[str, str] = {}
        self._kept: dict[str, str] = {}
        """Drafts that the home has."""
        self._loaded = False
        self._begun = asyncio.Event()

    def text_for(self, name: str) -> str:
        """The draft to a contact; empty if there is none."""
        return self._texts.get(name, "")

    def note_text(self, name: str, text: str) -> None:
        """Note the draft to a contact; commands are not saved."""
        begun = text if not text.startswith("/") or text.startswith("//") else ""
        if begun != self.text_for(name):
            self._texts[name] = begun
            self._begun.set()

    def rename_contact(self, old: str, new: str) -> None:
        """Move the draft of a renamed contact to its new name."""
        for texts in (self._texts, self._kept):
            if old != new and old in texts:
                texts[new] = texts.pop(old)

    async def load_kept(self) -> None:
        """Read the saved drafts once; an old node without drafts has none."""
        if not self._loaded:
            with suppress(ControlError):
                self._kept = {draft.name: draft.text for draft in await self._node.read_drafts()}
                self._texts = {**self._kept, **self._texts}
                self._loaded = True

    async def keep_changes(self) -> None:
        """Save drafts a moment after each change, for ever."""
        while True:
            await self._begun.wait()
            await asyncio.sleep(DRAFT_S)
            self._begun.clear()
            await self.keep_now()

    async def keep_now(self) -> None:
        """Save the drafts; a draft that cannot be saved now is saved with the next letter."""
        for name, text in list(self._texts.items()):
            if text != self._kept.get(name, ""):
                with suppress(ControlError, NetworkError, StoreError, UsageError):  # otherwise they are lost
                    await self._node.keep_draft(name, text)
                    self._kept[name] = text

"""Invites in line mode: pairing takes its time, and the chat goes on meanwhile.

Knows: what is told while two people become contacts. Does not know: commands, or the terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from p2pchat.control.events import InviteEvent, StrangerEvent
from p2pchat.errors import P2PChatError, UsageError
from p2pchat.text import harmless_name
from p2pchat.wording.pairing import join_command, kept, stranger_line

if TYPE_CHECKING:
    from p2pchat.chat.model import ChatModel
    from p2pchat.control.answers import ContactInfo


class BackgroundPairing:
    """At most one pairing at a time. ``tell`` shows a line."""

    def __init__(self, model: ChatModel, tell: Callable[[str], None]) -> None:
        self._model = model
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def begin_invite(self, link: bool) -> None:
        """Make a code. Raises UsageError while another pairing is under way."""
        self._begin(lambda: self._invite(link))

    def begin_join(self, code: str) -> None:
        """Answer a code. Raises UsageError while another pairing is under way."""
        self._begin(lambda: self._join(code))

    async def cancel_pairing(self) -> None:
        """Take back an invite that still waits."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    def _begin(self, pair: Callable[[], Awaitable[None]]) -> None:
        if self._task is not None and not self._task.done():
            raise UsageError("an invite is under way already; wait until it is answered or expires")

        async def tell_outcome() -> None:
            try:
                await pair()
            except P2PChatError as error:
                self._tell(str(error))

        self._task = asyncio.ensure_future(tell_outcome())

    async def _invite(self, link: bool) -> None:
        async for event in self._model.node.invite(link=link):
            if isinstance(event, InviteEvent):
                command = await join_command(self._model.node, event.code, link)
                self._tell(f"tell your friend to type:  {command}")
            elif isinstance(event, StrangerEvent):
                if line := stranger_line(event.strangers):
                    self._tell(line)
            else:
                await self._welcome(event)

    async def _join(self, code: str) -> None:
        await self._welcome(await self._model.node.join(code))

    async def _welcome(self, contact: ContactInfo) -> None:
        await self._model.load_people()
        shown = harmless_name(contact.name)
        self._tell(f"you and {shown} are contacts now; /switch {shown}")
        for line in kept(contact):
            self._tell(line)

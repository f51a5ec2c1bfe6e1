"""What tests of the chat in lines share: a chat over a fake node, and what a person would read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from p2pchat.control.events import ListenEvents
from p2pchat.plain.chat import PlainChat
from p2pchat.plain.sheet import Line
from p2pchat.wording.signs import UNICODE, Signs
from tests.support.fake_node import FakeNode


class Reader:
    """A chat, its node, and what a person would read."""

    def __init__(self, signs: Signs = UNICODE) -> None:
        self.node = FakeNode("bob", "carol")
        self.left = 0
        self.back: list[str] = []
        self.lines: list[str] = []
        self.chat = PlainChat(self.node, self._show, lambda: None, self._leave, self._put_back, signs)
        self.model = self.chat.model
        self._running: list[asyncio.Future[None]] = []

    def _leave(self) -> None:
        self.left += 1

    def _put_back(self, text: str) -> bool:
        self.back.append(text)
        return True

    def _show(self, line: Line) -> None:
        self.lines.append("".join(text for _, text in line))

    async def open(self, name: str = "bob") -> None:
        """Begin, and let what is said and asked reach the node."""
        if not self._running:
            await self.chat.begin_chat(name)
            works = (self.model.sent.send_texts(), self.model.requests.run_all())
            self._running = [asyncio.ensure_future(work) for work in works]
        else:
            await self.type(f"/switch {name}")

    async def type(self, line: str) -> None:
        """Type a line, and wait until all has come of it."""
        self.chat.take_line(line)
        async with asyncio.timeout(5):
            await self.model.requests.wait_for_all()
            await self.model.sent.all_handed_over()
        await asyncio.sleep(0)

    async def take(self, *events: ListenEvents) -> None:
        for event in events:
            await self.model.take_event(event)

    async def close(self) -> None:
        for each in self._running:
            each.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._running)
        await self.chat.screen.take_back_invite()

    def said(self) -> list[str]:
        """The lines of the conversation without their times."""
        return [line[6:] for line in self.lines if line[2:3] == ":"]

    def noticed(self) -> list[str]:
        """The lines about the chat."""
        return [line.strip() for line in self.lines if line.startswith("      ")]

    @property
    def status(self) -> str:
        return "".join(text for _, text in self.chat.status_line)


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    found = Reader()
    yield found
    await found.close()

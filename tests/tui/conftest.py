"""What tests of the full-screen chat share: a chat without a terminal, with a fake node behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from p2pchat.control.events import MessageEvent
from p2pchat.tui.app import Chat
from p2pchat.tui.compose import Compose
from p2pchat.tui.scrollback import Scrollback
from tests.support.fake_node import FakeNode, message

Open = Callable[..., AbstractAsyncContextManager["Desk"]]


class Desk:
    """A chat, its node, and a hand on the keyboard."""

    def __init__(self, chat: Chat, node: FakeNode, pilot: Pilot[Any]) -> None:
        self.chat = chat
        self.node = node
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys, one after another, and let all that follows happen."""
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.pilot.press(*("space" if each == " " else each for each in text))
        await self.settle()

    async def paste(self, text: str) -> None:
        """Paste a text."""
        from textual.events import Paste

        self.chat.post_message(Paste(text))
        await self.settle()

    async def settle(self) -> None:
        for _ in range(3):
            await self.pilot.pause()
            await self.chat.drain_input()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let things happen until it holds; a test that waits for ever ends by its timeout."""
        while not holds():
            await self.pilot.pause(0.01)

    @property
    def scrollback(self) -> Scrollback:
        return self.chat.main.pane.scrollback

    @property
    def writing(self) -> Compose:
        return self.chat.main.pane.writing

    @property
    def lines(self) -> list[str]:
        """What was said, as far as it is on the screen, without the blanks at the ends."""
        back = self.scrollback
        return [back.render_line(y).text.rstrip() for y in range(back.size.height)]

    @property
    def screen(self) -> str:
        """All of the screen's text."""
        width, height = self.chat.size
        return "\n".join(
            "".join(segment.text for segment in strip)
            for strip in self.chat.screen._compositor.render_strips()[:height]
        )[: (width + 1) * height]


@pytest.fixture
def desk() -> Open:
    """Open a chat with a fake node, or with one of the test's."""

    @asynccontextmanager
    async def opened(
        node: FakeNode | None = None,
        size: tuple[int, int] = (80, 24),
        whom: str = "bob",
        notifications: bool = False,
    ) -> AsyncIterator[Desk]:
        node = node or FakeNode("bob", "carol")
        chat = Chat(node, whom)
        async with chat.run_test(size=size, notifications=notifications) as pilot:
            desk = Desk(chat, node, pilot)
            await desk.settle()
            yield desk

    return opened


def said(count: int, sender: str = "bob") -> list[MessageEvent]:
    return [
        message(f"{sender}{n}", f"line {n}", sender=sender, at=f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z")
        for n in range(count)
    ]


def talk(count: int, text: str = "line") -> list[MessageEvent]:
    return [
        message(f"m{n}", f"{text} {n}", at=f"2026-01-02T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z")
        for n in range(count)
    ]

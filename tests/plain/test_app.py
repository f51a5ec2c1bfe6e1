"""The chat in lines, whole, at a terminal of its own, with a node that is none."""

from __future__ import annotations

import sys

import pytest

from tests.support.processes import environment
from tests.support.terminal import Terminal

pytestmark = pytest.mark.real

PROGRAM = """
import asyncio
from p2pchat.plain.app import chat_in_lines
from tests.support.fake_node import FakeNode, message

async def main():
    node = FakeNode("bob", "carol")
    node.states = ("queued",)
    chatting = asyncio.ensure_future(chat_in_lines(node, "bob", False))
    while not node.sent:
        await asyncio.sleep(0.01)
    node.happens(message("1", "while you write"))
    print("farewell: " + await chatting)

asyncio.run(main())
"""


def test_what_is_typed_is_sent_and_stays_while_something_comes() -> None:
    with Terminal([sys.executable, "-c", PROGRAM], environment()) as terminal:
        terminal.until("talking with bob")
        terminal.type("hello\rhalf a l")
        terminal.until("me: hello")
        terminal.until("bob: while you write\nme> half a l")
        terminal.until("| · hello")
        terminal.type("\x03/s\t carol\r")
        terminal.until("talking with carol")
        terminal.type("/quit\r")
        terminal.until("farewell: 1 message is not delivered yet")
        assert terminal.ended() == 0

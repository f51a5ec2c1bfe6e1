"""Every line of a pipe is sent, or named as not accepted, even if the contact is away."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from p2pchat.cli import stdin
from p2pchat.cli.chat_pipe import WINDOW, chat_through_pipe
from p2pchat.control.answers import DeliveryInfo
from p2pchat.errors import Ended, LimitError, NotInTime, P2PChatError, UsageError
from tests.support.fake_node import FakeNode, contact, message


class Away(FakeNode):
    """A node that takes at most ``room`` messages, none of which arrives."""

    def __init__(self, room: int = 10_000) -> None:
        super().__init__("bob")
        self.room = room

    async def send(self, to: str, text: str, **rest: Any) -> DeliveryInfo:
        if rest.get("wait") != "queued":
            raise NotInTime("not delivered within 0 s; it stays queued and will still go out")
        if len(self.sent) >= self.room:
            raise LimitError("too many messages wait to be delivered already")
        return await super().send(to, text, **rest)


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The writing end of what the chat reads."""
    reading, writing = os.pipe()
    monkeypatch.setattr(stdin, "_STDIN", reading)
    yield writing
    for thread in threading.enumerate():
        if thread.name == "stdin":
            thread.join(1.0)  # it would read from whatever gets this descriptor next
    os.close(reading)


def given(pipe: int, *lines: object) -> None:
    """Write the lines, and the end, as somebody who does not wait for the reader."""
    data = b"".join(f"{line}\n".encode(errors="surrogateescape") for line in lines)

    def write() -> None:
        with os.fdopen(pipe, "wb") as stream, suppress(BrokenPipeError):
            stream.write(data)

    threading.Thread(target=write, daemon=True).start()


async def chat(node: FakeNode, timeout: float = 0.0) -> None:
    await chat_through_pipe(node, "bob", json=False, timeout=timeout)


async def test_every_line_is_queued_for_a_contact_that_is_away(pipe: int) -> None:
    node = Away()
    given(pipe, *range(3 * WINDOW))
    with pytest.raises(NotInTime) as error:
        await chat(node)
    assert [text for _, text in node.sent] == [str(number) for number in range(3 * WINDOW)]
    assert str(error.value).startswith("300 of 300 messages were not delivered within 0 s; they stay queued")


async def test_what_is_in_the_way_is_said_once_while_stdin_stays_open(
    pipe: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("p2pchat.cli.chat_pipe.LOOK_S", 0.001)
    node = Away()
    node.people["bob"] = contact("bob", hindrance="no way between your two networks: …")
    talking = asyncio.ensure_future(chat(node))
    os.write(pipe, b"hello?\n")
    said = ""
    async with asyncio.timeout(5):
        while not said:
            await asyncio.sleep(0.01)
            said = capsys.readouterr().err
    assert said == "not yet: no way between your two networks: …\n"
    os.close(pipe)
    with pytest.raises(NotInTime):
        await talking
    assert capsys.readouterr().err == ""


async def test_what_finds_no_room_is_named(pipe: int) -> None:
    node = Away(room=7)
    given(pipe, *range(10))
    with pytest.raises(LimitError, match="no line of stdin after line 7 was accepted"):
        await chat(node)
    assert len(node.sent) == 7


async def test_a_line_waits_for_room_while_receipts_come(pipe: int) -> None:
    node, full = FakeNode("bob"), [LimitError("full")]

    async def send(to: str, text: str, **rest: Any) -> DeliveryInfo:
        if text == "b" and full:
            raise full.pop()
        return await FakeNode.send(node, to, text, **rest)

    node.send = send  # type: ignore[method-assign]
    given(pipe, "a", "b")
    await chat(node)
    assert [text for _, text in node.sent] == ["a", "a", "b", "b"], "each queued, and then waited for"


@pytest.mark.parametrize(
    ("lines", "error"),
    [(["a", "", "caf\udce9", "d"], UsageError), (["a", "", "x" * 70_000, "d"], LimitError)],
)
async def test_a_line_that_is_no_message_ends_it_and_is_named(
    lines: list[str], error: type[P2PChatError], pipe: int
) -> None:
    node = FakeNode("bob")
    given(pipe, *lines)
    with pytest.raises(error, match="no line of stdin after line 2 was accepted"):
        await chat(node)
    assert node.sent == [("bob", "a")]


async def test_it_ends_when_the_contact_is_removed_meanwhile(pipe: int) -> None:
    node = FakeNode("bob")
    node.refuse = [Ended("bob was removed meanwhile; nothing was sent")]
    given(pipe, "a", "b")
    with pytest.raises(Ended, match="no line of stdin after line 0 was accepted"):
        await chat(node)


async def test_an_interruption_says_what_was_not_taken(pipe: int, capsys: pytest.CaptureFixture[str]) -> None:
    node = FakeNode("bob")
    os.write(pipe, b"a\nb\n")
    chatting = asyncio.ensure_future(chat(node))
    while len(node.sent) < 2:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    chatting.cancel()
    await asyncio.wait((chatting,))
    os.close(pipe)
    assert capsys.readouterr().err == "no line of stdin after line 2 was accepted\n"


async def test_messages_are_lines_meanwhile(pipe: int, capsys: pytest.CaptureFixture[str]) -> None:
    node = FakeNode("bob")
    node.events = [message("1", "hi")]
    chatting = asyncio.ensure_future(chat_through_pipe(node, "bob", json=True, timeout=1))
    while not node.was_heard:
        await asyncio.sleep(0)
    given(pipe, "a")
    await chatting
    assert json.loads(capsys.readouterr().out)["text"] == "hi"

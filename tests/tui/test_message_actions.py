"""What is done with one message is done to it alone, and here alone."""

from __future__ import annotations

import pytest

from p2pchat.chat.lines import line_of
from p2pchat.errors import UsageError
from p2pchat.tui.dialogs import Rewrite
from p2pchat.tui.message_actions import quoted
from tests.support.fake_node import FakeNode, message
from tests.tui.conftest import Open


async def test_a_reply_quotes_what_it_answers(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "eight?\nor nine?")]
    async with desk(node) as it:
        await it.press("escape", "ctrl+r")
        await it.type("nine")
        await it.press("enter")
        await it.until(lambda: bool(node.sent))
        assert node.sent == [("bob", "> bob: eight? …\nnine")]


async def test_a_line_is_edited_and_forgotten_here(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "wrong")]
    async with desk(node) as it:
        await it.press("escape", "enter", "up", "up", "enter")
        assert isinstance(it.chat.screen, Rewrite)
        await it.press("end", "ctrl+u")
        await it.type("right")
        await it.press("ctrl+s")
        assert [line.text for line in node.said] == ["right"]
        assert it.lines[1].endswith("right ✎ rewritten here")
        assert "right" in it.screen.split("▕")[0] + it.screen.split("\n")[1], "the list follows"
        await it.press("delete", "right", "enter")
        assert node.said == []
        assert not [line for line in it.lines if "right" in line]


async def test_what_the_node_refuses_is_said_and_the_chat_goes_on(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = FakeNode("bob", "carol")
    node.said = [message("1", "waits", outgoing=True, state="queued")]

    async def refuse(*_: object, **__: object) -> None:
        raise UsageError("it waits to be delivered")

    async with desk(node) as it:
        monkeypatch.setattr(node, "forget_message", refuse)
        await it.press("escape", "delete", "right", "enter")
        assert [each.message for each in it.chat._notifications] == ["it waits to be delivered"]
        assert any(line.endswith("waits · queued") for line in it.lines)
        monkeypatch.setattr(node, "history", refuse)
        await it.press("ctrl+n")
        assert it.chat.is_running


def test_a_reply_repeats_one_harmless_line() -> None:
    assert quoted(line_of(message("1", "a\x1b[2J\nb"))) == "> bob: a␛[2J …"
    assert len(quoted(line_of(message("1", "x" * 1000)))) < 220

"""What is done with one message is done to it alone, and here alone."""

from __future__ import annotations

import pytest

from p2pchat.chat.referring import SIGNS
from p2pchat.control.events import CorrectedEvent, ForgottenEvent, WithdrawnEvent
from p2pchat.control.values import extended
from p2pchat.errors import UsageError
from p2pchat.tui.dialogs import Correct, Rewrite
from tests.support.fake_node import FakeNode, message, told
from tests.tui.conftest import Open


async def test_a_reply_names_what_it_answers_and_escape_takes_that_back(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "eight?\nor nine?")]
    async with desk(node) as it:
        await it.press("escape", "ctrl+r")
        assert "reply to bob: eight?" in str(it.writing.border_title)
        await it.press("escape")
        assert str(it.writing.border_title) == "to bob"
        await it.press("escape", "ctrl+r")
        await it.type("nine")
        await it.press("enter")
        await it.until(lambda: bool(node.sent))
        assert (node.sent, node.replies) == ([("bob", "nine")], ["1"])
        assert any(line.rstrip().endswith("╭ bob: eight?⏎or nine?") for line in it.lines)
        await it.type("more")
        await it.press("enter")
        await it.until(lambda: len(node.sent) == 2)
        assert node.replies == ["1", None]


async def test_reacting_correcting_and_withdrawing_take_a_chord_or_the_menu(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "theirs"), message("2", "mine", outgoing=True)]
    async with desk(node) as it:
        await it.press("escape", "ctrl+e")
        assert isinstance(it.chat.screen, Correct)
        await it.press("end")
        await it.type(", really")
        await it.press("ctrl+s")
        await it.press("ctrl+x", "enter")
        assert node.referred == [("correct", "2", "mine, really")], "what harms nothing is chosen first"
        await it.press("ctrl+x", "right", "enter")
        await it.press("up", "ctrl+t", "enter")
        assert node.referred[1:] == [("withdraw", "2", ""), ("react", "1", SIGNS[0])]


async def test_no_letter_does_anything_to_a_message(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("2", "mine", outgoing=True)]
    async with desk(node) as it:
        await it.press("escape")
        await it.type("rtexw")
        assert it.writing.text == "rtexw"
        assert node.referred == []


async def test_only_its_author_can_correct_or_withdraw_a_message(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "theirs")]
    async with desk(node) as it:
        await it.press("escape", "ctrl+e", "ctrl+x")
        told = [each.message for each in it.chat._notifications]
        assert len(told) == 2 and all(line.startswith("only the author") for line in told)
        await it.press("enter")
        assert "Correct" not in it.screen and "Withdraw" not in it.screen and "React" in it.screen


async def test_a_withdrawn_message_offers_only_what_is_possible(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "", outgoing=True, withdrawn="delivered")]
    async with desk(node) as it:
        await it.press("escape", "enter")
        assert "Reply" in it.screen and "Delete it here" in it.screen
        assert not [word for word in ("React", "Copy", "Correct", "Withdraw") if word in it.screen]


async def test_what_is_said_of_a_message_shows_on_it_and_on_replies(desk: Open) -> None:
    node = FakeNode("bob")
    answered = {"id": "1", "from": "bob", "text": "at eight"}
    node.said = [message("1", "at eight"), message("2", "fine", outgoing=True, reply_to=answered)]
    async with desk(node) as it:
        corrected = message("1", "at nine", corrected="delivered")
        node.happens(extended(corrected, CorrectedEvent, by="bob"))
        await it.until(lambda: any("at nine corrected" in line for line in it.lines))
        assert any("╭ bob: at nine" in line for line in it.lines)
        withdrawn = message("1", "", withdrawn="delivered")
        node.happens(extended(withdrawn, WithdrawnEvent, by="bob"))
        await it.until(lambda: any("╭ bob: a withdrawn message" in line for line in it.lines))
        node.happens(told(ForgottenEvent, contact="bob", id="1"))
        await it.until(lambda: any("╭ a message that is not here" in line for line in it.lines))


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

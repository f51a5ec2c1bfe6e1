"""Keys act in any focus, letters only write, and the chat ends only after the node has all messages."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from textual.events import Key

from p2pchat.control.events import InviteEvent
from p2pchat.errors import ControlError
from p2pchat.tui.dialogs import Confirm
from tests.support.fake_node import FakeNode, message, told
from tests.tui.conftest import Desk, Open, said


def shown(it: Desk) -> list[str]:
    return [f"the {part}" for part in ("people", "talk", "mesh") if it.chat.query_one(f"#{part}").display]


async def test_leaving_while_no_node_answers_gives_back_what_was_not_sent(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.chat.model.LEAVE_S", 3600.0)
    monkeypatch.setattr("p2pchat.chat.sent.RETRY_S", 3600.0)
    node = FakeNode("bob")
    node.refuse = [ControlError("no node")]
    async with desk(node) as it:
        await it.type("two")
        await it.press("ctrl+j")
        await it.type("lines")
        await it.press("enter", "ctrl+q")
        assert it.chat.is_running
        await it.press("ctrl+q")
    assert it.chat.model.sent.farewell_text() == "the node did not answer; NOT sent to bob:\n  two\n  lines"


async def test_a_burst_of_keys_opens_one_dialog(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    async with desk(node) as it:
        await it.press("escape")
        for key in ("delete", "delete", "enter", "f1", "f5", "f9"):
            it.chat.post_message(Key(key, None))
        await it.settle()
        assert len(it.chat.screen_stack) <= 2
        assert len(node.said) == 3


@pytest.mark.parametrize("key", ["f3", "f5", "f6", "f7", "f9"])
async def test_no_letter_acts_in_a_dialog(desk: Open, key: str) -> None:
    node = FakeNode("bob")
    node.invitation = [told(InviteEvent, code="42-tango-marble-orbit")]
    async with desk(node) as it:
        await it.press(key)
        dialog = it.chat.screen
        await it.type("y n l q c x")
        assert it.chat.screen is dialog
        assert not node.people["bob"].verified
        assert not node.people["bob"].blocked


async def test_a_flooding_contact_is_muted_and_blocked_from_the_keyboard(desk: Open) -> None:
    async with desk() as it:

        async def flood() -> None:
            for number in range(300):
                await it.chat.model.take_event(message(f"f{number}", "buy now " * 30))

        flooding = asyncio.ensure_future(flood())
        await it.press("f8")
        assert it.node.people["bob"].muted
        await it.press("f9")
        assert type(it.chat.screen) is Confirm
        await it.press("right", "enter")
        await flooding
        assert it.node.people["bob"].blocked


async def test_a_flood_without_end_does_not_hold_up_the_keyboard(desk: Open) -> None:
    async with desk() as it:

        async def flood() -> None:
            for number in count():
                await it.chat.model.take_event(message(f"f{number}", "buy now", sender="carol"))
                await asyncio.sleep(0)

        flooding = asyncio.ensure_future(flood())
        for key in "enough":
            it.chat.post_message(Key(key, key))
        it.chat.post_message(Key("enter", "\r"))
        while not it.node.sent:
            await asyncio.sleep(0.01)
        flooding.cancel()
        assert it.node.sent == [("bob", "enough")]


@pytest.mark.parametrize("sheet", ["/help", "/who", "/doctor"])
async def test_a_letter_closes_what_is_only_read_and_is_written(desk: Open, sheet: str) -> None:
    async with desk() as it:
        for key in sheet:
            it.chat.post_message(Key(key, key))
        it.chat.post_message(Key("enter", "\r"))
        for key in "hello":
            it.chat.post_message(Key(key, key))
        await it.settle()
        assert it.writing.text == "hello"
        assert len(it.chat.screen_stack) == 1


async def test_letters_typed_in_the_list_of_people_are_written(desk: Open) -> None:
    async with desk(size=(60, 20)) as it:
        await it.press("f2")
        await it.type("hi")
        assert it.writing.text == "hi"
        assert shown(it) == ["the talk"]


async def test_a_command_completes_itself_and_an_unknown_one_says_so(desk: Open) -> None:
    async with desk() as it:
        await it.type("/sw")
        assert "/switch" in it.screen
        await it.press("tab")
        await it.type(" c")
        await it.press("tab", "enter")
        assert it.chat.model.current == "carol"
        await it.type("/dance")
        await it.press("enter")
        assert it.writing.text == "/dance"
        assert it.node.sent == []
        await it.press("ctrl+c")
        await it.type("//shrug")
        await it.press("enter")
        await it.until(lambda: it.node.sent == [("carol", "/shrug")])

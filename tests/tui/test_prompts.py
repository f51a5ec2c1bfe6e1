"""Messages and questions do not block the chat, and do no harm by themselves."""

from __future__ import annotations

import pytest
from textual.widgets import Button

from p2pchat.control.events import InviteEvent
from p2pchat.tui.pairing import InviteDialog
from tests.support.fake_node import FakeNode, told
from tests.tui.conftest import Open, said


async def test_enter_in_a_dialog_that_was_just_opened_harms_nothing(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    node.invitation = [told(InviteEvent, code="42-tango-marble-orbit")]
    async with desk(node) as it:
        await it.press("f5", "enter")
        assert isinstance(it.chat.screen, InviteDialog), "Enter copies; taking the code back has to be chosen"
        await it.press("escape", "f9", "enter", "f7", "enter", "escape", "delete", "enter")
        assert not node.people["bob"].blocked
        assert not node.people["bob"].verified
        assert len(node.said) == 3


async def test_what_is_told_covers_neither_where_one_writes_nor_the_newest_nor_the_status(
    desk: Open,
) -> None:
    async with desk(notifications=True) as it:
        bottom = it.screen.split("\n")[-6:]
        it.chat.prompts.tell_failure(
            "something did not work, for reasons that take more than a single line to tell"
        )
        await it.until(lambda: "something did not" in it.screen)
        assert it.screen.split("\n")[-6:] == bottom
        assert it.screen.startswith("▌● bob")


@pytest.mark.parametrize("key", ["f5", "f6", "f7"])
async def test_in_a_dialog_only_the_button_that_has_the_focus_looks_chosen(desk: Open, key: str) -> None:
    async with desk() as it:
        await it.press(key)
        buttons = [each for each in it.chat.screen.query(Button) if not each.disabled]
        assert buttons
        for button in buttons:
            button.focus()
            await it.settle()
            others = {each.styles.background for each in buttons if each is not button}
            assert len(others) <= 1, "some look as if they were chosen"
            assert button.styles.background not in others


async def test_ctrl_c_never_speaks_of_the_toolkit(desk: Open) -> None:
    async with desk(notifications=True) as it:
        for keys in (("escape",), ("f3",), ("f5",), ("f7",), ("f1",)):
            await it.press(*keys, "ctrl+c", "ctrl+c")
            assert "quit" not in it.screen.lower()
        assert it.chat.is_running

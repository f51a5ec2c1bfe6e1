"""A message is selected by keys or clicks, and no letter does anything to it."""

from __future__ import annotations

import pytest

from tests.support.fake_node import FakeNode, message
from tests.tui.conftest import Open, said


@pytest.mark.parametrize("typed", ["see you later", "r", "/disappear banana x k j i g"])
async def test_no_letter_acts_on_what_was_said(desk: Open, typed: str) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    async with desk(node) as it:
        await it.press("escape")
        assert it.scrollback.has_focus
        await it.type(typed)
        assert it.writing.text == typed
        assert it.writing.has_focus
        assert len(it.chat.screen_stack) == 1
        assert [line.text for line in node.said] == ["line 0", "line 1", "line 2"]


async def test_what_is_pasted_while_a_message_is_selected_is_written(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    async with desk(node) as it:
        await it.press("escape")
        await it.paste("from elsewhere")
        assert it.writing.text == "from elsewhere"


async def test_a_click_on_the_talk_goes_on_writing_and_two_select(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    async with desk(node) as it:
        await it.pilot.click("#scrollback", offset=(20, 2))
        await it.settle()
        assert it.writing.has_focus
        await it.pilot.double_click("#scrollback", offset=(20, 2))
        await it.settle()
        assert it.scrollback.has_focus
        assert it.scrollback.selected == "bob1"


async def test_escape_selects_the_newest_again_after_another_was_selected(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    async with desk(node) as it:
        await it.press("escape", "home", "escape")
        await it.chat.model.take_event(message("m1", "newer"))
        await it.press("escape")
        assert it.scrollback.selected == "m1"

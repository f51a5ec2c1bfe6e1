"""Each command of a chat opens what it names."""

from __future__ import annotations

import pytest

from p2pchat.control.events import InviteEvent
from p2pchat.tui.dialogs import Confirm, Help, SearchDialog, VerifyDialog
from p2pchat.tui.pairing import InviteDialog, JoinDialog
from tests.support.fake_node import FakeNode, added, contact, told
from tests.tui.conftest import Open, said


async def test_verifying_shows_the_digits_to_compare(desk: Open) -> None:
    async with desk() as it:
        await it.press("f7")
        assert isinstance(it.chat.screen, VerifyDialog)
        assert "12345" in it.screen
        await it.press("right", "enter")
        assert it.node.people["bob"].verified


async def test_what_is_found_is_gone_to(desk: Open) -> None:
    node = FakeNode("bob", "carol")
    node.said = [*said(400), *said(3, "carol")]
    node.said[7] = node.said[7].with_changes(text="the needle")
    async with desk(node) as it:
        await it.press("f3")
        assert isinstance(it.chat.screen, SearchDialog)
        await it.type("needle")
        await it.until(lambda: "1 found" in it.screen)
        await it.press("enter")
        await it.settle()
        assert it.scrollback.selected == "bob7"
        assert any(line.endswith("the needle") for line in it.lines)
        await it.press("ctrl+end")
        await it.until(lambda: it.lines[-1].endswith("line 399"))


async def test_help_lists_every_key_and_command(desk: Open) -> None:
    async with desk(size=(120, 80)) as it:
        await it.press("f1")
        assert it.chat.screen.__class__ is Help
        for each in ("/invite", "/verify", "/doctor", "Ctrl-N", "F4"):
            assert each in it.screen
        await it.press("escape")
        assert len(it.chat.screen_stack) == 1


async def test_a_stranger_to_all_is_told_how_to_begin_and_joins(desk: Open) -> None:
    node = FakeNode()
    async with desk(node, whom="") as it:
        assert "You have no contacts yet" in it.screen
        await it.press("f6")
        assert isinstance(it.chat.screen, JoinDialog)
        await it.type("p2pchat join 4-a-b-c --rendezvous ws://x:1")
        node.people["ana"] = contact("ana")
        await it.press("enter")
        await it.until(lambda: it.chat.model.current == "ana")
        assert node.joined == [("4-a-b-c", ["ws://x:1"])]


async def test_an_invite_shows_what_to_say_and_opens_the_new_conversation(desk: Open) -> None:
    node = FakeNode("bob")
    node.invitation = [told(InviteEvent, code="42-tango-marble-orbit")]
    async with desk(node) as it:
        await it.press("f5")
        assert isinstance(it.chat.screen, InviteDialog)
        assert "p2pchat join 42-tango-marble-orbit --rendezvous ws://127.0.0.1:1" in it.screen
        await it.press("escape")
        node.people["dora"] = contact("dora")
        node.invitation = [told(InviteEvent, code="1-a-b-c"), added("dora")]
        await it.press("f5")
        await it.until(lambda: it.chat.model.current == "dora")


async def test_where_else_a_mesh_is_met_is_asked_before_one_goes_there(desk: Open) -> None:
    for keys, agreed in (
        (("tab", "enter"), [("wss://other.example.org", "00" * 16, False)]),
        (("enter",), []),
    ):
        node = FakeNode()
        node.named_besides = ["wss://other.example.org", "ws://10.0.0.1:1"]
        async with desk(node, whom="") as it:
            await it.press("f6")
            await it.type("4-a-b-c")
            node.people["ana"] = contact("ana")
            await it.press("enter")
            await it.until(lambda: isinstance(it.chat.screen, Confirm))
            assert "wss://other.example.org" in it.screen
            assert "10.0.0.1" not in it.screen
            await it.press(*keys)
            await it.until(lambda: it.chat.model.current == "ana")
            assert node.added == agreed


@pytest.mark.parametrize(
    ("keys", "removed"),
    [
        (("enter",), []),
        (("tab", "enter", "escape"), []),
        (("tab", "enter", "enter"), [("bob", False)]),
        (("tab", "enter", "tab", "enter"), [("bob", True)]),
    ],
)
async def test_a_removed_contact_may_be_excluded_from_the_mesh(
    desk: Open, keys: tuple[str, ...], removed: list[tuple[str, bool]]
) -> None:
    node = FakeNode("bob", "carol")
    async with desk(node) as it:
        await it.type("/remove")
        await it.press("enter")
        await it.press(*keys)
        await it.until(lambda: node.removed == removed)
        assert len(it.chat.screen_stack) == 1


async def test_who_there_is_shows_in_a_sheet_and_takes_no_letter(desk: Open) -> None:
    async with desk() as it:
        await it.type("/who")
        await it.press("enter")
        assert "bob    here · not verified" in it.screen
        await it.press("escape")
        await it.type("and on")
        assert it.writing.text == "and on"

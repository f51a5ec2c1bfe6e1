"""The chat on the whole screen shows everything once, claims only what it knows, and loses nothing typed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from textual.events import Key
from textual.worker import WorkerFailed

from p2pchat.client import NodeBack
from p2pchat.control.events import InviteEvent, LinkEvent, MessageEvent, ReceiptEvent
from p2pchat.errors import ControlError, LimitError, UsageError
from p2pchat.tui.dialogs import Confirm, Help, Rewrite, SearchDialog, Verify
from p2pchat.tui.pairing import Invite, Join
from tests.support.fake_node import AT, FakeNode, added, contact, message, told
from tests.tui.conftest import Desk, Open


def said(count: int, sender: str = "bob") -> list[MessageEvent]:
    return [
        message(f"{sender}{n}", f"line {n}", sender=sender, at=f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z")
        for n in range(count)
    ]


# --- reading


async def test_the_newest_lines_stand_under_their_day_with_how_far_ours_have_come(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [
        message("1", "hi", at="2026-01-02T12:00:00Z"),
        message("2", "ho", outgoing=True, state="delivered", at="2026-01-02T12:01:00Z"),
        message("3", "ha", outgoing=True, state="queued", at="2026-01-03T12:02:00Z"),
        message("4", "he", outgoing=True, state="expired", at="2026-01-03T12:03:00Z"),
    ]
    async with desk(node) as it:
        shown = [line for line in it.lines if line]
        assert shown[0].startswith("── Friday 2 January 2026 ─")
        assert shown[1].endswith("bob hi")
        assert shown[2].endswith("me  ho ✓✓")
        assert shown[3].startswith("── Saturday 3 January 2026 ─")
        assert shown[4].endswith("me  ha · queued")
        assert shown[5].endswith("me  he ✗ expired")


async def test_older_lines_come_when_they_are_scrolled_to(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(350)
    node.was_heard = [str(line.id) for line in node.said]
    async with desk(node) as it:
        assert it.lines[-1].endswith("line 349")
        assert len(it.chat.scrollback) == 100
        await it.press("escape", "home")
        await it.until(lambda: len(it.chat.scrollback) == 200)
        while not it.chat.scrollback.oldest:
            await it.press("home")
        await it.press("home")
        assert it.lines[1].endswith("line 0")
        await it.press("ctrl+end")
        assert it.lines[-1].endswith("line 349")


async def test_what_comes_is_shown_and_heard_and_elsewhere_counted(desk: Open) -> None:
    async with desk() as it:
        await it.chat.model.take_event(message("m1", "for you"))
        await it.chat.model.take_event(message("m2", "from carol", sender="carol"))
        await it.settle()
        assert any(line.endswith("for you") for line in it.lines)
        assert it.node.was_heard == ["m1"]
        assert "1 unread" in it.screen
        await it.press("ctrl+g")
        assert it.chat.model.current == "carol"
        assert it.node.was_heard == ["m1", "m2"]


async def test_nobody_hears_what_comes_while_nobody_looks(desk: Open) -> None:
    async with desk() as it:
        it.chat.on_app_blur()
        await it.chat.model.take_event(message("m1", "hello?"))
        assert it.node.was_heard == []
        it.chat.on_app_focus()
        await it.settle()
        assert it.node.was_heard == ["m1"]


async def test_text_that_attacks_the_terminal_is_shown_and_does_nothing(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "\x1b[2J\u202eevil [bold]markup[/] \x07")]
    async with desk(node) as it:
        assert any("␛[2J�evil [bold]markup[/] ␇" in line for line in it.lines)


async def test_a_huge_message_is_folded_until_it_is_asked_for(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "\n".join(f"row {n}" for n in range(10_000))), message("2", "x" * 65_000)]
    async with desk(node) as it:
        assert it.lines[-1].strip() == "… 63 000 more characters (Esc, Right)"
        before = it.chat.scrollback.virtual_size.height
        assert before < 60
        await it.press("escape", "up", "right")
        assert it.chat.scrollback.virtual_size.height > before + 9_900


async def test_wide_characters_stay_in_their_columns(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "日本語" * 40), message("2", "👩‍👩‍👧 ok", outgoing=True)]
    async with desk(node) as it:
        back = it.chat.scrollback
        width = back.scrollable_content_region.width
        assert {back.render_line(y).cell_length for y in range(back.size.height)} == {width}


# --- writing


async def test_what_is_written_is_sent_and_marked(desk: Open) -> None:
    async with desk() as it:
        await it.type("hello there")
        await it.press("enter")
        await it.until(lambda: bool(it.node.sent))
        assert it.node.sent == [("bob", "hello there")]
        await it.settle()
        assert any(line.endswith("me hello there · queued") for line in it.lines)
        id = it.node.keys[0]
        await it.chat.model.take_event(told(ReceiptEvent, id=id, state="delivered", at=AT))
        await it.settle()
        assert any(line.endswith("me hello there ✓✓") for line in it.lines)
        await it.chat.model.take_event(told(ReceiptEvent, id=id, state="relayed", at=AT))
        assert any(line.endswith("me hello there ✓✓") for line in it.lines)


async def test_lines_written_before_come_back_and_a_message_may_have_several(desk: Open) -> None:
    async with desk() as it:
        await it.type("one")
        await it.press("ctrl+j")
        await it.type("two")
        await it.press("enter")
        await it.until(lambda: it.node.sent == [("bob", "one\ntwo")])
        await it.type("draft")
        await it.press("up")
        assert it.chat.writing.text == "one\ntwo"
        await it.press("down")
        assert it.chat.writing.text == "draft"
        await it.press("ctrl+c")
        assert it.chat.writing.text == ""
        await it.press("up")
        assert it.chat.writing.text == "draft", "what was cleared is not lost"


async def test_a_long_text_is_pasted_whole_and_one_too_long_is_refused_kindly(desk: Open) -> None:
    async with desk() as it:
        await it.paste("x\n" * 5_000)
        assert len(it.chat.writing.text) == 10_000
        await it.press("ctrl+c")
        await it.paste("x" * 70_000)
        assert it.chat.writing.text == ""
        assert [each.message for each in it.chat._notifications] == [
            "that is more than a message holds (64 KiB); send it in parts, or as a file elsewhere"
        ]


async def test_what_is_said_from_elsewhere_shows_in_the_talk_and_in_the_list(desk: Open) -> None:
    async with desk(size=(100, 24)) as it:
        it.node.happens(message("e1", "by a script", outgoing=True, state="queued"))
        it.node.happens(message("e2", "to carol", sender="carol", outgoing=True, state="queued"))
        await it.until(lambda: "you: to carol" in it.screen)
        assert any(line.endswith("me by a script · queued") for line in it.lines)
        assert "you: by a script" in it.screen
        it.node.happens(told(ReceiptEvent, id="e1", to="bob", state="delivered", at=AT))
        await it.until(lambda: any(line.endswith("me by a script ✓✓") for line in it.lines))
        assert it.chat.model.count_unread() == 0


async def test_a_line_that_was_rewritten_does_not_claim_to_be_delivered(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "never said", outgoing=True, state="delivered", rewritten=True)]
    async with desk(node) as it:
        assert it.lines[1].endswith("me never said ✎ rewritten here")


async def test_nobody_is_here_without_a_link(desk: Open) -> None:
    async with desk() as it:
        assert "bob  here" in it.screen
        await it.chat.model.take_event(told(LinkEvent, links=0, change="down"))
        await it.settle()
        assert "here" not in it.screen.replace("here or away is not known", "")
        assert "● bob" not in it.screen
        assert "? bob" in it.screen
        await it.chat.model.take_event(told(LinkEvent, links=1, change="up"))
        await it.settle()
        assert "bob  here" in it.screen


def hear(node: FakeNode, at: datetime) -> None:
    """Bob was heard then."""
    node.people["bob"] = node.people["bob"].with_changes(heard_at=at.isoformat())


async def test_who_falls_silent_is_not_said_to_be_here(desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.tui.app.LOOK_S", 0.01)
    node = FakeNode("bob")
    hear(node, datetime.now(UTC))
    async with desk(node) as it:
        assert "bob  here" in it.screen
        hear(node, datetime.now(UTC) - timedelta(seconds=250))
        await it.until(lambda: "bob  heard 4 min ago" in it.screen)
        assert "? bob" in it.screen
        hear(node, datetime.now(UTC))
        await it.until(lambda: "bob  here" in it.screen)


async def test_what_is_begun_waits_in_its_conversation(desk: Open) -> None:
    async with desk() as it:
        await it.type("half a")
        await it.press("ctrl+n")
        assert it.chat.model.current == "carol"
        assert it.chat.writing.text == ""
        await it.press("ctrl+p")
        assert it.chat.writing.text == "half a"


async def test_what_cannot_be_sent_is_given_back(desk: Open) -> None:
    node = FakeNode("bob")
    node.refuse = [LimitError("too much waits for bob")]
    async with desk(node) as it:
        await it.type("more")
        await it.press("enter")
        await it.until(lambda: it.chat.writing.text == "more")
        assert not [line for line in it.lines if "more" in line]


async def test_what_was_said_while_the_node_was_gone_goes_out_when_it_is_back(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.chat.sent.RETRY_S", 0.01)
    node = FakeNode("bob")
    node.refuse = [ControlError("no node"), ControlError("no node")]
    async with desk(node) as it:
        await it.type("patience")
        await it.press("enter")
        await it.until(lambda: bool(node.sent))
        assert node.sent == [("bob", "patience")]
        assert len(set(node.keys)) == 1
        node.on_change("the node has stopped; looking for another")
        await it.settle()
        assert "! the node has stopped" in it.screen
        node.on_change(NodeBack("the node is back"))
        await it.settle()
        assert "! the node" not in it.screen


async def test_who_leaves_while_no_node_answers_is_given_back_what_was_not_sent(
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
    assert it.chat.model.sent.farewell() == "the node did not answer; NOT sent to bob:\n  two\n  lines"


async def test_a_reply_quotes_what_it_answers(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "eight?\nor nine?")]
    async with desk(node) as it:
        await it.press("escape", "ctrl+r")
        await it.type("nine")
        await it.press("enter")
        await it.until(lambda: bool(node.sent))
        assert node.sent == [("bob", "> bob: eight? …\nnine")]


# --- selecting messages


@pytest.mark.parametrize("typed", ["see you later", "hey you", "r", "x y e", "/disappear banana", "k j i g"])
async def test_no_letter_acts_on_what_was_said(desk: Open, typed: str) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    async with desk(node) as it:
        await it.press("escape")
        assert it.chat.scrollback.has_focus
        await it.type(typed)
        assert it.chat.writing.text == typed
        assert it.chat.writing.has_focus
        assert len(it.chat.screen_stack) == 1
        assert [line.text for line in node.said] == ["line 0", "line 1", "line 2"]


async def test_what_is_pasted_while_a_message_is_selected_is_written(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    async with desk(node) as it:
        await it.press("escape")
        await it.paste("from elsewhere")
        assert it.chat.writing.text == "from elsewhere"


async def test_a_click_on_the_talk_goes_on_writing_and_two_select(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    async with desk(node) as it:
        await it.pilot.click("#scrollback", offset=(20, 2))
        await it.settle()
        assert it.chat.writing.has_focus
        await it.pilot.double_click("#scrollback", offset=(20, 2))
        await it.settle()
        assert it.chat.scrollback.has_focus
        assert it.chat.scrollback.selected == "bob1"


async def test_escape_selects_the_newest_again_after_another_was_selected(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    async with desk(node) as it:
        await it.press("escape", "home", "escape")
        await it.chat.model.take_event(message("m1", "newer"))
        await it.press("escape")
        assert it.chat.scrollback.selected == "m1"


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


async def test_enter_in_a_dialog_that_was_just_opened_harms_nothing(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = said(3)
    node.invitation = [told(InviteEvent, code="42-tango-marble-orbit")]
    async with desk(node) as it:
        await it.press("f5", "enter")
        assert isinstance(it.chat.screen, Invite), "Enter copies; taking the code back has to be chosen"
        await it.press("escape", "f9", "enter", "f7", "enter", "escape", "delete", "enter")
        assert not node.people["bob"].blocked
        assert not node.people["bob"].verified
        assert len(node.said) == 3


# --- commands and keys


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
        assert it.chat.writing.text == "/dance"
        assert it.node.sent == []
        await it.press("ctrl+c")
        await it.type("//shrug")
        await it.press("enter")
        await it.until(lambda: it.node.sent == [("carol", "/shrug")])


async def test_one_who_floods_is_muted_and_blocked_from_the_keyboard_meanwhile(desk: Open) -> None:
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


async def test_verifying_shows_the_digits_to_compare(desk: Open) -> None:
    async with desk() as it:
        await it.press("f7")
        assert isinstance(it.chat.screen, Verify)
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
        assert it.chat.scrollback.selected == "bob7"
        assert any(line.endswith("the needle") for line in it.lines)
        await it.press("ctrl+end")
        await it.until(lambda: it.lines[-1].endswith("line 399"))


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


async def test_help_lists_every_key_and_command(desk: Open) -> None:
    async with desk(size=(120, 60)) as it:
        await it.press("f1")
        assert it.chat.screen.__class__ is Help
        for each in ("/invite", "/verify", "/doctor", "Ctrl-N", "F4"):
            assert each in it.screen
        await it.press("escape")
        assert len(it.chat.screen_stack) == 1


# --- pairing


async def test_a_stranger_to_all_is_told_how_to_begin_and_joins(desk: Open) -> None:
    node = FakeNode()
    async with desk(node, whom="") as it:
        assert "You know nobody here yet" in it.screen
        await it.press("f6")
        assert isinstance(it.chat.screen, Join)
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
        assert isinstance(it.chat.screen, Invite)
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
async def test_whoever_is_removed_may_be_put_out_of_the_mesh(
    desk: Open, keys: tuple[str, ...], removed: list[tuple[str, bool]]
) -> None:
    node = FakeNode("bob", "carol")
    async with desk(node) as it:
        await it.type("/remove")
        await it.press("enter")
        await it.press(*keys)
        await it.until(lambda: node.removed == removed)
        assert len(it.chat.screen_stack) == 1


async def test_the_list_goes_by_when_messages_came_and_not_by_their_writers_clocks(desk: Open) -> None:
    node = FakeNode("bob", "carol")
    async with desk(node) as it:
        for sender, at in (("bob", "2030-01-01T00:00:00Z"), ("carol", "2020-01-01T00:00:00Z")):
            node.happens(message(sender, "hi", sender=sender, at=at))
            await it.until(lambda sender=sender: it.chat.model.people[sender].last is not None)  # type: ignore[misc]
        assert [each.name for each in it.chat.model.in_order()] == ["carol", "bob"]


# --- the screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20), (30, 8)])
async def test_every_view_fits_every_size(desk: Open, size: tuple[int, int]) -> None:
    node = FakeNode("bob", "carol", "an extremely long nickname of somebody")
    node.said = [*said(50), message("w", "wide 日本語 🎉 " * 30), *said(3, "carol")]
    async with desk(node, size=size) as it:
        for keys in (("f1",), ("f7",), ("f3",), ("f5",), ("f6",), ("f2",), ("f2",), ("f4",), ("f4",)):
            await it.press(*keys)
            assert all(len(line) <= size[0] + 1 for line in it.screen.split("\n"))
            await it.press("escape")


def shown(it: Desk) -> list[str]:
    return [f"the {part}" for part in ("people", "talk", "mesh") if it.chat.query_one(f"#{part}").display]


async def test_a_narrow_terminal_shows_one_thing_at_a_time(desk: Open) -> None:
    async with desk(size=(60, 20)) as it:
        assert "the people" not in shown(it)
        await it.press("f2")
        assert shown(it) == ["the people"]
        await it.press("down", "enter")
        assert shown(it) == ["the talk"]
        assert it.chat.model.current == "carol"
        assert it.chat.writing.has_focus


async def test_a_resize_keeps_the_newest_in_view(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message(str(n), f"{n} " + "word " * 30) for n in range(60)]
    async with desk(node) as it:
        await it.pilot.resize_terminal(50, 20)
        await it.settle()
        assert it.chat.scrollback.scroll_y == it.chat.scrollback.max_scroll_y


async def test_the_panel_says_how_we_hide(desk: Open) -> None:
    async with desk(size=(120, 40)) as it:
        await it.press("f4")
        await it.until(lambda: it.screen.count("hidden among 8 computers") == 2)
        assert "stores 17 packets for absent people" in it.screen


async def test_the_panel_leaves_in_sight_where_one_writes_and_goes_when_it_is_in_the_way(desk: Open) -> None:
    async with desk(size=(80, 24)) as it:
        await it.press("f4")
        await it.type("where do I type")
        assert "where do I type" in it.screen
        assert "neighbour" in it.screen
        await it.press("escape")
        assert "neighbour" not in it.screen
        assert it.chat.writing.has_focus, "Escape closed the panel, and selected nothing"
        await it.press("f4", "enter")
        assert "me where do I type" in it.screen, "what was sent is in sight"


async def test_who_there_is_shows_in_a_sheet_and_takes_no_letter(desk: Open) -> None:
    async with desk() as it:
        await it.type("/who")
        await it.press("enter")
        assert "bob    here · not verified" in it.screen
        await it.press("escape")
        await it.type("and on")
        assert it.chat.writing.text == "and on"


@pytest.mark.parametrize("sheet", ["/help", "/who", "/doctor"])
async def test_a_letter_closes_what_is_only_read_and_is_written(desk: Open, sheet: str) -> None:
    async with desk() as it:
        for key in sheet:
            it.chat.post_message(Key(key, key))
        it.chat.post_message(Key("enter", "\r"))
        for key in "hello":
            it.chat.post_message(Key(key, key))
        await it.settle()
        assert it.chat.writing.text == "hello"
        assert len(it.chat.screen_stack) == 1


async def test_letters_typed_in_the_list_of_people_are_written(desk: Open) -> None:
    async with desk(size=(60, 20)) as it:
        await it.press("f2")
        await it.type("hi")
        assert it.chat.writing.text == "hi"
        assert shown(it) == ["the talk"]


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (30, 8), (20, 5), (12, 4)])
async def test_there_is_always_a_place_to_write(desk: Open, size: tuple[int, int]) -> None:
    async with desk(size=size) as it:
        await it.type("hello")
        assert "hello" in it.screen


# --- the end


async def _fail(desk: Open) -> None:
    async with desk() as it:
        it.chat._handle_exception(WorkerFailed(ZeroDivisionError("secret")))
        assert isinstance(it.chat.failed(), ZeroDivisionError)
        assert it.chat._exit_renderables == []


async def test_a_failure_is_handed_on_and_no_traceback_shows_what_was_in_memory(
    desk: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(WorkerFailed):
        await _fail(desk)
    assert "Traceback" not in "".join(capsys.readouterr())


async def test_what_is_told_covers_neither_where_one_writes_nor_the_newest_nor_the_status(
    desk: Open,
) -> None:
    async with desk(notifications=True) as it:
        bottom = it.screen.split("\n")[-6:]
        it.chat.complain("something did not work, for reasons that take more than a single line to tell")
        await it.until(lambda: "something did not" in it.screen)
        assert it.screen.split("\n")[-6:] == bottom
        assert it.screen.startswith("▌● bob")


async def test_what_was_begun_before_the_last_end_is_there_again(desk: Open) -> None:
    node = FakeNode("bob", "carol")
    node.begun = {"bob": "half a line", "carol": "and you?"}
    async with desk(node) as it:
        assert it.chat.writing.text == "half a line"
        await it.type(" more")
        await it.press("ctrl+n")
        assert it.chat.writing.text == "and you?"
        await it.press("enter", "ctrl+q")
    assert node.begun == {"bob": "half a line more"}

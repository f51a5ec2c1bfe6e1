"""Rooms on the whole screen: who wrote, who has it, who is in, and what is asked about invitations."""

from __future__ import annotations

import re

import pytest
from rich.style import Style
from textual.widgets import Button, OptionList

from p2pchat.chat.counterparts import ChatRoom
from p2pchat.control.events import MessageEvent, ReachedEvent
from p2pchat.control.rooms import RoomEvent
from p2pchat.tui.dialogs import Confirm, Report
from p2pchat.tui.rooms import InvitedDialog, MembersPanel, OfferDialog
from tests.support.fake_node import AT, FakeNode, message, told
from tests.support.fake_rooms import WORDS, in_room, member, room
from tests.tui.conftest import Desk, Open

MEMBERS = (
    member("mira", role="owner", contact=True, verified=True, brought_by=None),
    member("tomas", role="admin", contact=True, brought_by="mira"),
    member("me", own=True, brought_by="mira"),
    member("yuki", brought_by="tomas"),
    member("lea", brought_by="tomas", lacks=1),
    member("iva", brought_by="tomas", lacks=1, spoke=False),
)


def said(id: str, text: str, sender: str = "mira", **rest: object) -> MessageEvent:
    return in_room(message(id, text, sender=sender, at="2026-01-02T00:00:00Z").with_changes(**rest))


def ours(id: str, text: str, reached: int, of: int = 5) -> MessageEvent:
    return said(id, text, "me", outgoing=True, state="relayed", reached=reached, of=of)


def garden() -> FakeNode:
    node = FakeNode("mira", "tomas", "oma")
    node.put_room("#garden", *MEMBERS, lately=4, silent=1, invited_by="mira")
    node.said = [
        said("1", "the seed order is in"),
        said("2", "who can dig?", "tomas"),
        ours("3", "I can", 5),
        said("4", "@me bring the hose", "tomas", mentions=["me"]),
        said("5", "old news", "iva", could_read=["dora"]),
        ours("6", "it runs", 3),
    ]
    node.was_heard = [line.id for line in node.said]
    return node


async def test_lines_of_a_room_say_who_wrote_them_and_ours_are_marked(desk: Open) -> None:
    async with desk(garden(), size=(110, 24), whom="#garden") as it:
        rows = [line[:1] + line[7:] for line in it.lines if line]
        assert rows[1:] == [
            " mira  the seed order is in",
            " tomas who can dig?",
            "▸me    I can ✓✓",
            "▌tomas @me bring the hose",
            " iva   old news",
            "     ! dora could read this",
            "▸me    it runs",
            "       delivered to 3 of 5 · not yet to lea and iva",
        ]
        assert "#garden  6 members · 4 heard today · 1 not heard yet" in it.screen
        assert "to #garden" in it.screen


async def test_the_mark_counts_members_until_all_have_it(desk: Open) -> None:
    node = garden()
    async with desk(node, size=(110, 24), whom="#garden") as it:
        node.rosters["#garden"][4] = MEMBERS[4].with_changes(lacks=0)
        await it.chat.model.take_event(told(ReachedEvent, id="6", room="#garden", reached=4, of=5, at=AT))
        await it.settle()
        assert it.lines[-1 if it.lines[-1] else it.lines.index("") - 1].endswith(
            "delivered to 4 of 5 · not yet to iva"
        )
        await it.chat.model.take_event(told(ReachedEvent, id="6", room="#garden", reached=5, of=5, at=AT))
        await it.settle()
        assert any(line.endswith("it runs ✓✓") for line in it.lines)
        await it.type("more")
        await it.press("enter")
        await it.until(lambda: bool(node.sent))
        assert node.sent == [("#garden", "more")]
        await it.settle()
        assert any(line.endswith("more · queued") for line in it.lines)


async def test_only_our_newest_message_has_a_sentence(desk: Open) -> None:
    node = garden()
    node.said.append(ours("7", "and on", 0))
    async with desk(node, size=(110, 24), whom="#garden") as it:
        assert any(line.endswith("it runs ✓ 3 of 5") for line in it.lines)
        assert any(line.endswith("and on ✓") for line in it.lines)


async def test_rooms_stand_in_the_list_with_what_is_unread_and_what_is_for_us(desk: Open) -> None:
    node = garden()
    node.put_room("#weekend", *MEMBERS[:3])
    async with desk(node, whom="mira", size=(80, 24)) as it:
        for number in range(3):
            line = in_room(message(f"w{number}", "hm", sender="tomas"), "#weekend")
            await it.chat.model.take_event(line.with_changes(mentions=["me"] if number == 1 else []))
        await it.settle()
        assert re.search(r" # weekend +@1 3 ", it.screen)
        assert "tomas: hm" in it.screen
        assert "3 unread, 1 for you" in it.screen
        await it.press("ctrl+g")
        assert it.chat.model.current == "#weekend"
        assert "unread" not in it.screen


@pytest.mark.parametrize(
    ("notify", "notified"), [("all", ["plain", "for us"]), ("mentions", ["for us"]), ("none", [])]
)
async def test_a_room_notifies_as_it_was_chosen(
    desk: Open, monkeypatch: pytest.MonkeyPatch, notify: str, notified: list[str]
) -> None:
    node = garden()
    node.put_room("#garden", *MEMBERS, notify=notify)
    alerted: list[str] = []
    async with desk(node, whom="mira") as it:
        monkeypatch.setattr(it.chat, "_alert_person", alerted.append)
        for text in ("plain", "for us"):
            before = len(alerted)
            await it.chat.model.take_event(
                said(text, text, "tomas", mentions=["me"] if text == "for us" else [])
            )
            assert (len(alerted) > before) == (text in notified)
        assert set(alerted) <= {"tomas in #garden"}


async def test_what_changes_is_a_quiet_line_that_cannot_be_selected(desk: Open) -> None:
    node = garden()
    async with desk(node, size=(110, 24), whom="#garden") as it:
        await it.chat.model.take_event(
            told(RoomEvent, room="#garden", change="joined", member="jo", by="tomas")
        )
        await it.settle()
        (line,) = [line for line in it.lines if "jo is in" in line]
        assert line[7:] == "— jo is in, brought by tomas"
        await it.press("escape")
        assert it.scrollback.selected == "6"
        await it.press("escape", "ctrl+n", "ctrl+p")
        assert it.chat.model.current == "#garden"
        assert any("— jo is in, brought by tomas" in line for line in it.lines), "it is there still"


@pytest.mark.parametrize("size", [(120, 40), (60, 20)])
async def test_the_panel_lists_members_with_what_is_known_of_them(desk: Open, size: tuple[int, int]) -> None:
    async with desk(garden(), size=size, whom="#garden") as it:
        await it.press("f4")
        await it.until(lambda: "6 members\n" in it.screen.replace(" ", "\n") or "6 members" in it.screen)
        for words in ("owner", "admins", "verified", "contact", "brought by tomas"):
            assert words in it.screen, it.screen
        await it.type("a letter types")
        assert it.writing.text == "a letter types"
        await it.press("f4")
        assert "admins" not in it.screen


def panel(height: int | None, count: int = 50) -> list[str]:
    of = ChatRoom(room("#garden", invited=["oma"]))
    of.members = [*MEMBERS, *(member(f"member {number}") for number in range(count - len(MEMBERS)))]
    return [row.plain for row in MembersPanel(of, {}, lambda hue: Style(), height).list_rows(29)]


def test_a_panel_that_is_too_low_says_how_many_it_leaves_out() -> None:
    whole = panel(None)
    assert [row for row in whole if row.startswith("  iva")] == ["  iva"]
    assert whole[whole.index("  iva") + 2] == "    not heard yet"
    assert whole[-2:] == ["invited: oma", "F7: words to compare"]
    for height in range(6, len(whole) + 1):
        rows = panel(height)
        assert len(rows) <= height
        assert all(len(row) <= 29 for row in rows)
        named = sum(row.startswith("  ") and not row.startswith("   ") for row in rows)
        left = [int(row.split()[1]) for row in rows if "more: /room members" in row]
        assert named + sum(left) == 50


@pytest.mark.parametrize("size", [(120, 40), (60, 20)])
async def test_words_to_compare_are_shown_whole(desk: Open, size: tuple[int, int]) -> None:
    async with desk(garden(), size=size, whom="#garden") as it:
        await it.press("f7")
        assert isinstance(it.chat.screen, Report)
        await it.until(lambda: "12 admiral" in it.screen)
        assert it.screen.count("acorn") == WORDS.split().count("acorn")


OFFER_SIZES = [(120, 40), (60, 20)]


async def offered(it: Desk, node: FakeNode) -> None:
    node.put_room("choir", state="offered", role=None, members=12, invited_by="tomas")
    await it.chat.model.take_event(told(RoomEvent, room="choir", change="offered", by="tomas"))
    await it.settle()


@pytest.mark.parametrize("size", OFFER_SIZES)
async def test_an_invitation_waits_in_the_list_and_opens_with_the_safe_choice(
    desk: Open, size: tuple[int, int]
) -> None:
    node = garden()
    async with desk(node, size=size, whom="#garden") as it:
        await it.type("half a li")
        await offered(it, node)
        await it.type("ne")
        assert it.writing.text == "half a line", "an invitation does not take what is typed"
        await it.press("f2", "home", "enter")
        assert isinstance(it.chat.screen, OfferDialog)
        assert "tomas invites you to a room: choir, 12 members." in it.screen
        assert it.chat.screen.focused is it.chat.screen.query_one("#later", Button)
        await it.press("enter")
        assert not it.chat.in_dialog
        assert "choir" in node.groups


@pytest.mark.parametrize(
    ("keys", "rooms"), [(("right", "enter"), []), (("right", "right", "enter"), ["#choir"])]
)
async def test_an_invitation_is_declined_or_accepted_by_its_button(
    desk: Open, keys: tuple[str, ...], rooms: list[str]
) -> None:
    node = garden()
    async with desk(node, whom="#garden") as it:
        await offered(it, node)
        await it.press("ctrl+g", *keys)
        await it.until(lambda: not it.chat.model.known.offers)
        assert [name for name in node.groups if name != "#garden"] == rooms


@pytest.mark.parametrize("size", OFFER_SIZES)
async def test_contacts_are_chosen_and_invited(desk: Open, size: tuple[int, int]) -> None:
    node = garden()
    async with desk(node, size=size, whom="#garden") as it:
        await it.type("/room invite")
        await it.press("enter")
        assert isinstance(it.chat.screen, InvitedDialog)
        assert "[ ] oma" in it.screen
        assert "[ ] mira" not in it.screen, "mira is in"
        await it.press("enter")
        assert "[x] oma" in it.screen
        await it.press("tab", "enter")
        await it.until(lambda: node.groups["#garden"].invited == ["oma"])
        await it.type("/room invite")
        await it.press("enter")
        assert "Invited already: oma" in it.screen
        assert not it.chat.screen.query_one(OptionList).display
        await it.press("enter")
        assert not it.chat.in_dialog


async def test_names_and_rooms_complete_themselves_where_they_are_written(desk: Open) -> None:
    async with desk(garden(), whom="#garden") as it:
        await it.type("hi @")
        assert "@mira  @tomas  @yuki  @lea  @iva" in it.screen
        await it.type("y")
        await it.press("tab")
        assert it.writing.text == "hi @yuki "
        await it.type("see #g")
        await it.press("tab")
        assert it.writing.text == "hi @yuki see #garden "
        await it.press("home", "tab")
        assert it.writing.text == "hi @yuki see #garden ", "nothing completes where nothing is written"


async def test_what_cannot_be_undone_is_asked_for_all_members(desk: Open) -> None:
    async with desk(garden(), whom="#garden") as it:
        await it.press("escape", "ctrl+x")
        assert isinstance(it.chat.screen, Confirm)
        assert "for all members?" in it.screen
        await it.press("escape", "escape")
        await it.type("/room leave")
        await it.press("enter")
        assert "Leave #garden?" in it.screen
        await it.press("enter")
        assert it.node.groups["#garden"].state == "in"


@pytest.mark.parametrize("size", [(120, 40), (60, 20), (30, 8)])
async def test_every_view_of_a_room_fits_every_size(desk: Open, size: tuple[int, int]) -> None:
    node = garden()
    node.put_room("#a room with an extremely long name", *MEMBERS[:3], notify="mentions")
    node.said += [said("w", "wide 日本語 🎉 " * 30, "an extremely long nickname")]
    async with desk(node, size=size, whom="#garden") as it:
        await offered(it, node)
        for keys in (("f4",), ("f7",), ("f2",), ("ctrl+g",), ("escape", "enter")):
            await it.press(*keys)
            assert all(len(line) <= size[0] + 1 for line in it.screen.split("\n"))
            await it.press("escape", "escape")


async def test_who_asks_to_be_a_contact_is_told_and_accepted(desk: Open) -> None:
    node = garden()
    node.put_introduction("iva", room="#garden", by="mira")
    async with desk(node, size=(110, 24), whom="#garden") as it:
        (told_of,) = [each.message for each in it.chat._notifications if "iva" in each.message]
        assert told_of.endswith(": /contact accept iva, or /contact decline iva")
        await it.type("/contact accept iva")
        await it.press("enter")
        await it.until(lambda: "iva" in node.people)

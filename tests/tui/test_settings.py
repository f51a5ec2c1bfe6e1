"""Settings have a page in the chat, and what concerns chats is so at once and after the next start."""

from __future__ import annotations

import re

import pytest
from textual.app import App
from textual.widgets import Input, Static

from p2pchat.config.table import SETTINGS, THEMES, Effect
from p2pchat.tui import alerts
from p2pchat.tui.app import Chat
from p2pchat.tui.dialogs import Help
from p2pchat.tui.preferences import preferences, theme_here
from p2pchat.tui.settings import SettingsPage
from p2pchat.wording.lines import clock_time
from tests.support.fake_node import FakeNode, message
from tests.tui.conftest import Desk, Open

KEYS = list(SETTINGS)


async def to(desk: Desk, key: str) -> None:
    """Open the page and go to a setting."""
    await desk.press("f10", *["down"] * KEYS.index(key))


def about(desk: Desk) -> str:
    return str(desk.chat.screen.query_one("#about", Static).render())


@pytest.mark.parametrize("size", [(120, 40), (40, 12)])
async def test_the_page_shows_what_is_set_and_where_that_comes_from(
    desk: Open, size: tuple[int, int]
) -> None:
    node = FakeNode("bob")
    node.kept |= {"profile": "strong", "ice": "turn:me:hunter2@turn.example.org"}
    async with desk(node, size) as d:
        await d.press("f10")
        assert isinstance(d.chat.screen, SettingsPage)
        (row,) = (line for line in d.screen.splitlines() if "profile" in line)
        assert "strong" in row and "home" in row
        assert "How well it is hidden" in about(d)
        await d.press("end")
        assert any(line.split()[1:3] == ["keys", "-"] for line in d.screen.splitlines()), d.screen
        assert "hunter2" not in d.screen
        assert all(len(line) <= size[0] for line in d.screen.splitlines())
        await d.press("escape")
        await d.type("still writing")
        assert d.writing.text == "still writing"


async def test_one_of_some_words_is_picked(desk: Open) -> None:
    async with desk() as d:
        await to(d, "profile")
        await d.press("enter", "down", "enter")
        await d.until(lambda: d.node.kept == {"profile": "strong"})
        assert isinstance(d.chat.screen, SettingsPage)
        await d.settle()
        assert "strong" in next(line for line in d.screen.splitlines() if "profile" in line)
        await d.press("delete")
        await d.until(lambda: d.node.kept == {})


async def test_what_is_chosen_as_it_is_by_default_is_not_stored(desk: Open) -> None:
    async with desk(notifications=True) as d:
        for key, keys in (("relay-only", ["enter", "enter"]), ("links", ["enter", "enter"])):
            await to(d, key)
            await d.press(*keys)
            words = " ".join(d.screen.split())
            assert f"{key} is {SETTINGS[key].default} (the default)." in words, d.screen
            await d.press("escape")
        assert d.node.kept == {}


async def test_the_open_page_shows_what_is_set_elsewhere(desk: Open) -> None:
    async with desk() as d:
        await to(d, "links")
        await d.node.change_setting("profile", "strong")
        await d.until(lambda: "strong" in next(row for row in d.screen.splitlines() if "profile" in row))
        assert about(d).startswith("Links the node seeks"), "the same one is chosen"


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_what_a_change_does_is_told_and_covers_no_value(desk: Open, size: tuple[int, int]) -> None:
    async with desk(size=size, notifications=True) as d:
        await to(d, "relay-only")
        await d.press("enter", "down", "enter")
        await d.until(lambda: "relay-only is yes." in d.screen)
        rows = [row for row in d.screen.splitlines() if set(row.split()) & {"profile", "relay-only", "proxy"}]
        assert [bool(re.search(r"(default|home) +│", row)) for row in rows[:3]] == [True] * 3, d.screen
        assert "Enter changes it" in d.screen and "Esc closes" in d.screen


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_all_rows_have_their_columns_in_line(desk: Open, size: tuple[int, int]) -> None:
    node = FakeNode("bob")
    node.kept["backup-reminder"] = "off"
    async with desk(node, size) as d:
        await d.press("f10")
        seen: dict[str, int] = {}
        for _ in KEYS:
            await d.press("down")
            for row in d.screen.splitlines():
                found = re.search(r"│  (\S+) .* (default|home) ", row)
                if found and found[1] in KEYS:
                    seen[found[1]] = found.start(2)
        assert seen.keys() >= {"backup-reminder", "links"}
        assert len(set(seen.values())) == 1, seen


async def test_what_is_written_is_checked_before_it_is_set(desk: Open) -> None:
    async with desk() as d:
        await to(d, "links")
        await d.press("enter")
        d.chat.screen.query_one(Input).value = ""
        await d.type("77")
        await d.press("enter")
        assert "links must be a number from 1 to 10" in d.screen
        await d.press("backspace", "enter")
        await d.until(lambda: d.node.kept == {"links": "7"})


async def test_a_password_is_not_shown_to_be_changed_and_leaving_keeps_it(desk: Open) -> None:
    node = FakeNode("bob")
    node.kept["ice"] = secret = "turn:me:hunter2@turn.example.org"
    async with desk(node) as d:
        await to(d, "ice")
        await d.press("enter")
        assert d.chat.screen.query_one(Input).value == ""
        assert "turn:me:***@turn.example.org" in d.screen
        await d.press("escape")
        assert node.kept == {"ice": secret}


async def test_a_command_sets_as_well_and_tab_knows_how(desk: Open) -> None:
    async with desk() as d:
        await d.type("/set prof")
        await d.press("tab", "space", "f", "tab", "enter")
        await d.until(lambda: d.node.kept == {"profile": "fast"})
        await d.type("/set profile default")
        await d.press("enter")
        await d.until(lambda: d.node.kept == {})
        await d.type("/set profile")
        await d.press("enter")
        assert d.node.kept == {}


# --- what concerns chats


async def test_the_theme_stays(desk: Open) -> None:
    node = FakeNode("bob")
    async with desk(node) as d:
        await d.type("/theme nord")
        await d.press("enter")
        await d.until(lambda: d.chat.theme == "nord")
    async with desk(node) as d:
        assert d.chat.theme == "nord"


async def test_a_chat_takes_what_was_set_elsewhere_at_once(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1" * 32, "hello")]
    async with desk(node) as d:
        assert "am" not in d.lines[1].split("bob")[0]
        await node.change_setting("time-format", "12h")
        await d.until(lambda: " am bob" in d.lines[1] or " pm bob" in d.lines[1])


async def test_keys_are_others_as_they_are_set(desk: Open) -> None:
    node = FakeNode("bob", "carol")
    node.kept["keys"] = "help=alt+h people=ctrl+n"
    async with desk(node) as d:
        await d.press("f1")
        assert not isinstance(d.chat.screen, Help)
        await d.press("alt+h")
        assert isinstance(d.chat.screen, Help)
        assert "help (as you have set it)" in d.screen
        await d.press("escape", "ctrl+n")
        assert d.chat.model.current == "bob", "the next conversation has no key now"
        assert d.chat.main.people.has_focus
        await node.forget_setting("keys")
        await d.until(lambda: not d.chat.preferences.keys)
        await d.press("escape", "f1")
        assert isinstance(d.chat.screen, Help)


async def test_what_this_programs_environment_says_goes_before_the_home(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = FakeNode("bob")
    node.kept["theme"] = "nord"
    monkeypatch.setenv("P2PCHAT_THEME", "dracula")
    monkeypatch.setenv("P2PCHAT_TIME_FORMAT", "swatch")
    async with desk(node, notifications=True) as d:
        assert d.chat.theme == "dracula"
        assert "P2PCHAT_TIME_FORMAT must be 24h or 12h" in d.screen
        await to(d, "theme")
        (row,) = (line for line in d.screen.splitlines() if " theme " in line)
        assert "dracula" in row and "P2PCHAT_THEME" in row


def test_an_alert_is_as_much_as_is_wanted() -> None:
    assert "bob wrote" in alerts.sequences("bob", "all")
    assert alerts.sequences("bob", "bell") == "\a"
    assert alerts.sequences("bob", "off") == ""


@pytest.mark.parametrize(
    ("theme", "colours", "ground", "taken"),
    [
        ("auto", "truecolor", "", "textual-dark"),
        ("auto", "truecolor", "15;0", "textual-dark"),
        ("auto", "256", "0;15", "textual-light"),
        ("auto", "256", "0;default;7", "textual-light"),
        ("auto", "standard", "0;15", "ansi-dark"),
        ("nord", "standard", "0;15", "nord"),
    ],
)
def test_by_itself_a_chat_suits_the_terminal(theme: str, colours: str, ground: str, taken: str) -> None:
    assert theme_here(theme, colours, {"COLORFGBG": ground}) == taken


def test_every_theme_there_is_may_be_set() -> None:
    assert sorted(THEMES) == sorted(["auto", *App[None]().available_themes])


def test_every_setting_of_chats_is_taken_and_none_of_a_node_that_knows_none() -> None:
    chat = {each.name for each in SETTINGS.values() if each.effect is Effect.CHAT}
    assert chat == {"notifications", "theme", "time-format", "keys", "backup-reminder"}
    assert preferences([], {}) == preferences([], {"P2PCHAT_PROFILE": "fast"})


def test_the_clock_is_as_wide_at_all_times() -> None:
    at = [f"2026-01-02T{hour:02}:05:00+00:00" for hour in range(24)]
    assert {len(clock_time(each, "12h")) for each in at} == {8}
    assert {len(clock_time(each, "24h")) for each in at} == {5}


def test_no_key_means_two_things() -> None:
    keys = [key for binding in Chat.BINDINGS for key in binding.key.split(",")]  # type: ignore[union-attr]
    assert len(keys) == len(set(keys))

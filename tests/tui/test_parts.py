"""The parts of the chat that are no widgets, and the first minute."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from p2pchat.chat import commands
from p2pchat.errors import UsageError
from p2pchat.tui import alerts
from p2pchat.tui.ascii import SIGNS
from p2pchat.tui.dialogs import KEYS
from p2pchat.tui.pairing import read_code
from p2pchat.tui.start import Start, Wishes
from tests.tui.conftest import Open


def test_the_document_lists_every_command_and_key() -> None:
    text = (Path(__file__).parents[2] / "docs" / "chat.md").read_text()
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    listed = {row.strip("`").split()[0] for row in rows if row.startswith("`/")}
    assert listed == {command.name for command in commands.COMMANDS}
    keys = {key for row in rows for key in row.replace(";", ",").split(", ")}
    named = {key for keys, _ in KEYS for key in keys.split(", ")}
    assert named - {"PgDn"} <= keys | {"PgUp, PgDn"}


@pytest.mark.parametrize(
    ("typed", "code", "urls"),
    [
        ("42-tango-marble-orbit", "42-tango-marble-orbit", []),
        ("42 tango marble orbit", "42 tango marble orbit", []),
        (
            "p2pchat join 42-a-b-c --rendezvous ws://x:1 --rendezvous wss://y",
            "42-a-b-c",
            ["ws://x:1", "wss://y"],
        ),
        ("p2pchat join 42-a-b-c --lan", "42-a-b-c", []),
        ("p2pchat:invite#it's", "p2pchat:invite#it's", []),
    ],
)
def test_a_code_is_found_in_a_pasted_text(typed: str, code: str, urls: list[str]) -> None:
    assert read_code(typed) == (code, urls)


@pytest.mark.parametrize("typed", ["", "p2pchat join", "--rendezvous ws://x", "4-a-b --what"])
def test_what_is_no_code_is_said_so(typed: str) -> None:
    with pytest.raises(UsageError, match="type the code"):
        read_code(typed)


def test_noise_says_who_and_never_what_and_cannot_be_broken_out_of() -> None:
    assert alerts.sequences("bob") == "\a\x1b]9;bob wrote\x1b\\\x1b]777;notify;p2pchat;bob wrote\x1b\\"
    hostile = alerts.sequences("x\x1b\\\x07;evil\n" * 20)
    assert hostile.count("\x1b") == 4
    assert hostile.count("\a") == 1


def test_a_desktop_is_told_only_where_there_is_one(tmp_path: Path) -> None:
    program = tmp_path / "notify-send"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    there = {"DISPLAY": ":0", "PATH": str(tmp_path)}
    assert alerts.on_desktop("bob", there) == [
        str(program),
        "--app-name=p2pchat",
        "--",
        "p2pchat",
        "bob wrote",
    ]
    marked = alerts.on_desktop("<img src='http://there'>", there)
    assert marked is not None
    assert marked[-1] == "&lt;img src='http://there'&gt; wrote"
    assert alerts.on_desktop("bob", {"PATH": str(tmp_path)}) is None
    assert alerts.on_desktop("bob", {"DISPLAY": ":0", "PATH": "/nowhere"}) is None


async def test_the_first_minute_asks_for_what_is_needed() -> None:
    made: list[Wishes] = []
    start = Start(made.append)
    async with start.run_test(size=(60, 20)) as pilot:
        for answer in ("ana", "secret", "secret"):
            await pilot.press(*answer, "enter")
            await pilot.pause()
        await pilot.press(*"ws", "colon", "slash", "slash", "h", "enter")
        await pilot.pause()
    assert made == [Wishes("ana", "secret", ("ws://h",))]
    assert start.return_value == made[0]


async def test_the_first_minute_stands_in_the_middle() -> None:
    start = Start(lambda _: None)
    async with start.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        frame = start.query_one(".frame").region
        assert abs(frame.x - (120 - frame.right)) <= 1
        assert abs(frame.y - (40 - frame.bottom)) <= 1


async def test_the_first_minute_says_what_is_wrong_and_asks_again() -> None:
    def refuse(_: Wishes) -> None:
        raise UsageError("a name has 1 to 32 characters")

    start = Start(refuse)
    async with start.run_test(size=(80, 24)) as pilot:
        start.query_one("#again", Input).value = "x"
        start.query_one("#rendezvous").focus()
        await pilot.press("enter")
        assert str(start.query_one("#problem").render()) == "the two passphrases differ"
        start.query_one("#again", Input).value = ""
        await pilot.pause()
        assert str(start.query_one("#problem").render()) == "", "it is mended"
        start.query_one("#rendezvous").focus()
        await pilot.press("enter")
        assert str(start.query_one("#problem").render()) == "a name has 1 to 32 characters"
        await pilot.press("escape")
    assert start.return_value is None


async def test_a_terminal_without_unicode_is_shown_ascii_alone(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    async with desk(size=(120, 40)) as at:
        await at.type("hello")
        await at.press("enter")
        await at.press("f8")
        assert at.screen.isascii(), [each for each in at.screen if not each.isascii()]
        assert "hello" in at.screen


async def test_what_people_write_in_their_script_stays_where_only_ascii_is_drawn(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    async with desk() as at:
        await at.type("Grüße")
        assert "Grüße" in at.screen


@pytest.mark.parametrize("sign", [chr(sign) for sign in SIGNS])
def test_a_sign_is_as_wide_as_what_it_stands_for(sign: str) -> None:
    assert (cell_len(sign), cell_len(sign.translate(SIGNS))) == (1, 1)

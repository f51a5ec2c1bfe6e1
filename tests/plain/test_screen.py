"""Each command of a chat can be typed, and what it shows are lines."""

from __future__ import annotations

import asyncio

import pytest

from p2pchat.chat.commands import COMMANDS
from p2pchat.control.events import InviteEvent
from p2pchat.errors import UsageError
from tests.plain.conftest import Reader
from tests.support.fake_node import added, contact, message, told


@pytest.fixture
async def talk(reader: Reader) -> Reader:
    await reader.open()
    return reader


async def test_help_names_every_command_in_narrow_lines(talk: Reader) -> None:
    await talk.type("/help")
    shown = "\n".join(talk.noticed())
    assert all(command.name in shown for command in COMMANDS)
    assert max(map(len, talk.lines)) < 80


async def test_who(talk: Reader) -> None:
    await talk.type("/who")
    assert talk.noticed()[-2:] == ["here        unverified  bob", "here        unverified  carol"]


async def test_search_shows_what_is_found_even_if_it_was_shown_before(talk: Reader) -> None:
    talk.node.said = [message("1", "at eight"), message("2", "at nine")]
    await talk.type("/history")
    await talk.type("/search eight")
    assert talk.said() == ["bob: at eight", "bob: at nine", "bob: at eight"]
    assert talk.noticed()[-1] == "1 found"
    await talk.type("/search ten")
    assert talk.noticed()[-1] == "nothing found"


@pytest.mark.parametrize(
    "line", ["/search", "/switch", "/join", "/history x", "/history 0", "/switch stranger", "/nope"]
)
async def test_a_command_without_what_it_needs_says_so_and_is_not_sent(line: str, talk: Reader) -> None:
    before = len(talk.lines)
    await talk.type(line)
    assert len(talk.lines) == before + 1
    assert (talk.node.sent, talk.back) == ([], [])


async def test_verify_takes_a_second_word(talk: Reader) -> None:
    await talk.type("/verify")
    assert talk.node.people["bob"].safety_number in talk.noticed()
    assert not talk.node.people["bob"].verified
    await talk.type("/verify yes")
    assert talk.node.people["bob"].verified


@pytest.mark.parametrize(("answer", "blocked"), [("yes", True), ("what?", False)])
async def test_what_cannot_be_undone_waits_for_a_yes(talk: Reader, answer: str, blocked: bool) -> None:
    await talk.type("/block")
    assert "Block bob?" in talk.noticed()[-1]
    assert not talk.node.people["bob"].blocked
    await talk.type(answer)
    assert talk.node.people["bob"].blocked is blocked
    assert talk.node.sent == []
    await talk.type("and on")
    assert talk.node.sent == [("bob", "and on")]


async def test_the_node_and_its_settings_are_told_in_lines(talk: Reader) -> None:
    for line, told_of in (("/profile", "well: 1 link"), ("/doctor", "disk"), ("/set", "profile")):
        before = len(talk.lines)
        await talk.type(line)
        assert any(told_of in each for each in talk.lines[before:])


async def test_an_invite_waits_beside_the_chat(talk: Reader) -> None:
    talk.node.invitation = [told(InviteEvent, code="1-a-b-c"), added("dora")]
    talk.node.people["dora"] = contact("dora")
    await talk.type("/invite")
    while not any("dora" in line for line in talk.noticed()):
        await asyncio.sleep(0)
    assert "tell your friend to type:  p2pchat join 1-a-b-c --rendezvous ws://127.0.0.1:1" in talk.noticed()
    assert talk.noticed()[-1] == "you and dora are contacts now; /switch dora"
    await talk.type("/switch dora")
    assert talk.model.current == "dora"


async def test_a_failed_invite_is_told_and_another_may_follow(talk: Reader) -> None:
    talk.node.invitation = [UsageError("no rendezvous is known")]
    await talk.type("/invite link")
    while talk.noticed()[-1] != "no rendezvous is known":
        await asyncio.sleep(0)
    await talk.type("/join 1-a-b-c")
    while talk.noticed()[-1] != "you and ana are contacts now; /switch ana":
        await asyncio.sleep(0)


async def test_quit(talk: Reader) -> None:
    await talk.type("/quit")
    assert talk.left == 1

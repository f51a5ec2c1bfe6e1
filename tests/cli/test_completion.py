"""Completion offers what is safe to type, and never keeps a shell waiting."""

from __future__ import annotations

import asyncio
import subprocess

import click
import pytest

from p2pchat.cli import parameters
from p2pchat.cli.parameters import (
    CONTACT,
    KNOWN_ROOM,
    LEFT_ROOM,
    MEMBER,
    OFFERED_ROOM,
    PARTNER,
    REQUEST,
    ROOM,
)
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode, contact
from tests.support.fake_rooms import member


def _offered(incomplete: str, kind: click.ParamType[str] = CONTACT, **before: str) -> list[str]:
    context = click.Context(click.Command("x"))
    context.params = dict(before)
    items = kind.shell_complete(context, click.Argument(["x"]), incomplete)
    return [item.value for item in items]


def test_names_that_begin_so(node: FakeNode) -> None:
    assert _offered("") == ["bob", "carol"]
    assert _offered("ca") == ["carol"]


@pytest.mark.parametrize("name", ["$(reboot)", "a;b", "`x`", "-rf", "a\nb", "a\tb", "\x1b[2J", "a'b", "*"])
def test_a_name_that_means_something_to_a_shell_is_not_offered(name: str, node: FakeNode) -> None:
    node.people = {name: contact(name)}
    assert _offered("") == []


def test_bash_is_given_blanks_as_it_must_type_them(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    node.people = {"bob smith": contact("bob smith"), "bobby": contact("bobby")}
    assert _offered("bob") == ["bob smith", "bobby"]
    monkeypatch.setenv("_P2PCHAT_COMPLETE", "bash_complete")
    assert _offered("bob") == [r"bob\\ smith", "bobby"]
    monkeypatch.setenv("COMP_WORDS", 'p2pchat\nsend\n"bob')
    assert _offered("bob") == ["bobby"]


@pytest.fixture
def rooms(node: FakeNode) -> FakeNode:
    """One room of each state."""
    node.put_room("#friends", member("me", own=True), member("bob~1a2b"), member("eve;"))
    node.put_room("chess", state="offered")
    node.put_room("#old ones", state="out")
    return node


def test_rooms_stand_beside_contacts_and_offers_where_they_are_answered(rooms: FakeNode) -> None:
    assert _offered("", PARTNER) == ["bob", "carol", "#friends", "#old ones"]
    assert _offered("#f", PARTNER) == ["#friends"]
    assert _offered("", ROOM) == ["#friends"]
    assert _offered("", KNOWN_ROOM) == ["#friends", "#old ones"]
    assert _offered("", LEFT_ROOM) == ["#old ones"]
    assert _offered("", OFFERED_ROOM) == ["chess"]


def test_other_members_of_the_room_that_was_typed_are_offered(rooms: FakeNode) -> None:
    assert _offered("", MEMBER, room="#friends") == ["bob~1a2b"]
    assert _offered("", MEMBER, room="#nowhere") == []


def test_bash_takes_no_sign_of_a_room_for_a_comment(rooms: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_P2PCHAT_COMPLETE", "bash_complete")
    assert _offered("", KNOWN_ROOM) == [r"\\#friends", r"\\#old\\ ones"]
    assert _offered(r"\#f", ROOM) == [r"\\#friends"]
    monkeypatch.setenv("COMP_WORDS", "p2pchat\nsend\n'#f")
    assert _offered("#", KNOWN_ROOM) == ["#friends"]


def test_a_name_that_a_shell_would_take_for_a_home_is_not_offered(node: FakeNode) -> None:
    node.people = {"~root": contact("~root"), "a~b": contact("a~b")}
    assert _offered("") == ["a~b"]


def test_no_node_no_names(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("P2PCHAT_HOME", str(tmp_path))
    assert _offered("") == []


def test_a_node_that_does_not_answer_is_not_waited_for(
    node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: FakeNode) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(parameters, "COMPLETION_PATIENCE", 0.01)
    monkeypatch.setattr(FakeNode, "contacts", never)
    assert _offered("") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(shell: str, p2pchat: Run) -> None:
    ran = p2pchat("completion", shell)
    assert ran.code == 0
    assert f"_P2PCHAT_COMPLETE={shell}_complete" in ran.out


def test_bash_understands_its_script(p2pchat: Run) -> None:
    script = p2pchat("completion", "bash").out
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_who_asks_to_be_a_contact_is_offered_where_that_is_answered(node: FakeNode) -> None:
    node.put_introduction("dora")
    node.put_introduction("eve", state="waiting")
    assert _offered("", REQUEST) == ["dora"]

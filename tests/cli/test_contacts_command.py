"""Whom we know, and what is asked before it is changed."""

from __future__ import annotations

import json

from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode, contact


def test_alone_it_lists(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("contacts") == p2pchat("contacts", "list")


def test_names_come_last_and_harmless(p2pchat: Run, node: FakeNode) -> None:
    node.people = {"x": contact("eve\x1b[2J", verified=True), "y": contact("אלי", blocked=True, here=False)}
    rows = [line.split() for line in p2pchat("contacts").lines]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("here", "verified", "eve␛[2J"),
        ("away", "blocked", "אלי"),
    ]


def test_no_contacts_yet_is_not_a_failure(p2pchat: Run, node: FakeNode) -> None:
    node.people = {}
    assert p2pchat("contacts") == (0, "", "No contacts yet. Make a code for a friend:  p2pchat invite\n")


def test_show_tells_all(p2pchat: Run, node: FakeNode) -> None:
    shown = p2pchat("contacts", "show", "bob").out
    assert node.people["bob"].fingerprint in shown
    assert node.people["bob"].safety_number in shown


def test_verify_shows_what_to_compare_and_asks(p2pchat: Run, node: FakeNode) -> None:
    ran = p2pchat("contacts", "verify", "bob")
    assert ran.lines[0] == node.people["bob"].safety_number
    assert ran.code == 2  # there is no terminal to ask on
    assert not node.people["bob"].verified


def test_verify_believes_yes(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("contacts", "verify", "bob", "--yes").code == 0
    assert node.people["bob"].verified
    assert p2pchat("contacts", "verify", "bob", "--undo").code == 0
    assert not node.people["bob"].verified


def test_verify_in_json_is_the_contact_as_it_now_is(p2pchat: Run, node: FakeNode) -> None:
    assert json.loads(p2pchat("contacts", "verify", "bob", "--yes", "--json").out)["verified"] is True


def test_mute_and_back(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("contacts", "mute", "bob").err == "bob is muted.\n"
    assert node.people["bob"].muted
    p2pchat("contacts", "mute", "bob", "--undo")
    assert not node.people["bob"].muted


def test_block_and_back(p2pchat: Run, node: FakeNode) -> None:
    p2pchat("contacts", "block", "bob")
    assert node.people["bob"].blocked
    p2pchat("contacts", "block", "bob", "--unblock")
    assert not node.people["bob"].blocked


def test_rename(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("contacts", "rename", "bob", "bobby").err == "bob is now called bobby.\n"
    assert "bobby" in node.people


def test_how_long_messages_last_is_shown_and_set(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("contacts", "disappear", "bob").out == "What you and bob say does not disappear.\n"
    assert p2pchat("contacts", "disappear", "bob", "8h").code == 0
    assert p2pchat("contacts", "disappear", "bob").out == "What you and bob say disappears after 8 hours.\n"
    assert json.loads(p2pchat("contacts", "disappear", "bob", "--json").out)["disappear"] == 8 * 3600
    assert node.people["bob"].disappear == 8 * 3600


def test_remove_asks(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("contacts", "remove", "bob").code == 2
    assert "bob" in node.people
    assert p2pchat("contacts", "remove", "bob", "--yes").code == 0
    assert "bob" not in node.people


def test_a_contact_of_unknown_presence_is_not_called_away(p2pchat: Run, node: FakeNode) -> None:
    node.people = {"x": contact("eve", here=None)}
    node.runs_here = True
    ran = p2pchat("contacts")
    assert ran.lines[0].split()[0] == "unknown"
    assert "No node runs here" in ran.err
    assert json.loads(p2pchat("contacts", "--json").out)["here"] is None
    assert "here or away is not known" in p2pchat("contacts", "show", "x").out

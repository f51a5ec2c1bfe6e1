"""Contacts come without a code, and what is told of it pretends nothing."""

from __future__ import annotations

import json

from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode
from tests.support.fake_rooms import member


def test_a_member_is_asked_and_that_is_taken_back(p2pchat: Run, node: FakeNode) -> None:
    node.put_room("#friends", member("me", own=True), member("dora"))
    asked = p2pchat("contacts", "add", "#friends", "dora")
    assert (asked.code, asked.out) == (0, "")
    assert asked.err == "dora is asked. You are contacts as soon as dora accepts.\n"
    assert p2pchat("contacts", "requests").lines == ["waiting        through #friends: dora"]
    assert p2pchat("contacts", "add", "#friends", "dora", "--undo").err == "dora is no longer asked.\n"
    assert p2pchat("contacts", "requests").err.startswith("No requests are open.")


def test_two_are_introduced_and_that_is_taken_back(p2pchat: Run, node: FakeNode) -> None:
    assert "bob and carol are asked." in p2pchat("contacts", "introduce", "bob", "carol").err
    assert p2pchat("contacts", "requests").lines == ["you introduce  bob and carol (agreed: none yet)"]
    undone = p2pchat("contacts", "introduce", "bob", "carol", "--undo")
    assert undone.err == "bob and carol are no longer introduced.\n"


def test_requests_show_who_is_between(p2pchat: Run, node: FakeNode) -> None:
    node.put_introduction("dora")
    node.put_introduction("waiting\neve", room=None, by="carol")
    node.put_introduction("bob", state="introducing", room=None, by=None, other="carol", agreed=["carol"])
    assert p2pchat("contacts", "requests").lines == [
        "asks you       through #friends, brought by bob: dora",
        "asks you       introduced by carol: waiting␊eve",
        "you introduce  bob and carol (agreed: carol)",
    ]
    first = json.loads(p2pchat("contacts", "requests", "--json").lines[0])
    assert (first["name"], first["state"], first["room"], first["by"]) == (
        *("dora", "requested", "#friends", "bob"),
    )


def test_accepted_one_is_a_contact_and_says_how_one_met(p2pchat: Run, node: FakeNode) -> None:
    node.put_introduction("dora")
    ran = p2pchat("contacts", "accept", "dora")
    assert (ran.code, ran.out) == (0, "dora\n")
    assert "met through #friends, brought by bob. Compare:  p2pchat contacts verify dora" in ran.err
    shown = {line[:14].rstrip(): line[15:] for line in p2pchat("contacts", "show", "dora").lines}
    assert shown["how you met"] == "met through #friends, brought by bob" and shown["verified"] == "no"
    assert p2pchat("contacts", "accept", "dora").code == 2


def test_who_is_not_a_contact_in_time_is_told_so(p2pchat: Run, node: FakeNode) -> None:
    node.put_introduction("dora", state="waiting")
    assert p2pchat("contacts", "accept", "dora", "--timeout", "1").code == 6


def test_declined_in_words_and_in_json(p2pchat: Run, node: FakeNode) -> None:
    node.put_introduction("dora")
    node.put_introduction("eve")
    assert p2pchat("contacts", "decline", "dora").err == "dora: declined.\n"
    assert json.loads(p2pchat("contacts", "decline", "eve", "--json").out)["name"] == "eve"
    node.put_introduction("eve")
    assert json.loads(p2pchat("contacts", "accept", "eve", "--json").out)["introduced_by"] == "bob"

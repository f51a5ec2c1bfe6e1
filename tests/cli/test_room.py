"""Rooms are listed, made, entered and left, and what others chose pretends nothing."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode
from tests.support.fake_rooms import WORDS, member


@pytest.fixture
def friends(node: FakeNode) -> FakeNode:
    """A room of three, and an offer of another."""
    node.put_room(
        "#friends",
        member("bob", role="owner", contact=True, verified=True, brought_by=None),
        member("me", own=True),
        member("carol", spoke=False, brought_by="me"),
        role="member",
        silent=1,
    )
    node.put_room("chess club", state="offered", role=None, members=7, invited_by="carol")
    return node


def test_no_rooms_yet_is_not_a_failure(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("room") == (0, "", "No rooms yet. Make one:  p2pchat room create NAME\n")


def test_alone_it_lists_rooms_and_offers_the_offers_without_a_sign(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room") == p2pchat("room", "list")
    assert [" ".join(line.split()) for line in p2pchat("room").lines] == [
        "in member #friends, 3 members, 2 heard today, 1 not heard yet",
        "offered chess club, 7 members, carol invites you",
    ]


def test_in_json_each_room_is_an_object(p2pchat: Run, friends: FakeNode) -> None:
    rooms = [json.loads(line) for line in p2pchat("room", "list", "--json").lines]
    assert [(room["name"], room["state"]) for room in rooms] == [
        ("#friends", "in"),
        ("chess club", "offered"),
    ]


def test_a_name_of_others_is_shown_harmless_after_what_it_could_pretend(p2pchat: Run, node: FakeNode) -> None:
    node.put_room("#owner \x1b[2J", member("verified\nbob"), state="in")
    assert p2pchat("room").lines[0].split() == [
        *("in", "member", "#owner", "␛[2J,", "1", "member,", "2", "heard", "today")
    ]
    assert p2pchat("room", "members", "#owner \x1b[2J").lines[0].split()[:2] == ["member", "unknown"]


def test_members_are_listed_with_what_is_known_of_them(p2pchat: Run, friends: FakeNode) -> None:
    assert [" ".join(line.split()) for line in p2pchat("room", "members", "#friends").lines] == [
        "owner verified bob, founded the room",
        "member you me, brought by bob",
        "member unknown not heard yet carol, brought by me",
    ]


def test_after_room_the_sign_may_be_left_out(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "members", "friends") == p2pchat("room", "members", "#friends")


def test_show_tells_all(p2pchat: Run, friends: FakeNode) -> None:
    shown = {line[:12].rstrip(): line[13:] for line in p2pchat("room", "show", "friends").lines}
    assert (shown["name"], shown["your office"], shown["brought by"]) == ("#friends", "member", "bob")
    assert (shown["invited"], shown["notifies of"], shown["disappears"]) == ("none", "all", "never")


def test_show_says_that_a_room_waits_after_a_copy_was_restored(p2pchat: Run, friends: FakeNode) -> None:
    friends.put_room("#friends", put_back=True)
    assert "put back to a copy" in p2pchat("room", "show", "friends").err


def test_verify_prints_what_is_to_be_compared(p2pchat: Run, friends: FakeNode) -> None:
    ran = p2pchat("room", "verify", "#friends")
    assert ran.lines == [WORDS]
    assert "the same 3 members" in ran.err


def test_create_prints_the_name_as_it_is_typed(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("room", "create", "book club") == (
        *(0, "#book club\n"),
        "Let contacts in:  p2pchat room invite '#book club' CONTACT…\n",
    )
    assert node.groups["#book club"].role == "owner"


def test_accept_comes_in_under_a_name_with_a_sign(p2pchat: Run, friends: FakeNode) -> None:
    ran = p2pchat("room", "accept", "chess club")
    assert (ran.code, ran.out) == (0, "#chess club\n")
    assert friends.groups["#chess club"].state == "in"
    assert ran.err.startswith("You are in; the members:")


def test_accept_without_an_invitation_claims_no_more_than_is_known(p2pchat: Run, friends: FakeNode) -> None:
    ran = p2pchat("room", "accept", "friends")
    assert (ran.code, ran.out) == (0, "#friends\n")
    assert ran.err.startswith("You are in already, as far as is known here, and no invitation is open.\n")
    assert json.loads(p2pchat("room", "accept", "friends", "--json").out)["already"] is True


def test_decline(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "decline", "chess club") == (0, "", "chess club: declined.\n")
    assert "chess club" not in friends.groups


def test_a_room_that_is_not_there_is_exit_code_2(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "members", "#nowhere").code == 2


@pytest.mark.parametrize(
    ("option", "notify", "words"),
    [
        ((), "none", "#friends is muted."),
        (("--except-mentions",), "mentions", "#friends is muted, except for mentions of you."),
        (("--undo",), "all", "#friends is no longer muted."),
    ],
)
def test_mute(option: tuple[str, ...], notify: str, words: str, p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "mute", "#friends", *option).err == f"{words}\n"
    assert friends.groups["#friends"].notify == notify


def test_how_long_messages_last_is_shown_and_set(p2pchat: Run, friends: FakeNode) -> None:
    shown = "What is said in #friends"
    assert p2pchat("room", "disappear", "friends").out == f"{shown} does not disappear.\n"
    assert p2pchat("room", "disappear", "friends", "8h").code == 0
    assert p2pchat("room", "disappear", "friends").out == f"{shown} disappears after 8 hours.\n"
    assert p2pchat("room", "disappear", "friends", "soon").code == 2
    assert p2pchat("history", "#friends").err.endswith(
        "What you say in #friends now disappears after 8 hours.\n"
    )


def test_forget_asks(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "forget", "friends").code == 2
    assert p2pchat("room", "forget", "friends", "--yes").code == 0
    assert "#friends" not in friends.groups

"""Who is in a room is changed by commands that ask before what cannot be undone."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode
from tests.support.fake_rooms import member


@pytest.fixture
def friends(node: FakeNode) -> FakeNode:
    """A room of three, which we own."""
    node.put_room(
        "#friends",
        member("me", own=True, role="owner"),
        member("bob", contact=True),
        member("carol", brought_by="bob"),
        role="owner",
    )
    return node


def test_contacts_are_invited_and_that_is_taken_back(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "invite", "#friends", "dave", "erin") == (
        *(0, ""),
        "Invited to #friends: dave, erin.\n",
    )
    assert friends.groups["#friends"].invited == ["dave", "erin"]
    ran = p2pchat("room", "invite", "#friends", "erin", "--undo")
    assert ran.err == "No longer invited to #friends: erin.\n"
    assert friends.groups["#friends"].invited == ["dave"]


def test_an_invitation_names_at_least_one(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "invite", "#friends").code == 2


@pytest.mark.parametrize(("role", "words"), [("admin", "an admin"), ("member", "an ordinary member")])
def test_an_office_is_given(role: str, words: str, p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "role", "friends", "bob", role) == (0, "", f"bob is {words} now.\n")
    assert friends.rosters["#friends"][1].role == role


def test_handing_over_asks(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "role", "friends", "bob", "owner").code == 2
    assert [one.role for one in friends.rosters["#friends"]] == ["owner", "member", "member"]
    assert p2pchat("room", "role", "friends", "bob", "owner", "--yes").code == 0
    assert [one.role for one in friends.rosters["#friends"]] == ["owner", "owner", "member"]


def test_removing_asks(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "remove", "friends", "carol").code == 2
    assert p2pchat("room", "remove", "friends", "carol", "--yes").err == "carol is removed from #friends.\n"
    assert [one.name for one in friends.rosters["#friends"]] == ["me", "bob"]


def test_rename(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "rename", "friends", "old friends").err == "The room is now called #old friends.\n"


def test_leaving_asks_and_names_heirs_in_order(p2pchat: Run, friends: FakeNode) -> None:
    assert p2pchat("room", "leave", "friends").code == 2
    left = p2pchat("room", "leave", "friends", "--heir", "carol", "--heir", "bob", "--yes", "--json")
    assert json.loads(left.out)["state"] == "out"
    assert friends.heirs == ("carol", "bob")


def test_another_room_invites_contacts_and_names_all_others(p2pchat: Run, friends: FakeNode) -> None:
    ran = p2pchat("room", "renew", "friends")
    assert ran.out == "#friends-2\n"
    assert ran.err == "Invited: bob.\nNo contacts of yours, so others have to invite them: carol.\n"

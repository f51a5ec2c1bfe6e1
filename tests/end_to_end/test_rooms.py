"""Four people in a room, each in a process of its own: all see the same, in the same order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import People, Person, Started

pytestmark = [pytest.mark.real, pytest.mark.slow]

LOOKS = 60
"""How often something is looked for that comes by itself; a look takes a second or more."""


class Town:
    """Ana, whom all know, bob, carol and dave, with a node each."""

    def __init__(self, people: People) -> None:
        self.ana, self.bob, self.carol, self.dave = people.friends("ana", "bob", "carol", "dave")
        self.nodes: dict[Person, Started] = {each: each.node() for each in self.everybody}

    @property
    def everybody(self) -> list[Person]:
        return [self.ana, self.bob, self.carol, self.dave]


@pytest.fixture
def town(tmp_path: Path, meeting: str) -> Iterator[Town]:
    with ExitStack() as stack:
        yield Town(People(tmp_path, meeting, stack))


def asked(person: Person, *arguments: str) -> list[dict[str, Any]]:
    """What a command prints as JSON."""
    ran = person.run(*arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def wait_for_roster(person: Person, *names: str) -> None:
    """Look until these are in, in any order."""
    found: set[str] = set()
    for _ in range(LOOKS):
        found = {member["own_name"] for member in asked(person, "room", "members", "friends")}
        if found == set(names):
            return
    raise AssertionError(f"{found}, and not {set(names)}")


def wait_for_offer(person: Person) -> None:
    for _ in range(LOOKS):
        if [room["state"] for room in asked(person, "room", "list")] == ["offered"]:
            return
    raise AssertionError("no offer has come")


def wait_for_text(person: Person, text: str) -> None:
    for _ in range(LOOKS):
        if text in texts(person):
            return
    raise AssertionError(f"{text!r} has not come: {texts(person)}")


def texts(person: Person) -> list[str]:
    return [line["text"] for line in asked(person, "history", "#friends")]


def wait_for_members(person: Person, text: str, members: int) -> str:
    """Say something once, and wait until so many others say that they have it. A member that has just come in
    has greeted all, and says nothing more for a minute."""
    goal = f"delivered:{members}"
    for _ in range(4):
        ran = person.run("send", "--id", text, "--wait", goal, "--timeout", "40", "#friends", text)
        if ran.returncode != 6:
            break
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def write(person: Person, text: str, *others: Person) -> None:
    """Say something, and wait until these others show it."""
    sent = person.run("send", "#friends", text, "--wait", "relayed", "--timeout", "55")
    assert sent.returncode == 0, sent.stderr
    for other in others:
        wait_for_text(other, text)


def test_a_room_is_made_used_shrunk_and_outlives_a_restart(town: Town) -> None:
    ana, bob, carol, dave = town.everybody
    made = ana.run("room", "create", "friends")
    assert made.stdout == "#friends\n", made.stderr
    invited = ana.run("room", "invite", "#friends", "bob", "carol", "dave")
    assert invited.returncode == 0, invited.stderr
    for guest in (bob, carol, dave):
        wait_for_offer(guest)
        assert guest.run("history", "#friends").returncode == 2  # it is not in yet
        entered = guest.run("room", "accept", "friends", "--timeout", "55")
        assert (entered.returncode, entered.stdout) == (0, "#friends\n"), entered.stderr
    for person in town.everybody:
        wait_for_roster(person, "ana", "bob", "carol", "dave")
    words = {asked(person, "room", "verify", "friends")[0]["words"] for person in town.everybody}
    assert len(words) == 1

    # everybody writes, and all see it in the same order
    assert "delivered to 3 of 3" in wait_for_members(ana, "ana is here", 3)
    for name, person in (("bob", bob), ("carol", carol), ("dave", dave)):
        write(person, f"{name} is here", *(set(town.everybody) - {person}))
    said = ["ana is here", "bob is here", "carol is here", "dave is here"]
    for person in town.everybody:
        assert texts(person) == said
    (line,) = [line for line in asked(bob, "history", "#friends") if line["text"] == said[3]]
    assert (line["from"], line["with"], line["room"]) == ("dave", "#friends", "#friends")
    (line,) = [line for line in asked(ana, "history", "#friends") if line["outgoing"]]
    assert (line["reached"], line["of"], line["state"]) == (3, 3, "delivered")

    # one is removed, and reads nothing that comes after it
    assert ana.run("room", "remove", "friends", "dave", "--yes").returncode == 0
    for person in (ana, bob, carol):
        wait_for_roster(person, "ana", "bob", "carol")
    write(bob, "dave does not read this", ana, carol)
    assert dave.run("send", "#friends", "let me in").returncode == 2
    assert texts(dave) == said

    # one restarts, and gets what it missed
    assert bob.run("node", "stop").returncode == 0
    town.nodes[bob].ended()
    write(ana, "where is bob?", carol)
    bob.node()
    wait_for_text(bob, "where is bob?")
    write(bob, "back again", ana, carol)
    said += ["dave does not read this", "where is bob?", "back again"]
    assert texts(ana) == texts(bob) == texts(carol) == said

    # one leaves, and keeps what was said
    assert carol.run("room", "leave", "friends", "--yes").returncode == 0
    for person in (ana, bob):
        wait_for_roster(person, "ana", "bob")
    write(ana, "carol does not read this", bob)
    assert texts(ana) == texts(bob) == [*said, "carol does not read this"]
    assert texts(carol) == said
    assert carol.run("room", "forget", "friends", "--yes").returncode == 0
    assert asked(carol, "room", "list") == []

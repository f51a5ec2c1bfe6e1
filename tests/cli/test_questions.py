"""What is asked at a terminal before something is given away or lost, on real nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import People, Person, people

pytestmark = pytest.mark.real


@pytest.fixture
def town(tmp_path: Path, meeting: str) -> Iterator[People]:
    with people(tmp_path, meeting) as everyone:
        yield everyone


def names(person: Person) -> list[str]:
    return [json.loads(line)["name"] for line in person.run("contacts", "--json").stdout.splitlines()]


def test_remove_asks_at_a_terminal_and_offers_a_new_secret_while_others_stay(town: People) -> None:
    ana, *_ = town.friends("ana", "bob", "carol")
    before = json.loads(ana.run("mesh", "--json").stdout)["mesh"]
    asking = ana.terminal("contacts", "remove", "bob")
    asking.until("Forget bob, the keys shared with them and all that was said? [y/N]")
    asking.type("n\n")
    assert asking.ended() == 7
    assert names(ana) == ["bob", "carol"]

    asking = ana.terminal("contacts", "remove", "bob")
    asking.until("[y/N]")
    asking.type("y\n")
    asking.until("contacts? [y/N]")
    asking.type("y\n")
    assert asking.ended() == 0
    assert "bob is forgotten." in asking.text
    assert "tells a new secret" in asking.text
    assert names(ana) == ["carol"]
    first = json.loads(ana.run("mesh", "--json").stdout.splitlines()[0])
    assert first["mesh"] != before

    asking = ana.terminal("contacts", "remove", "carol")
    asking.until("[y/N]")
    asking.type("y\n")
    assert asking.ended() == 0  # the person has left: there is no second question
    assert "you have left it" in asking.text
    assert names(ana) == []


def test_join_asks_before_it_uses_a_rendezvous_that_was_not_named(town: People) -> None:
    ana, bob, carol = (town.someone(name) for name in ("ana", "bob", "carol"))
    public = f"ws://{'a' * 56}.onion"  # only Tor can look it up
    assert ana.run("rendezvous", "add", public).returncode == 0
    for guest, answer in ((bob, "n"), (carol, "y")):
        invite = ana.start("invite")
        asking = guest.terminal("join", invite.line())
        asking.until("Use it, too? It sees your address, and when you are online. [y/N]")
        assert "neither you nor the code named" in " ".join(asking.text.split())
        asking.type(f"{answer}\n")
        assert asking.ended() == 0
        listed = guest.run("rendezvous", "--json").stdout
        assert (public in listed) == (answer == "y")


def test_meshes_and_rendezvous_are_listed_added_to_and_left(town: People) -> None:
    ana, bob = town.friends("ana", "bob")
    ana.node()
    (mesh,) = map(json.loads, ana.run("mesh", "list", "--json").stdout.splitlines())
    assert (mesh["contacts"], mesh["invites"], mesh["rendezvous"]) == (["bob"], True, [town.url])
    assert f"{mesh['mesh'][:8]}" in ana.run("mesh").stdout

    other = "ws://127.0.0.1:1"
    added = ana.run("rendezvous", "add", other)
    assert (added.returncode, added.stderr) == (0, f"You now also meet others at {other}.\n")
    places = {
        each["url"]: each for each in map(json.loads, ana.run("rendezvous", "--json").stdout.splitlines())
    }
    assert set(places) == {town.url, other}
    assert places[other]["meshes"] == [mesh["mesh"]]
    assert ana.run("rendezvous", "remove", other).returncode == 0
    assert ana.run("rendezvous", "remove", other).returncode == 2
    asked = ana.run("rendezvous", "remove", town.url)
    assert (asked.returncode, "--yes" in asked.stderr) == (2, True)

    assert bob.run("mesh", "leave", "ffff").returncode == 2
    asking = bob.terminal("mesh", "leave", mesh["mesh"][:8])
    asking.until("Forget ana, and all that was said with them? [y/N]")
    asking.type("y\n")
    assert asking.ended() == 0
    assert names(bob) == []
    assert bob.run("mesh").stdout == ""

"""A home put back to a copy, and two copies at once, with real programs: nothing false, and it heals."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.processes import People, Person

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def world(tmp_path: Path, meeting: str) -> Iterator[tuple[Person, Person, ExitStack]]:
    with ExitStack() as stack:
        ana, bob = People(tmp_path, meeting, stack).friends("ana", "bob")
        ana.node()
        yield ana, bob, stack


def talked(ana: Person, bob: Person) -> None:
    """Both ways, so that each has the other's recovery key and their ratchet has turned."""
    assert bob.run("send", "ana", "one", "--timeout", "50").returncode == 0
    listening = bob.start("listen", "--count", "1", "--timeout", "50")
    assert ana.run("send", "bob", "hi", "--timeout", "50").returncode == 0
    assert listening.ended().returncode == 0


def texts(of: Person, name: str, outgoing: bool) -> dict[str, str]:
    lines = [json.loads(line) for line in of.run("history", name, "--json").stdout.splitlines()]
    return {line["text"]: line["state"] for line in lines if line["outgoing"] is outgoing}


def delivered(of: Person, name: str) -> set[str]:
    return {text for text, state in texts(of, name, outgoing=True).items() if state == "delivered"}


def test_a_restored_home_says_nothing_false_and_begins_anew_by_itself(
    world: tuple[Person, Person, ExitStack],
) -> None:
    ana, bob, _ = world
    talked(ana, bob)
    shutil.copytree(bob.home, bob.home.with_name("copy"))
    talked(ana, bob)
    talked(ana, bob)
    shutil.rmtree(bob.home)
    bob.home.with_name("copy").rename(bob.home)

    first = bob.run("send", "ana", "restored", "--timeout", "3")
    assert first.returncode == 6, first.stderr
    assert delivered(bob, "ana") <= set(texts(ana, "bob", outgoing=False))
    listening = bob.start("listen", "--json", "--timeout", "150", "--count", "1")
    again = ("send", "--id", "again", "--timeout", "45", "ana", "and again")
    assert any(bob.run(*again).returncode == 0 for _ in range(4))
    assert ana.run("send", "bob", "welcome back", "--timeout", "50").returncode == 0
    told = [json.loads(line) for line in listening.ended().stdout.splitlines()]
    assert "renewed" in [event["turn"] for event in told if event["type"] == "session"]
    assert {"restored", "and again"} <= set(texts(ana, "bob", outgoing=False))
    known = json.loads(ana.run("contacts", "show", "bob", "--json").stdout)
    other = json.loads(bob.run("contacts", "show", "ana", "--json").stdout)
    assert known["renewed_at"]
    assert known["safety_number"] == other["safety_number"]
    for one, two in ((ana, bob), (bob, ana)):
        names = ("bob", "ana") if one is ana else ("ana", "bob")
        mine = delivered(one, names[0]) - {"hi", "one"}
        assert mine <= set(texts(two, names[1], outgoing=False))


def test_of_two_copies_that_run_at_once_one_is_refused_and_told_so(
    world: tuple[Person, Person, ExitStack],
) -> None:
    ana, bob, stack = world
    talked(ana, bob)
    twin = Person(bob.home.with_name("twin"), stack)
    shutil.copytree(bob.home, twin.home)
    bob.node()
    assert bob.run("send", "ana", "I am the first", "--timeout", "50").returncode == 0
    twin.node()
    for _ in range(3):  # on a busy machine it takes longer until the copy is sure
        second = twin.run("send", "--id", "one", "ana", "I am the copy", "--timeout", "40")
        assert second.returncode == 6, second.stderr
        if "out of step" in second.stderr:
            break
    assert "I am the copy" not in texts(ana, "bob", outgoing=False)
    assert "out of step" in second.stderr
    assert "another copy" in twin.run("contacts", "show", "ana").stdout
    assert "session" in twin.run("doctor").stderr
    still = ("send", "--id", "still", "ana", "still the first", "--timeout", "50")
    assert any(bob.run(*still).returncode == 0 for _ in range(4))
    assert delivered(bob, "ana") <= set(texts(ana, "bob", outgoing=False))

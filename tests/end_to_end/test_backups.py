"""A home is backed up, destroyed and restored, with real programs: both write again without an invite, and
nothing is false, lost or double."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import People, Person

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def world(tmp_path: Path, meeting: str) -> Iterator[tuple[Person, Person, Path]]:
    """Two people who have talked and verified each other, and a file with a phrase."""
    phrase = tmp_path / "phrase"
    phrase.write_text("acorn actor admiral airport alarm album alcove alley almond zoom\n")
    phrase.chmod(0o600)
    with ExitStack() as stack:
        ana, bob = People(tmp_path, meeting, stack).friends("ana", "bob")
        ana.node()
        assert bob.run("send", "ana", "one", "--timeout", "50").returncode == 0
        listening = bob.start("listen", "--count", "1", "--timeout", "50")
        assert ana.run("send", "bob", "hi", "--timeout", "50").returncode == 0
        assert listening.ended().returncode == 0
        for one, other in ((ana, "bob"), (bob, "ana")):
            assert one.run("contacts", "verify", other, "--yes").returncode == 0
        yield ana, bob, phrase


def read_history(of: Person, name: str) -> list[dict[str, Any]]:
    """The history with a contact, as it is printed."""
    return [json.loads(line) for line in of.run("history", name, "--json").stdout.splitlines()]


def lines(of: Person, name: str) -> list[tuple[str, bool, str]]:
    """The history with a contact: the text, whether it was ours, its state."""
    return [(line["text"], line["outgoing"], line["state"]) for line in read_history(of, name)]


def backed_up(of: Person, place: Path, phrase: Path) -> None:
    made = of.run("backup", str(place), "--backup-passphrase-file", str(phrase))
    assert made.returncode == 0, made.stderr


def test_a_home_comes_back_from_its_backup(world: tuple[Person, Person, Path], tmp_path: Path) -> None:
    ana, bob, phrase = world
    place = tmp_path / "bob.backup"
    node = bob.node()
    backed_up(bob, place, phrase)  # while the node runs
    assert bob.run("send", "ana", "after it", "--timeout", "50").returncode == 0
    came = next(line["id"] for line in read_history(bob, "ana") if line["text"] == "hi")
    for sign in ("👍", "🎉"):
        assert bob.run("react", came, sign, "--timeout", "50").returncode == 0
    node.process.kill()
    node.ended()
    assert bob.run("wipe", "--yes").returncode == 0

    checked = bob.run("backup", "--check", str(place), "--backup-passphrase-file", str(phrase), "--json")
    assert json.loads(checked.stdout)["messages"] == 2
    restored = bob.run("restore", str(place), "--backup-passphrase-file", str(phrase), "--no-passphrase")
    assert restored.returncode == 0, restored.stderr
    bob.node()
    sent = ("send", "--id", "back", "--timeout", "45", "ana", "back again")
    for _ in range(4):
        done = bob.run(*sent)
        bob.run("contacts", "renew", "ana")  # it is ana: what waited for her goes
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    assert ana.run("contacts", "renew", "bob").returncode == 0
    assert ana.run("send", "bob", "welcome back", "--timeout", "50").returncode == 0
    assert bob.run("react", came, "❤️", "--timeout", "50").returncode == 0
    for one, name in ((ana, "bob"), (bob, "ana")):
        (hi,) = (line for line in read_history(one, name) if line["text"] == "hi")
        assert [reaction["sign"] for reaction in hi["reactions"]] == ["❤️"]

    said = [("one", True), ("hi", False), ("back again", True), ("welcome back", False)]
    assert [(text, ours) for text, ours, _ in lines(bob, "ana")] == said
    there = [("one", False), ("hi", True), ("after it", False), ("back again", False), ("welcome back", True)]
    assert [(text, ours) for text, ours, _ in lines(ana, "bob")] == there
    assert max(Counter(text for text, _, _ in lines(ana, "bob")).values()) == 1
    assert {state for _, _, state in lines(bob, "ana") + lines(ana, "bob")} == {"delivered"}
    shown = [
        json.loads(one.run("contacts", "show", name, "--json").stdout)
        for one, name in ((ana, "bob"), (bob, "ana"))
    ]
    assert [each["verified_before"] for each in shown] == [True, True]
    assert [each["verified"] for each in shown] == [False, False]
    assert shown[0]["safety_number"] == shown[1]["safety_number"]
    assert [each["session"] for each in shown] == ["well", "well"]


def test_an_old_backup_restored_on_two_machines_is_heeded_on_neither(
    world: tuple[Person, Person, Path], tmp_path: Path
) -> None:
    ana, bob, phrase = world
    place = tmp_path / "bob.backup"
    backed_up(bob, place, phrase)
    assert bob.run("send", "ana", "told", "--timeout", "50").returncode == 0
    assert bob.run("wipe", "--yes").returncode == 0
    listening = ana.start("listen", "--json", "--timeout", "400")
    homes = [bob, Person(tmp_path / "second", bob.stack)]
    for each in homes:
        ran = each.run("restore", str(place), "--backup-passphrase-file", str(phrase), "--no-passphrase")
        assert ran.returncode == 0, ran.stderr
    for each in homes:
        each.node()
    turns = []
    while "rivals" not in turns:
        event = json.loads(listening.line())
        turns += [event["turn"]] if event["type"] == "session" else []
    assert turns == ["rivals"]
    for each in homes:
        assert each.run("send", "ana", "it is I", "--timeout", "5").returncode == 6
    assert "it is I" not in {text for text, _, _ in lines(ana, "bob")}

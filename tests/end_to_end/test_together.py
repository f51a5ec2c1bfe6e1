"""Many commands on one home at once: none waits on a lock, and each outlives the node it was served by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.processes import People, Person, Started

pytestmark = pytest.mark.real

CROWD = 6


@pytest.fixture
def pair(tmp_path: Path, meeting: str) -> Iterator[tuple[Person, Person]]:
    with ExitStack() as stack:
        ana, bob = People(tmp_path, meeting, stack).friends("ana", "bob")
        bob.node()
        yield ana, bob


def crowd(person: Person, other: str) -> list[Started]:
    return [person.start("send", "--timeout", "50", other, f"{number}") for number in range(CROWD)]


def heard(listener: Started) -> list[str]:
    """The texts of a listener that ends by itself."""
    ended = listener.ended()
    assert ended.returncode == 0, ended.stderr
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    return [event["text"] for event in events if event["type"] == "message"]


def arrived(person: Person, other: str) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in person.run("history", other, "--json").stdout.splitlines()]
    return sorted((line["text"], line["id"]) for line in lines)


def test_a_crowd_without_a_node_shares_the_one_that_one_of_it_runs(pair: tuple[Person, Person]) -> None:
    ana, bob = pair
    ended = [each.ended() for each in crowd(ana, "bob")]
    assert [(each.returncode, each.stderr) for each in ended if each.returncode] == []
    assert arrived(ana, "bob") == [(f"{n}", each.stdout.strip()) for n, each in enumerate(ended)]
    assert [text for text, _ in arrived(bob, "ana")] == [text for text, _ in arrived(ana, "bob")]


def test_a_crowd_outlives_the_node_that_served_it(pair: tuple[Person, Person]) -> None:
    ana, bob = pair
    node = ana.node()
    listener = ana.start("listen", "--json", "--count", "2")
    assert bob.run("send", "ana", "before").returncode == 0
    sending = crowd(ana, "bob")
    ids = [sending[0].line()]
    node.process.kill()
    ended = [each.ended() for each in sending]
    assert [(each.returncode, each.stderr) for each in ended if each.returncode] == []
    ids += [each.stdout.strip() for each in ended[1:]]
    assert arrived(ana, "bob")[:CROWD] == [(f"{n}", id) for n, id in enumerate(ids)]
    assert [text for text, _ in arrived(bob, "ana")][:CROWD] == [f"{n}" for n in range(CROWD)]
    assert bob.run("send", "ana", "after", "--timeout", "50").returncode == 0
    assert heard(listener) == ["before", "after"]

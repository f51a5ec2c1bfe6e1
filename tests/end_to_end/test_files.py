"""Files between two homes, by the commands as they are typed: through the mesh, killed half-way, saved."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import People, Person, Started, people

pytestmark = pytest.mark.real

CONTENT = random.Random(82).randbytes(300_000)
FAST = {"P2PCHAT_PROFILE": "fast"}


@pytest.fixture
def pair(tmp_path: Path, meeting: str) -> Iterator[list[Person]]:
    with people(tmp_path, meeting) as town:
        yield _friends(town)


def _friends(town: People) -> list[Person]:
    return town.friends("ana", "bob")


def listed(person: Person) -> list[dict[str, Any]]:
    ran = person.run("files", "list", "--json", **FAST)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def event(listening: Started, *states: str) -> dict[str, Any]:
    """The next event of a file that says one of these."""
    while True:
        told: dict[str, Any] = json.loads(listening.line())
        if told["type"] == "file":
            assert told["state"] in ("offered", "accepted", *states), told
            if told["state"] in states:
                return told


def test_a_file_arrives_whole_though_its_receiver_is_killed_half_way(
    pair: list[Person], tmp_path: Path
) -> None:
    ana, bob = pair
    source, saved = tmp_path / "report.pdf", tmp_path / "saved"
    source.write_bytes(CONTENT)
    saved.mkdir()
    sending = ana.start("send", "bob", "--file", str(source), "--through-mesh", "--json", **FAST)
    assert json.loads(sending.line())["state"] == "offered"
    source.write_bytes(b"changed after the offer")
    listening = bob.start("listen", "--json", "--auto-accept", "1000000", **FAST)
    offered = event(listening, "offered")
    assert (offered["from"], offered["name"], offered["size"]) == ("ana", "report.pdf", len(CONTENT))
    while event(listening, "accepted")["bytes"] < 262_144:
        pass
    listening.process.kill()
    listening.ended()
    half = listed(bob)[0]
    assert half["state"] in ("accepted", "whole") and half["bytes"] >= 262_144, "what was kept is kept"
    accept = ("files", "accept", half["id"][:8], "--save", str(saved), "--timeout", "50")
    accepted = bob.run(*accept, **FAST)
    for _ in range(3):
        if accepted.returncode == 6:  # its time was up; the transfer goes on
            accepted = bob.run(*accept, **FAST)
    assert (accepted.returncode, accepted.stdout) == (0, f"{saved / 'report.pdf'}\n"), accepted.stderr
    assert (saved / "report.pdf").read_bytes() == CONTENT
    sent = sending.ended()
    assert sent.returncode == 0, sent.stderr
    *_, last = map(json.loads, sent.stdout.splitlines())
    assert (last["type"], last["state"], last["bytes"]) == ("file", "whole", len(CONTENT))
    assert listed(bob)[0]["state"] == "saved" and not list((bob.home / "files").iterdir())


def test_what_is_declined_ends_with_seven_and_nothing_comes(pair: list[Person], tmp_path: Path) -> None:
    ana, bob = pair
    (tmp_path / "small.txt").write_bytes(b"small")
    sending = ana.start("send", "bob", "--file", str(tmp_path / "small.txt"), "--through-mesh", **FAST)
    id = sending.line()
    listening = bob.start("listen", "--json", **FAST)
    theirs = event(listening, "offered")["id"]
    declined = bob.run("files", "decline", theirs[:8], "--json")
    assert json.loads(declined.stdout)["state"] == "declined"
    sent = sending.ended()
    assert sent.returncode == 7 and "declined" in sent.stderr
    assert [file["id"] for file in listed(ana)] == [id]
    again = bob.run("files", "accept", theirs[:8])
    assert again.returncode == 7 and again.stdout == ""


def test_what_cannot_be_sent_is_refused_before_anything_is(pair: list[Person], tmp_path: Path) -> None:
    ana, _ = pair
    large = tmp_path / "large"
    large.write_bytes(bytes((1 << 20) + 1))
    for words, code in (
        (("--file", str(large), "--through-mesh"), 5),
        (("--file", str(large)), 2),
        (("--file", str(tmp_path), "--through-mesh"), 2),
        (("--file", str(tmp_path / "missing"), "--through-mesh"), 2),
        (("--file", str(large), "--through-mesh", "and a text"), 2),
    ):
        ran = ana.run("send", "bob", *words)
        assert (ran.returncode, ran.stdout) == (code, ""), ran.stderr
        assert len(ran.stderr.splitlines()) == 1
    assert listed(ana) == []
    unknown = ana.run("files", "save", "0123", str(tmp_path))
    assert unknown.returncode == 2 and "p2pchat files list" in unknown.stderr


def test_a_file_that_is_not_taken_in_time_stays_offered(pair: list[Person], tmp_path: Path) -> None:
    ana, _ = pair
    (tmp_path / "late").write_bytes(b"late")
    sent = ana.run(
        "send", "bob", "--file", str(tmp_path / "late"), "--through-mesh", "--timeout", "1", **FAST
    )
    assert sent.returncode == 6 and "goes on" in sent.stderr
    (file,) = listed(ana)
    assert file["state"] == "offered"
    cancelled = ana.run("files", "cancel", file["id"][:6])
    assert cancelled.returncode == 0 and "cancelled" in cancelled.stdout

"""Files are listed, taken, saved and sent; what it means to send one is said first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.fake_files import file, moved
from tests.support.fake_node import FakeNode

ID = "9f86d081" * 4


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "report.pdf").write_bytes(b"content")
    return str(tmp_path / "report.pdf")


def test_no_files_are_not_a_failure(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("files") == (0, "", "No files. Send one:  p2pchat send NAME --file PATH\n")


def test_alone_it_lists_all_with_the_name_last(p2pchat: Run, node: FakeNode) -> None:
    node.put_file(file(name="b\x1b[2J"), file("a" * 32, outgoing=True, state="accepted", bytes=150_000))
    assert p2pchat("files") == p2pchat("files", "list")
    assert [line.split() for line in p2pchat("files").lines] == [
        ["9f86d081", "offered", "from", "bob,", "b␛[2J", "(300", "kB)"],
        ["aaaaaaaa", "accepted", "50", "%", "to", "bob,", "report.pdf", "(300", "kB)"],
    ]
    (first, _) = map(json.loads, p2pchat("files", "list", "--json").lines)
    assert (first["id"], first["from"], first["size"], first["state"]) == (ID, "bob", 300_000, "offered")


@pytest.mark.parametrize(
    ("verb", "state"), [("accept", "accepted"), ("decline", "declined"), ("cancel", "cancelled")]
)
def test_a_file_is_answered(p2pchat: Run, node: FakeNode, verb: str, state: str) -> None:
    node.put_file(file())
    ran = p2pchat("files", verb, "9f86")
    assert ran.code == 0 and state in ran.out
    assert json.loads(p2pchat("files", verb, "9f86", "--json").out)["state"] == state
    assert p2pchat("files", verb, "0000").code == 2


def test_a_file_is_saved_where_the_person_says(p2pchat: Run, node: FakeNode, tmp_path: Path) -> None:
    node.put_file(file(state="whole"))
    assert p2pchat("files", "save", "9f86", str(tmp_path)) == (0, f"{tmp_path / 'report.pdf'}\n", "")
    node.put_file(file())
    taken = p2pchat("files", "accept", "9f86", "--save", str(tmp_path), "--json")
    assert [json.loads(line).get("state") for line in taken.lines] == ["whole", None]
    assert node.saved_in == [tmp_path] * 2


def test_a_transfer_that_ends_otherwise_saves_nothing(p2pchat: Run, node: FakeNode, tmp_path: Path) -> None:
    node.put_file(file())
    node.ends_as = "cancelled"
    assert p2pchat("files", "accept", "9f86", "--save", str(tmp_path)).code == 7
    assert node.saved_in == []


def test_a_file_is_opened_after_it_was_asked(
    p2pchat: Run, node: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[str] = []

    def launch(path: str) -> int:
        launched.append(path)
        return 1

    monkeypatch.setattr("click.launch", launch)
    node.put_file(file(state="whole"))
    refused = p2pchat("files", "open", "9f86", str(tmp_path))
    assert refused.code == 2 and "--yes" in refused.err and not node.saved_in
    ran = p2pchat("files", "open", "9f86", str(tmp_path), "--yes")
    assert launched == [str(tmp_path / "report.pdf")]
    assert ran.code == 0 and "no program opened it" in ran.err


def test_files_are_sent_and_waited_for(p2pchat: Run, node: FakeNode, source: str) -> None:
    ran = p2pchat("send", "bob", "--file", source, "--file", source, "--through-mesh")
    assert (ran.code, ran.lines) == (0, [f"{number:032x}" for number in range(2)])
    assert ran.err.count("bob has report.pdf (300 kB)") == 2
    ran = p2pchat("send", "bob", "--file", source, "--through-mesh", "--json")
    told = [json.loads(line) for line in ran.lines]
    assert [(each.get("type"), each["state"]) for each in told] == [(None, "offered"), ("file", "whole")]


def test_an_offer_alone_is_not_waited_for(p2pchat: Run, node: FakeNode, source: str) -> None:
    node.ends_as = "declined"
    assert p2pchat("send", "bob", "--file", source, "--through-mesh", "--wait", "queued").code == 0
    assert p2pchat("send", "bob", "--file", source, "--through-mesh").code == 7


def test_without_agreement_nothing_is_sent(p2pchat: Run, node: FakeNode, source: str) -> None:
    ran = p2pchat("send", "bob", "--file", source)
    assert (ran.code, ran.out) == (2, "") and "--through-mesh" in ran.err
    assert p2pchat("send", "bob", "--file", "/nowhere/at/all").code == 2
    assert p2pchat("send", "bob", "--file", source, "--through-mesh", "text").code == 2
    assert not node.known_files


def test_a_listener_accepts_what_is_small_enough_and_of_that_contact(p2pchat: Run, node: FakeNode) -> None:
    node.put_file(file(size=100), file("a" * 32, size=101), file("b" * 32, "carol", size=5))
    later = file("c" * 32, size=7)
    node.put_file(later)
    node.events = [moved(later), moved(file("d" * 32, outgoing=True, size=1))]
    ran = p2pchat("listen", "--from", "bob", "--auto-accept", "100", "--timeout", "0.2")
    assert ran.code == 0 and "bob offers report.pdf" in ran.err
    states = {id[0]: known.state for id, known in node.known_files.items()}
    assert states == {"9": "accepted", "a": "offered", "b": "offered", "c": "accepted"}

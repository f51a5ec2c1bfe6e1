"""``p2pchat history``: a name is whose, a verb is what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode, message
from tests.support.processes import people

ID = "9f86d081884c7d659a2feaa0c55ad015"


def test_the_word_show_may_be_left_out(p2pchat: Run, node: FakeNode) -> None:
    node.said = [message("1", "hello"), message("2", "hi", outgoing=True)]
    short, long = p2pchat("history", "bob"), p2pchat("history", "show", "bob")
    assert short == long
    assert [line.rpartition(" ")[2] for line in short.lines] == ["hello", "hi"]


def test_a_line_begins_with_its_id_if_that_is_asked_for(p2pchat: Run, node: FakeNode) -> None:
    node.said = [message(ID, "hello")]
    (line,) = p2pchat("history", "bob", "--ids").lines
    assert line == f"{ID}  {p2pchat('history', 'bob').lines[0]}"


@pytest.mark.parametrize(
    "arguments", [("forget",), ("forget", "bob", "--message", ID), ("edit", ID), ("search",), ()]
)
def test_what_makes_no_sense_is_exit_code_2(arguments: tuple[str, ...], p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("history", *arguments).code == 2


def test_forgetting_asks_first(p2pchat: Run, node: FakeNode) -> None:
    ran = p2pchat("history", "forget", "bob")
    assert ran.code == 2
    assert "--yes" in ran.err


@pytest.mark.real
def test_searched_edited_and_forgotten_for_real(tmp_path: Path, meeting: str) -> None:
    with people(tmp_path, meeting) as those:
        ana, bob = those.friends("ana", "bob")
        bob.node()
        sent = ana.run("send", "bob", "meet me at the Old Bridge")
        assert sent.returncode == 0, sent.stderr
        ana.run("send", "bob", "and come alone")
        id = sent.stdout.strip()
        (found,) = ana.run("history", "search", "old bridge", "--json").stdout.splitlines()
        assert json.loads(found)["id"] == id
        assert ana.run("history", "edit", id, "I said nothing").returncode == 0
        assert "I said nothing" in ana.run("history", "bob").stdout
        assert "Old Bridge" in bob.run("history", "ana").stdout
        assert ana.run("history", "forget", "--message", id, "--yes").returncode == 0
        assert ana.run("history", "forget", "bob", "--yes").stderr == "1 message forgotten.\n"
        assert ana.run("history", "bob").stderr == "Nothing said yet with bob.\n"
        unknown = ana.run("history", "edit", id, "gone")
        assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)


def test_what_was_begun_and_not_sent_can_be_seen(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("history", "drafts").err == "No drafts.\n"
    node.begun = {"bob": "two\nlines\x1b[2J"}
    assert p2pchat("history", "drafts").lines == ["bob: two⏎lines␛[2J"]
    drafts = [json.loads(line) for line in p2pchat("history", "drafts", "--json").lines]
    assert drafts == [{"name": "bob", "text": "two\nlines\x1b[2J"}]


def test_an_export_holds_every_line_and_warns(p2pchat: Run, node: FakeNode) -> None:
    node.said = [message(f"{number}", f"line {number}") for number in range(600)]
    ran = p2pchat("history", "export", "bob")
    assert [json.loads(line)["text"] for line in ran.lines] == [f"line {number}" for number in range(600)]
    assert "not encrypted" in ran.err


def test_an_export_in_markdown_has_nothing_that_a_viewer_would_load(p2pchat: Run, node: FakeNode) -> None:
    node.said = [message("1", "![see](https://spy.example/x.png) <img src=x>\n# mine")]
    heading, _, line, rest = p2pchat("history", "export", "bob", "--markdown").lines
    assert heading == "# bob"
    assert r"\!\[see\]\(https\:\/\/" not in line
    assert r"\!\[see\]\(https\://spy\.example/x\.png\) \<img src=x\>" in line
    assert rest == r"  \# mine"


def test_rooms_are_exported_after_contacts(p2pchat: Run, node: FakeNode) -> None:
    node.put_room("#friends")
    node.put_room("chess", state="offered")
    node.said = [
        message("1", "in a room", room="#friends"),
        message("2", "to one"),
    ]
    exported = [json.loads(line)["text"] for line in p2pchat("history", "export").lines]
    assert exported == ["to one", "in a room"]
    assert p2pchat("history", "#friends").lines[0].endswith("bob: in a room")


def test_a_room_of_which_nothing_is_known_says_so(p2pchat: Run, node: FakeNode) -> None:
    node.put_room("#friends")
    assert p2pchat("history", "#friends").err == "Nothing said yet in #friends.\n"

"""Reply, react, correct and withdraw, for real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from p2pchat.errors import NotInTime
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode
from tests.support.processes import people

ID = "9f86d081884c7d659a2feaa0c55ad015"


def test_what_is_not_delivered_in_time_is_exit_code_6(p2pchat: Run, node: FakeNode) -> None:
    node.refuse = [NotInTime("not delivered within 1 s; it stays queued and will still go out")]
    assert p2pchat("react", "--timeout", "1", ID, "👍").code == 6


def test_a_reply_names_its_message(p2pchat: Run, node: FakeNode) -> None:
    p2pchat("send", "--reply-to", ID, "bob", "yes")
    p2pchat("send", "bob", "hi")
    assert node.replies == [ID, None]


@pytest.mark.real
def test_what_is_said_of_messages_shows_in_the_history_of_both(tmp_path: Path, meeting: str) -> None:
    with people(tmp_path, meeting) as those:
        ana, bob = those.friends("ana", "bob")
        bob.node()
        id = ana.run("send", "bob", "at eight?").stdout.strip()
        (came,) = bob.run("history", "ana", "--json").stdout.splitlines()
        theirs = json.loads(came)["id"]
        ana.node()
        assert bob.run("send", "--reply-to", theirs, "ana", "fine").returncode == 0
        assert bob.run("react", theirs, "👍").returncode == 0
        shown = ana.run("history", "bob").stdout.splitlines()
        assert shown[0].endswith("ana: at eight?  [👍 bob]")
        assert shown[1].endswith("bob: [re ana: at eight?] fine")
        assert ana.run("correct", id, "at nine?").returncode == 0
        assert bob.run("correct", theirs, "at ten?").returncode == 2
        assert bob.run("history", "ana").stdout.splitlines()[0].endswith("at nine?  [corrected]  [👍 bob]")
        assert ana.run("withdraw", id, "--yes").returncode == 0
        assert bob.run("history", "ana").stdout.splitlines()[0].endswith("ana:  [withdrawn]")
        assert bob.run("history", "search", "nine").stderr == "Nothing found.\n"

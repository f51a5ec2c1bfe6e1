"""A message counts as heard once it was printed and the command for it succeeded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from p2pchat.control.events import ContactEvent, LinkEvent, ListenEvents, ReceiptEvent
from p2pchat.control.rooms import RoomEvent
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode, message, told

RECEIPT = told(ReceiptEvent, id="9", state="delivered", at="2026-01-02T03:04:05.000Z")


def test_each_message_is_one_line_and_heard(p2pchat: Run, node: FakeNode) -> None:
    node.events = [message("1", "hi"), RECEIPT, message("2", "two\nlines\x1b[2J", sender="carol")]
    ran = p2pchat("listen", "--count", "2")
    assert ran.code == 0
    assert [line.split("  ", 1)[1] for line in ran.lines] == ["bob: hi", "carol: two⏎lines␛[2J"]
    assert node.was_heard == ["1", "2"]


def test_json_is_every_event_as_it_is(p2pchat: Run, node: FakeNode) -> None:
    events: list[ListenEvents] = [
        RECEIPT,
        told(LinkEvent, links=5, change="up"),
        message("1", "\x9b\u202e ż \ud83d"),
    ]
    node.events = list(events)
    ran = p2pchat("listen", "--json", "--count", "1")
    assert [json.loads(line) for line in ran.lines] == [each.as_record() for each in events]
    assert ran.out.isascii()  # so that no control of any kind reaches the terminal
    assert "\x1b" not in ran.out


def test_what_a_contact_decided_is_said_beside_the_messages(p2pchat: Run, node: FakeNode) -> None:
    decided = told(ContactEvent, name="bob", change="disappearing", disappear=60.0, by="bob")
    node.events = [decided, told(ContactEvent, name="bob", change="verified"), message("1", "hi")]
    ran = p2pchat("listen", "--count", "1")
    assert ran.err == "bob: what you two say from now on disappears after 1 minute (set by bob)\n"
    assert len(ran.lines) == 1


def test_count_counts_messages_of_the_named_contact(p2pchat: Run, node: FakeNode) -> None:
    node.events = [message("1", "a", sender="carol"), message("2", "b"), message("3", "c")]
    ran = p2pchat("listen", "--from", "bob", "--count", "1")
    assert [line.split("  ", 1)[1] for line in ran.lines] == ["bob: b"]
    assert node.was_heard == ["2"]


def test_peek_leaves_all_as_new(p2pchat: Run, node: FakeNode) -> None:
    node.events = [message("1", "a"), message("2", "b")]
    ran = p2pchat("listen", "--peek", "--count", "2", "--exec", "true")
    assert (ran.code, len(ran.lines), node.was_heard) == (0, 2, [])


def test_too_few_in_time_is_exit_code_6(p2pchat: Run, node: FakeNode) -> None:
    node.events = [message("1", "hi")]
    ran = p2pchat("listen", "--count", "2", "--timeout", "0.05")
    assert (ran.code, ran.err) == (6, "p2pchat: 1 of 2 messages came in time\n")


def test_listening_for_a_while_is_no_failure(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("listen", "--timeout", "0.05") == (0, "", "")


def test_a_command_gets_the_text_on_stdin_and_the_facts_in_its_environment(
    p2pchat: Run, node: FakeNode, tmp_path: Path
) -> None:
    text, facts = tmp_path / "text", tmp_path / "facts"
    node.events = [message("1", "two\nlines, ż\x1b")]
    command = f"cat > {text}; env | grep '^P2PCHAT_' | sort > {facts}"
    assert p2pchat("listen", "--count", "1", "--exec", command).code == 0
    assert text.read_text() == "two\nlines, ż\x1b"
    assert facts.read_text().splitlines() == [
        "P2PCHAT_HOME=/home/me",
        "P2PCHAT_MESSAGE_AT=2026-01-02T03:04:05.000Z",
        "P2PCHAT_MESSAGE_FROM=bob",
        "P2PCHAT_MESSAGE_ID=1",
        "P2PCHAT_MESSAGE_WITH=bob",
    ]
    assert node.was_heard == ["1"]


def test_a_command_that_fails_leaves_its_message_unheard(p2pchat: Run, node: FakeNode) -> None:
    node.events = [message("1", "bad"), message("2", "good")]
    ran = p2pchat("listen", "--count", "2", "--exec", "grep -q good")
    assert node.was_heard == ["2"]
    assert ran.code == 1
    assert "exit code 1 on message 1" in ran.err


def test_a_command_that_was_killed_is_told_as_such(p2pchat: Run, node: FakeNode) -> None:
    node.events = [message("1", "hi")]
    ran = p2pchat("listen", "--count", "1", "--exec", "kill -9 $$")
    assert ran.code == 1
    assert "was killed by signal 9 on message 1" in ran.err
    assert node.was_heard == []


def test_a_command_that_does_not_read_is_no_failure(p2pchat: Run, node: FakeNode) -> None:
    node.events = [message("1", "x" * 65536)]
    assert p2pchat("listen", "--count", "1", "--exec", "true").code == 0


@pytest.mark.parametrize("name", ["$(touch broken)", "`touch broken`", "; touch broken"])
def test_a_name_is_never_read_by_the_shell(
    name: str, p2pchat: Run, node: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    node.events = [message("1", name, sender=name)]
    assert p2pchat("listen", "--count", "1", "--exec", 'echo "$P2PCHAT_MESSAGE_FROM"').code == 0
    assert not (tmp_path / "broken").exists()


def test_in_a_room_the_room_stands_before_the_sender(p2pchat: Run, node: FakeNode) -> None:
    node.events = [message("1", "hi", room="#friends"), message("2", "ho")]
    lines = p2pchat("listen", "--count", "2").lines
    assert [line[21:] for line in lines] == ["#friends  bob: hi", "bob: ho"]


def test_what_happens_in_a_room_is_said_beside_the_messages(p2pchat: Run, node: FakeNode) -> None:
    node.events = [told(RoomEvent, room="#friends", change="left", member="carol"), message("1", "hi")]
    assert p2pchat("listen", "--count", "1").err == "#friends: carol left\n"


def test_a_command_learns_where_to_answer(p2pchat: Run, node: FakeNode, tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    node.events = [message("1", "hi", room="#friends")]
    command = f'echo "$P2PCHAT_MESSAGE_FROM in $P2PCHAT_MESSAGE_WITH" > {answers}'
    assert p2pchat("listen", "--count", "1", "--exec", command).code == 0
    assert answers.read_text() == "bob in #friends\n"

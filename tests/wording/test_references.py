"""What refers to a message, as a line says it."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchat.control.events import CorrectedEvent, ReactionEvent, WithdrawnEvent
from p2pchat.control.values import extended
from p2pchat.wording.exported import markdown_line
from p2pchat.wording.lines import message_line
from p2pchat.wording.references import line_marks, reference_line
from tests.support.fake_node import AT, message

LIKED = {"from": "bob", "sign": "👍", "state": "delivered"}


@pytest.mark.parametrize(
    ("known", "marks"),
    [
        ({}, []),
        ({"rewritten": True}, ["rewritten here"]),
        ({"corrected": "delivered"}, ["corrected"]),
        ({"corrected": "queued", "outgoing": True}, ["corrected: queued"]),
        ({"withdrawn": "expired", "outgoing": True}, ["withdrawn: expired"]),
        ({"mentions": ["bob"]}, ["mentions bob"]),
        ({"reactions": [LIKED, {**LIKED, "from": "ann", "state": "queued"}]}, ["👍 bob", "👍 ann, queued"]),
        ({"earlier": [{"at": AT, "text": "at\neight"}]}, ["before: at⏎eight"]),
        ({"unknown": 40}, ["this version cannot show this message"]),
        ({"outgoing": True, "state": "queued", "corrected": "queued"}, ["corrected: queued", "queued"]),
    ],
)
def test_what_is_known_beside_what_a_line_says(known: dict[str, Any], marks: list[str]) -> None:
    assert line_marks(message("1", "hi", **known)) == marks


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        ({"id": "2", "from": "bob", "text": "at\neight?"}, "[re bob: at⏎eight?] "),
        ({"id": "2", "from": "bob", "text": ""}, "[re bob: a message without text] "),
        ({"id": "2", "from": "bob", "text": "", "withdrawn": True}, "[re bob: a withdrawn message] "),
        ({"id": None, "from": None, "text": None}, "[re a message that is not here] "),
    ],
)
def test_a_reply_says_what_it_answers(answered: dict[str, Any], words: str) -> None:
    line = message("1", "fine", sender="bob", reply_to=answered)
    assert message_line(line).endswith(f"bob: {words}fine")
    assert "fine" in markdown_line(line) and "re" in markdown_line(line)


def test_a_line_that_says_nothing_says_why() -> None:
    assert message_line(message("1", "", sender="bob", withdrawn="delivered")).endswith("bob:  [withdrawn]")
    assert markdown_line(message("1", "", withdrawn="delivered")).endswith("*withdrawn*")


def test_what_was_said_of_a_message_is_a_sentence() -> None:
    line = message("1", "at nine", sender="bob")
    told: list[Any] = [
        extended(line, ReactionEvent, by="bob", sign="👍"),
        extended(line, ReactionEvent, by="bob", sign=""),
        extended(line, CorrectedEvent, by="bob"),
        extended(line.with_changes(text=""), WithdrawnEvent, by="bob"),
        line,
    ]
    assert [reference_line(event) for event in told] == [
        "bob reacted 👍 to: at nine",
        "bob took back the reaction to: at nine",
        "bob corrected a message; it says now: at nine",
        "bob withdrew a message",
        None,
    ]


def test_no_sign_moves_the_cursor() -> None:
    line = message("1", "hi", reactions=[{**LIKED, "sign": "\x1b[2J\n"}])
    assert line_marks(line) == ["␛[2J⏎ bob"]

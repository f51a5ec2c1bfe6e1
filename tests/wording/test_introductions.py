"""What people read about introductions."""

from __future__ import annotations

import pytest

from p2pchat.control.introductions import IntroductionEvent
from p2pchat.wording.introductions import introduction_line, meeting
from tests.support.fake_node import contact

IN_ROOM = {"room": "#friends", "by": "ana"}


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"how": "words"}, "by an invite's words"),
        ({"how": "link"}, "by an invite's link"),
        ({"how": "later"}, "later"),
        (
            {"how": "room", "through_room": "#friends", "introduced_by": "ana"},
            "met through #friends, brought by ana",
        ),
        ({"how": "room", "through_room": "#friends"}, "met through #friends"),
        ({"how": "friend", "introduced_by": "ivo"}, "introduced by ivo"),
    ],
)
def test_how_one_met(how: dict[str, object], words: str) -> None:
    assert meeting(contact("bob", **how)) == words


@pytest.mark.parametrize(
    ("change", "rest", "words"),
    [
        (
            "requested",
            IN_ROOM,
            (
                "dora (through #friends, brought by ana) wants to be a contact of yours. To agree:  "
                "p2pchat contacts accept dora"
            ),
        ),
        ("made", {"room": "#friends"}, "dora (through #friends) is asked to be a contact of yours"),
        ("agreed", {"by": "ivo"}, "you agree to be a contact of dora (introduced by ivo)"),
        (
            "completed",
            {"by": "ivo", "contact": "dora"},
            "dora is a contact of yours now (introduced by ivo). Compare the safety number with dora",
        ),
        ("declined", IN_ROOM, "dora declines"),
        ("expired", IN_ROOM, "the request about dora was not answered in two weeks"),
        ("later", IN_ROOM, "dora: later"),
        ("made", {"other": "eve"}, "dora and eve are asked whether they want to be contacts"),
        ("agreed", {"other": "eve", "contact": "eve"}, "eve agrees to be introduced (dora and eve)"),
        ("completed", {"other": "eve"}, "dora and eve are contacts now"),
        ("declined", {"other": "eve", "contact": "eve"}, "eve does not want to be introduced (dora and eve)"),
        ("void", {"other": "eve"}, "nothing comes of the introduction of dora and eve"),
    ],
)
def test_each_change_has_its_sentence(change: str, rest: dict[str, str], words: str) -> None:
    assert introduction_line(IntroductionEvent(name="dora", change=change, **rest)) == words

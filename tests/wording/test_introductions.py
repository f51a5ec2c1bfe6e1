"""What people read about introductions."""

from __future__ import annotations

import pytest

from p2pchat.control.introductions import IntroductionEvent, IntroductionInfo
from p2pchat.wording.introductions import introduction_line, introduction_request, introduction_row, meeting
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
                "through #friends, brought by ana: dora wants to be a contact of yours. To agree:  "
                "p2pchat contacts accept dora"
            ),
        ),
        ("made", {"room": "#friends"}, "through #friends: dora is asked to be a contact of yours"),
        ("agreed", {"by": "ivo"}, "introduced by ivo: you agree to be a contact of dora"),
        (
            "completed",
            {"by": "ivo", "contact": "dora"},
            "introduced by ivo: dora is a contact of yours now. Compare the safety number with dora",
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


def test_a_name_cannot_pretend_who_introduces() -> None:
    name = "bob (introduced by alice)"
    asks = introduction_request(name, None, "mallory")
    info = IntroductionInfo(
        name=name,
        id="00",
        state="requested",
        room=None,
        by="mallory",
        agreed=[],
        since="2026-01-01T00:00:00Z",
    )
    assert asks.startswith("introduced by mallory: bob")
    assert introduction_row(info).split(maxsplit=2)[2].startswith("introduced by mallory: bob")
    for change in ("requested", "made", "agreed", "completed"):
        line = introduction_line(IntroductionEvent(name=name, change=change, by="mallory"))
        assert line.startswith("introduced by mallory: ")

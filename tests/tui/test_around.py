"""The lines around the talk say whole sentences at any width."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from p2pchat.chat.counterparts import Person
from p2pchat.control.answers import MembershipInfo
from p2pchat.core.membership.unreached import Unreached
from p2pchat.daemon.reach import no_way
from p2pchat.tui import around
from p2pchat.types import NodeId
from p2pchat.wire.description import Nat
from p2pchat.wording.exposure import hidden_in_short
from tests.support.fake_node import contact, mesh_status, stemless_status

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SMALL = mesh_status(crowd=2, stem={"hops": 1, "state": "none", "drawn": 1, "by_contact": False})
WHOLE = mesh_status(crowd=31)
SHORT = mesh_status(crowd=4, stem={"hops": 3, "state": "short", "drawn": 1, "by_contact": False})
BROADCAST = stemless_status()


@pytest.mark.parametrize("mesh", [SMALL, WHOLE, SHORT, BROADCAST])
def test_the_status_line_cuts_no_sentence_and_always_counts_what_is_unread(mesh: MembershipInfo) -> None:
    hidden = hidden_in_short([mesh])
    state = around.State(links=5, hidden=hidden, waiting=3, unread=14)
    for width in range(10, 130):
        line = around.status(state, width).plain
        assert len(line) <= width
        assert line.endswith("14 unread")
        said = line.removesuffix("14 unread").strip()
        assert not said or set(said.split(" · ")) <= {"5 links", "3 on the way", *hidden}


def test_privacy_is_said_for_the_mesh_that_hides_least() -> None:
    assert hidden_in_short([]) == ("", "")
    assert hidden_in_short([WHOLE])[0] == "hidden among 31 computers"
    assert hidden_in_short([WHOLE, SHORT])[0] == "hidden among 4 computers: few"
    assert hidden_in_short([WHOLE, SMALL]) == (
        "who writes is not hidden: only 2 computers in the mesh",
        "not hidden",
    )


def test_trouble_comes_first_and_zeroes_are_left_out() -> None:
    line = around.status(around.State(links=0, trouble="the node has stopped"), 80).plain
    assert line == "! the node has stopped  no links"


REASON = no_way([Unreached(NodeId(b"n" * 8), 1.0, Nat.SYMMETRIC, Nat.CONE, relayed=False)])
"""The longest there is."""


@pytest.mark.parametrize("width", [78, 58, 38])
def test_a_reason_that_does_not_fit_beside_the_rest_has_lines_of_its_own(width: int) -> None:
    rows = around.status(around.State(links=1, trouble=REASON, unread=3), width, 8).plain.split("\n")
    assert {len(row) for row in rows} == {width}
    assert " ".join(row.strip() for row in rows[:-1]) == f"! {REASON}"
    assert rows[-1].startswith("1 link ") and rows[-1].endswith("3 unread")


def test_where_there_is_no_room_for_the_reason_the_key_that_shows_it_is_named() -> None:
    line = around.status(around.State(links=1, trouble=REASON, unread=3), 78, 3).plain
    assert len(line) == 78
    assert line.startswith("! no way between your two networks: ")
    assert line.endswith("… F4: all  3 unread")


def test_keys_are_whole_and_help_and_leaving_are_never_missing() -> None:
    for width in range(20, 140):
        line = around.writing_keys(width).plain
        assert len(line) <= width
        assert line.startswith("F1 help")
        assert line.endswith("^Q leave")


def test_all_keys_are_shown_where_there_is_room() -> None:
    assert "F7 verify  F8 mute  F9 block" in around.writing_keys(140).plain


def test_everyone_is_listed_with_what_is_known() -> None:
    from rich.console import Console

    people = [Person(contact("ana", verified=True)), Person(contact("bob", here=False, muted=True))]
    console = Console(width=80)
    with console.capture() as shown:
        console.print(around.everyone(people, True, NOW))
    assert [line.split() for line in shown.get().splitlines()] == [
        ["ana", "here", "·", "verified"],
        ["bob", "away", "·", "not", "verified", "·", "muted"],
    ]
    with console.capture() as shown:
        console.print(around.everyone(people, False, NOW))
    assert shown.get().count("no link") == 2


@pytest.mark.parametrize("linked", [True, False])
def test_a_fact_that_does_not_fit_into_the_title_is_left_out_as_a_whole(linked: bool) -> None:
    person = Person(contact("bob", here=True, muted=True))
    whole = around.title(person, linked, NOW, 200).plain
    facts = whole.removeprefix("bob  ").split(" · ")
    assert facts == [PRESENCE[linked], "not verified: F7", "muted: F8"]
    for width in range(3, 80):
        line = around.title(person, linked, NOW, width).plain
        assert len(line) <= width
        assert line.startswith("bob")
        assert line == "bob" or set(line.removeprefix("bob  ").split(" · ")) <= {"no link", *facts}
    assert around.title(person, linked, NOW, len(whole)).plain == whole
    assert around.title(person, False, NOW, 54).plain == "bob  no link · not verified: F7 · muted: F8"


PRESENCE = {True: "here", False: "no link: here or away is not known"}

"""What is noted of a contact when its session changes."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.messaging.outputs import RetentionDecided
from p2pchat.core.messaging.roster import Roster
from p2pchat.core.session.turns import Turn
from p2pchat.core.values.effects import Notify, Persist, SessionTurned
from p2pchat.core.values.records import Contact, Trust
from p2pchat.types import ContactId, MeshId

BOB = Contact(ContactId("b"), "bob", b"k", MeshId(b"m"), "words", 1.0, Trust(verified=True))


@pytest.fixture
def roster() -> Roster:
    return Roster(ContactTable([BOB]))


def noted(roster: Roster) -> Contact:
    known = roster.contacts.get(BOB.id)
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("turn", "waiting", "standing"),
    [(Turn.LOST, 0, "lost"), (Turn.RENEWED, 0, ""), (Turn.RENEWED, 2, "held"), (Turn.RIVALS, 2, "rivals")],
)
def test_a_turn_of_the_session_is_noted_and_told(
    roster: Roster, turn: Turn, waiting: int, standing: str
) -> None:
    *_, told = roster.note_turn(BOB.id, turn, waiting)
    assert told == Notify(SessionTurned(BOB.id, turn.value, waiting))
    assert noted(roster).standing == standing
    assert noted(roster).trust.verified is (turn is not Turn.RIVALS)


def test_what_the_person_knows_stands_no_longer_but_for_what_that_does_not_end(roster: Roster) -> None:
    roster.note_turn(BOB.id, Turn.LOST, 0)
    assert roster.settle_standing(BOB.id, but=("lost",)) == []
    assert roster.settle_standing(BOB.id, but=()) and noted(roster).standing == ""


def test_records_of_removed_contacts_do_not_come_back(roster: Roster) -> None:
    assert any(isinstance(effect, Persist) for effect in roster.remove_contact(BOB.id))
    assert roster.note_retention(BOB.id, RetentionDecided(60.0, 1, by_them=True)) == []
    assert roster.note_renewed(BOB.id, b"t", 1.0) == [] and roster.contacts.all() == ()

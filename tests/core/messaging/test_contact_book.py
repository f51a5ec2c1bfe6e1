"""What is noted of a contact when its session changes."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.contact_book import ContactBook
from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.messaging.outputs import RetentionDecided
from p2pchat.core.session.turns import Turn
from p2pchat.core.values.effects import Notify, Persist, SessionTurned
from p2pchat.core.values.records import Contact, Trust
from p2pchat.types import ContactId, MeshId

BOB = Contact(ContactId("b"), "bob", b"k", MeshId(b"m"), "words", 1.0, Trust(verified=True))


@pytest.fixture
def contact_book() -> ContactBook:
    return ContactBook(ContactTable([BOB]))


def noted(contact_book: ContactBook) -> Contact:
    known = contact_book.contacts.get(BOB.id)
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("turn", "waiting", "standing"),
    [(Turn.LOST, 0, "lost"), (Turn.RENEWED, 0, ""), (Turn.RENEWED, 2, "held"), (Turn.RIVALS, 2, "rivals")],
)
def test_a_turn_of_the_session_is_noted_and_told(
    contact_book: ContactBook, turn: Turn, waiting: int, standing: str
) -> None:
    *_, told = contact_book.note_turn(BOB.id, turn, waiting)
    assert told == Notify(SessionTurned(BOB.id, turn.value, waiting))
    assert noted(contact_book).standing == standing
    assert noted(contact_book).trust.verified is (turn is not Turn.RIVALS)


def test_what_the_person_knows_stands_no_longer_but_for_what_that_does_not_end(
    contact_book: ContactBook,
) -> None:
    contact_book.note_turn(BOB.id, Turn.LOST, 0)
    assert contact_book.settle_standing(BOB.id, but=("lost",)) == []
    assert contact_book.settle_standing(BOB.id, but=()) and noted(contact_book).standing == ""


def test_records_of_removed_contacts_do_not_come_back(contact_book: ContactBook) -> None:
    assert any(isinstance(effect, Persist) for effect in contact_book.remove_contact(BOB.id))
    assert contact_book.note_retention(BOB.id, RetentionDecided(60.0, 1, by_them=True)) == []
    assert contact_book.note_renewed(BOB.id, b"t", 1.0) == [] and contact_book.contacts.list_contacts() == ()

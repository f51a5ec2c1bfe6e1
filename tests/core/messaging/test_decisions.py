"""A person's decisions about a contact without a session yet, or about an unknown one."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.contact_book import ContactBook
from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.messaging.decisions import Decisions
from p2pchat.core.messaging.dispatcher import Dispatcher
from p2pchat.core.messaging.routes import Routes
from p2pchat.core.values import user_inputs
from p2pchat.core.values.records import Contact
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, MeshId

BOB = Contact(ContactId("b"), "bob", b"k", MeshId(b"m"), "words", 1.0)


@pytest.fixture
def contact_book() -> ContactBook:
    return ContactBook(ContactTable([BOB]))


@pytest.fixture
def decisions(contact_book: ContactBook) -> Decisions:
    return Decisions(contact_book, Dispatcher(contact_book, Routes(), SeededEntropy(1)))


def test_nothing_is_decided_about_an_unknown_contact(decisions: Decisions) -> None:
    wish = user_inputs.ContactMuted(ContactId("x"), True)
    assert decisions.change_contact(wish, 1.0) == [Rejected(Reason.NO_SUCH_CONTACT)]


def test_what_concerns_the_record_alone_needs_no_conversation(
    contact_book: ContactBook, decisions: Decisions
) -> None:
    for wish in (
        user_inputs.ContactRenamed(BOB.id, "bert"),
        user_inputs.ContactMuted(BOB.id, True),
        user_inputs.ContactBlocked(BOB.id, True),
    ):
        assert decisions.change_contact(wish, 1.0)
    (bert,) = contact_book.contacts.list_contacts()
    assert (bert.name, bert.preferences.muted, bert.blocked) == ("bert", True, True)
    assert decisions.change_contact(user_inputs.ContactRenewed(BOB.id), 1.0) == []
    assert (
        decisions.change_contact(user_inputs.ContactRemoved(BOB.id), 1.0)
        and contact_book.contacts.list_contacts() == ()
    )

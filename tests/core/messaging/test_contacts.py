"""Names are unique, and every change is kept and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from p2pchat.core.messaging.contacts import ContactTable
from p2pchat.core.values.changes import DropContact, PutContact
from p2pchat.core.values.effects import ContactChanged, Effect, Notify, Persist
from p2pchat.core.values.records import Contact, ConversationPreferences, Trust
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.types import ContactId, MeshId

BOB = Contact(ContactId("b"), "bob", b"k", MeshId(b"m"), "words", 1.0)


def test_a_taken_name_gets_a_number_in_any_case_of_letters() -> None:
    contacts = ContactTable([BOB])
    for number, name in ((2, "bob"), (3, "BOB"), (4, "bob")):
        added, _ = contacts.add(replace(BOB, id=ContactId(str(number)), name=name))
        assert added.name == f"{name}-{number}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café", "cafe\u0301"),
        ("bob", "b\u043eb"),  # a Cyrillic o
        ("bob", "b\ufe0fob"),
        ("bob", "\uff22\uff2f\uff22"),
        ("Paul", "Pau1"),
        ("Ian", "lan"),
        ("\u0401\u0432\u0430", "E\u0308\u0432\u0430"),
        ("\u2800", "\u3164"),
        ("\u0391\u039d\u039d\u0391", "Anna"),
    ],
)
def test_a_name_that_looks_like_another_gets_a_number_too(one: str, other: str) -> None:
    contacts = ContactTable([replace(BOB, name=one)])
    assert contacts.add(replace(BOB, id=ContactId("2"), name=other))[0].name == f"{other}-2"


@pytest.mark.parametrize("name", ["alice", "Alice", "al\u0456ce", "me", "ME"])
def test_no_contact_gets_the_name_under_which_our_own_lines_are_shown(name: str) -> None:
    contacts = ContactTable([BOB], "alice")
    assert contacts.add(replace(BOB, id=ContactId("2"), name=name))[0].name == f"{name}-2"
    assert contacts.set_name(BOB, name) == [Rejected(Reason.NAME_IS_OURS)]
    assert contacts.get(BOB.id) == BOB
    contacts.set_own_name("carol")
    assert contacts.add(replace(BOB, id=ContactId("4"), name="carol"))[0].name == "carol-2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob", "b\u043eb-2"),
        ("René", "Rene"),
        ("太郎", "太朗"),
        ("\u0410\u043d\u043d\u0430", "\u0418\u043d\u043d\u0430"),
    ],
)
def test_names_that_can_be_told_apart_stay(one: str, other: str) -> None:
    contacts = ContactTable([replace(BOB, name=one)])
    assert contacts.add(replace(BOB, id=ContactId("2"), name=other))[0].name == other


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("EVE", Rejected(Reason.NAME_TAKEN, "eve")),
        ("\u0435ve", Rejected(Reason.NAME_TAKEN, "eve")),
        ("-eve", Rejected(Reason.NAME_MALFORMED)),
        ("", Rejected(Reason.NAME_MALFORMED)),
    ],
)
def test_no_contact_is_renamed_to_another_s_name_or_an_impossible_one(name: str, refused: Rejected) -> None:
    contacts = ContactTable([BOB, replace(BOB, id=ContactId("e"), name="eve")])
    assert contacts.set_name(BOB, name) == [refused]
    assert contacts.get(BOB.id) == BOB


def test_pairing_again_keeps_all_that_was_decided_about_a_contact() -> None:
    wanted = ConversationPreferences(True, 60.0, 3)
    decided = replace(BOB, name="robert", trust=Trust(True), preferences=wanted, blocked=True)
    contacts = ContactTable([decided])
    anew = replace(BOB, mesh=MeshId(b"n"), how="link", added_at=9.0)
    assert contacts.add(anew)[0] == replace(decided, mesh=MeshId(b"n"), how="link")
    assert len(contacts.list_contacts()) == 1


def test_each_change_is_persisted_and_reported() -> None:
    contacts = ContactTable([BOB])
    changes: list[tuple[Callable[[], list[Effect]], ContactChanged]] = [
        (lambda: contacts.set_name(BOB, "bert"), ContactChanged(replace(BOB, name="bert"), "renamed")),
        (
            lambda: contacts.set_verified(BOB, True),
            ContactChanged(replace(BOB, trust=Trust(True)), "verified"),
        ),
        (lambda: contacts.set_verified(BOB, False), ContactChanged(BOB, "unverified")),
        (lambda: contacts.set_blocked(BOB, True), ContactChanged(replace(BOB, blocked=True), "blocked")),
        (lambda: contacts.set_blocked(BOB, False), ContactChanged(BOB, "unblocked")),
    ]
    for change, expected in changes:
        assert change() == [Persist(PutContact(expected.contact)), Notify(expected)]
    assert contacts.set_name(BOB, "bob")[0] == Persist(PutContact(BOB))  # one's own name is not taken
    assert contacts.remove(BOB) == [Persist(DropContact(BOB.id)), Notify(ContactChanged(BOB, "removed"))]
    assert contacts.get(BOB.id) is None


def test_a_session_that_begins_anew_takes_trust_back_and_changes_no_preference() -> None:
    wanted = ConversationPreferences(True, 60.0, 3)
    known = replace(BOB, trust=Trust(verified=True), preferences=wanted)
    contacts = ContactTable([known])
    contacts.note_new_session(known, b"transcript", 9.0)
    renewed = contacts.get(BOB.id)
    assert renewed is not None
    assert renewed.trust == Trust(False, True, 9.0, b"transcript")
    assert renewed.preferences == wanted


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("#friends", "friends"),
        ("##friends", "friends"),
        ("\uff03friends", "friends"),
        ("\ufe5ffriends", "friends"),
        ("\u266ffriends", "friends"),
        ("\u200b#friends", "friends"),
        ("# #friends", "friends"),
        ("#-rf", "rf"),
        ("#", "someone"),
        ("bob#2", "bob#2"),
    ],
)
def test_no_contact_gets_a_name_like_a_room_s(name: str, given: str) -> None:
    contacts = ContactTable([])
    assert contacts.add(replace(BOB, id=ContactId("2"), name=name))[0].name == given
    assert contacts.add(replace(BOB, id=ContactId("3"), name=name))[0].name == f"{given}-2"

"""To whom words are said."""

from __future__ import annotations

from p2pchat.core.introductions.outputs import IntroductionSurroundings, drop, keep
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.values.effects import Persist
from p2pchat.core.values.introductions import DropIntroduction, MediationRecord, PutIntroduction
from p2pchat.core.values.records import Contact
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, IntroductionId, MeshId
from p2pchat.wire.introductions import IntroductionAgreed, IntroductionWord
from tests.support.homes import identity

ID = IntroductionId(bytes(16))
BOB = Contact(ContactId("b" * 64), "bob", b"b" * 32, MeshId(bytes(16)), "words", 1.0)
EVE = Contact(ContactId("e" * 64), "eve", b"e" * 32, MeshId(bytes(16)), "words", 1.0, blocked=True)


def test_nothing_is_said_to_whom_one_has_blocked_or_does_not_know() -> None:
    said: list[ContactId] = []

    def tell(contact: ContactId, word: IntroductionWord, now: float) -> list[Routed]:
        said.append(contact)
        return []

    contacts = {one.id: one for one in (BOB, EVE)}
    around = IntroductionSurroundings(
        None,  # type: ignore[arg-type]
        contacts.get,
        tell,
        lambda mesh: mesh,
        identity,
        SeededEntropy(1),
    )
    for to in (BOB.id, EVE.id, ContactId("0" * 64)):
        around.tell_word(to, IntroductionAgreed(ID), 1.0)
    assert said == [BOB.id]


def test_a_record_is_kept_under_its_id_and_forgotten_by_it() -> None:
    record = MediationRecord(ID, BOB.id, EVE.id, 1.0)
    kept = keep(record)
    assert isinstance(kept.change, PutIntroduction) and kept.change.id == ID
    assert drop(ID) == Persist(DropIntroduction(ID))

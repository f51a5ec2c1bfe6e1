"""Introductions that this home makes of two of its contacts.

Knows: what is passed on, and when. Does not know: the keys of the two: what they make of what it passes on.

::

    made ──keys of the host, word of the guest, in any order──> agreed ──answer──> answered ──welcome──> met
      └──either declines, two weeks pass, either goes──> over, and the other is told
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from p2pchat.core.introductions.outputs import TURNS, IntroductionSurroundings, drop, keep, notify
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.values.introductions import IntroductionTurn, MediationRecord
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.errors import Malformed
from p2pchat.types import ContactId, IntroductionId
from p2pchat.wire.introductions import (
    IntroductionAgreed,
    IntroductionAnswer,
    IntroductionAsk,
    IntroductionEnd,
    IntroductionEnded,
    IntroductionKeys,
    IntroductionWelcome,
    IntroductionWord,
    decode_word,
    encode_word,
)

MEDIATIONS_MAX: Final = 64
"""Under way at once."""

LIVES_S: Final = 14 * 86_400.0
"""As long as a message waits to be acknowledged."""

_TURNS: Final = {**TURNS, IntroductionEnd.WITHDRAWN: IntroductionTurn.DECLINED}
"""To who introduces two, one that takes its word back declines."""


class Mediations:
    """All of this home's. Each method returns what is to be done."""

    def __init__(self, records: Iterable[MediationRecord], around: IntroductionSurroundings) -> None:
        self._records = {record.id: record for record in records}
        self._around = around

    def list_records(self) -> list[MediationRecord]:
        """All that are under way."""
        return list(self._records.values())

    def has_party(self, contact: ContactId, id: IntroductionId) -> bool:
        """Whether a word of a contact's is of an introduction that we have made."""
        record = self._records.get(id)
        return record is not None and contact in (record.host, record.guest)

    # --- what the person wants

    def introduce_contacts(self, one: ContactId, other: ContactId, now: float) -> list[Routed]:
        """Ask two contacts whether they shall be contacts of each other."""
        refused = self._refuse(one, other)
        if refused is not None:
            return [Rejected(refused)]
        id, seed = (IntroductionId(self._around.entropy.draw_bytes(16)), self._around.entropy.draw_bytes(32))
        record = MediationRecord(id, one, other, now)
        self._records[id] = record
        host, guest = self._around.find_contact(one), self._around.find_contact(other)
        assert host is not None and guest is not None, "both were looked at"
        return [
            keep(record),
            notify(record, IntroductionTurn.MADE),
            *self._around.tell_word(one, IntroductionAsk(id, now, True, seed, guest.name), now),
            *self._around.tell_word(other, IntroductionAsk(id, now, False, seed, host.name), now),
        ]

    def _refuse(self, one: ContactId, other: ContactId) -> Reason | None:
        contacts = [self._around.find_contact(who) for who in (one, other)]
        known = [contact for contact in contacts if contact is not None]
        if len(known) < 2:
            return Reason.NO_SUCH_CONTACT
        if one == other:
            return Reason.SAME_PERSON
        if any(contact.blocked for contact in known):
            return Reason.CONTACT_BLOCKED
        meshes = {self._around.find_mesh(contact.mesh) for contact in known}
        if len(meshes) > 1 or None in meshes:
            return Reason.IN_TWO_MESHES
        if any({record.host, record.guest} == {one, other} for record in self._records.values()):
            return Reason.REQUESTED_ALREADY
        return Reason.INTRODUCTIONS_FULL if len(self._records) >= MEDIATIONS_MAX else None

    def withdraw_mediation(self, id: IntroductionId, now: float) -> list[Routed] | None:
        """Take one back; None: it is none of these."""
        record = self._records.get(id)
        if record is None:
            return None
        if record.answered:
            return [Rejected(Reason.KEYS_EXCHANGED)]
        return self._end(record, IntroductionEnd.WITHDRAWN, IntroductionTurn.WITHDRAWN, now)

    # --- what the two say

    def take_word(self, contact: ContactId, word: IntroductionWord, now: float) -> list[Routed]:
        """One of the two says something."""
        record = self._records[word.id]
        by_host = contact == record.host
        match word:
            case IntroductionKeys() if by_host and not record.keys and not record.answered:
                return self._agree(replace(record, keys=encode_word(word)), contact, now)
            case IntroductionAgreed() if not by_host and not record.agreed:
                return self._agree(replace(record, agreed=True), contact, now)
            case IntroductionAnswer() if not by_host and record.agreed and record.keys:
                passed = replace(record, answered=True, keys=b"")
                self._records[record.id] = passed
                return [keep(passed), *self._around.tell_word(record.host, word, now)]
            case IntroductionWelcome() if by_host and record.answered:
                del self._records[record.id]
                passed_on = self._around.tell_word(record.guest, word, now)
                return [drop(record.id), *passed_on, notify(record, IntroductionTurn.COMPLETED)]
            case IntroductionEnded(end=end):
                del self._records[record.id]
                told = self._around.tell_word(record.guest if by_host else record.host, word, now)
                return [drop(record.id), *told, notify(record, _TURNS[end], contact)]
            case _:
                return []

    def _agree(self, record: MediationRecord, contact: ContactId, now: float) -> list[Routed]:
        """Neither gets the other's keys before both have agreed."""
        self._records[record.id] = record
        results: list[Routed] = [keep(record), notify(record, IntroductionTurn.AGREED, contact)]
        if record.agreed and record.keys:
            word = decode_word(record.keys)
            assert word is not None, "it was a word when it was kept"
            results += self._around.tell_word(record.guest, word, now)
        return results

    # --- what happens

    def forget_contact(self, contact: ContactId, now: float) -> list[Routed]:
        """A contact was blocked or removed: nothing comes of what it was introduced to."""
        results: list[Routed] = []
        for record in [one for one in self._records.values() if contact in (one.host, one.guest)]:
            results += self._end(record, IntroductionEnd.VOID, IntroductionTurn.VOID, now)
        return results

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min((record.at + LIVES_S for record in self._records.values()), default=NEVER)

    def tick(self, now: float) -> list[Routed]:
        """End what is too old."""
        results: list[Routed] = []
        for record in [one for one in self._records.values() if one.at + LIVES_S <= now]:
            results += self._end(record, IntroductionEnd.WITHDRAWN, IntroductionTurn.EXPIRED, now)
        return results

    def _end(
        self, record: MediationRecord, end: IntroductionEnd, turn: IntroductionTurn, now: float
    ) -> list[Routed]:
        del self._records[record.id]
        word = IntroductionEnded(record.id, end)
        told = [
            *self._around.tell_word(record.host, word, now),
            *self._around.tell_word(record.guest, word, now),
        ]
        return [drop(record.id), *told, notify(record, turn)]


def check_kept(record: MediationRecord) -> None:
    """Raise Malformed on keys that cannot have been kept."""
    if record.keys and not isinstance(decode_word(record.keys), IntroductionKeys):
        raise Malformed("keys of an introduction that are none")

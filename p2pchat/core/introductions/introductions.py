"""All introductions of this home: those to which it is a party, and those that it makes.

Knows: which of the two a word or a wish concerns. Does not know: what follows in either. Parent of
``parties`` and ``mediations``.
"""

from __future__ import annotations

from collections import Counter
from typing import assert_never

from p2pchat.core.introductions.kept import decode_record
from p2pchat.core.introductions.ledger import IntroductionLedger
from p2pchat.core.introductions.mediations import Mediations, check_kept
from p2pchat.core.introductions.outputs import IntroductionOutput, IntroductionSurroundings, drop
from p2pchat.core.introductions.parties import Parties
from p2pchat.core.messaging.outputs import IntroductionReported
from p2pchat.core.values.introductions import (
    ContactRequested,
    ContactsIntroduced,
    ForIntroductions,
    IntroductionAnswered,
    IntroductionRecord,
    IntroductionWithdrawn,
    MediationRecord,
    MemberOf,
)
from p2pchat.core.values.records import Memory
from p2pchat.errors import RefusedInput
from p2pchat.types import ContactId


class Introductions:
    """Each method returns what is to be done, in order."""

    def __init__(self, memory: Memory, around: IntroductionSurroundings, counters: Counter[str]) -> None:
        """A home that was put back to a copy forgets them: the others may be further on."""
        parties: list[IntroductionRecord] = []
        mediations: list[MediationRecord] = []
        self._dropped: list[IntroductionOutput] = []
        for state in memory.introductions:
            try:
                record = decode_record(state)
                if memory.set_back:
                    self._dropped.append(drop(record.id))
                elif isinstance(record, MediationRecord):
                    check_kept(record)
                    mediations.append(record)
                else:
                    parties.append(record)
            except RefusedInput:
                counters["introductions not restored"] += 1
        self._ledger = IntroductionLedger(parties, around)
        self._parties = Parties(self._ledger)
        self._mediations = Mediations(mediations, around)

    def list_introductions(self) -> tuple[IntroductionRecord | MediationRecord, ...]:
        """All that are not over, the oldest first."""
        records: list[IntroductionRecord | MediationRecord] = [
            *self._ledger.list_open(),
            *self._mediations.list_records(),
        ]
        return tuple(sorted(records, key=lambda record: (record.at, record.id)))

    def list_withdrawn(self) -> tuple[IntroductionRecord, ...]:
        """Questions to the person here that were taken back of late: it may still decline them."""
        return tuple(self._ledger.list_withdrawn())

    def start(self) -> list[IntroductionOutput]:
        """Forget on disk what is not gone on with."""
        return self._dropped

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min(self._parties.next_wakeup(), self._mediations.next_wakeup())

    def tick(self, now: float) -> list[IntroductionOutput]:
        """Do what is due."""
        if now < self.next_wakeup():
            return []
        return [*self._parties.tick(now), *self._mediations.tick(now)]

    def take_input(self, input: ForIntroductions, now: float) -> list[IntroductionOutput]:
        """Do what the person wants, or refuse it."""
        match input:
            case ContactRequested(room, member):
                return self._parties.request_contact(MemberOf(room, member), now)
            case ContactsIntroduced(one, other):
                return [*self._mediations.introduce_contacts(one, other, now)]
            case IntroductionAnswered(id, accept):
                return self._parties.answer_request(id, accept, now)
            case IntroductionWithdrawn(id):
                withdrawn = self._mediations.withdraw_mediation(id, now)
                return [*withdrawn] if withdrawn is not None else self._parties.withdraw_request(id, now)
        assert_never(input)

    def take_word(self, reported: IntroductionReported, now: float) -> list[IntroductionOutput]:
        """A member or a contact says something of an introduction."""
        source, word = reported.source, reported.word
        if not isinstance(source, MemberOf) and self._mediations.has_party(source, word.id):
            return [*self._mediations.take_word(source, word, now)]
        return self._parties.take_word(source, word, now)

    def forget_contact(self, contact: ContactId, now: float) -> list[IntroductionOutput]:
        """A contact was blocked or removed."""
        return [*self._parties.forget_contact(contact), *self._mediations.forget_contact(contact, now)]

    def follow_rooms(self) -> list[IntroductionOutput]:
        """Who is in a room has changed."""
        return self._parties.follow_rooms()

    def note_links(self, links: int, now: float) -> None:
        """So many links are up."""
        self._ledger.repeats.note_links(links > 0, now)

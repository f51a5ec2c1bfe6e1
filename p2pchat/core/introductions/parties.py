"""Introductions of the person here to others, by members of rooms themselves or by friends.

Knows: what follows from what the person and the others say. Does not know: rooms, sessions, or how a word
travels. Parent of ``ledger`` and ``key_exchange``.

::

    guest   waiting ──keys come──> answered ──welcome comes──> contacts
    host    open ──the person agrees──> keys sent ──answer comes──> contacts; in a room complete, to repeat it

In a room the guest asks and the host's person answers; if both ask, the question of the lower member id
counts. A friend asks both. Words in a room may be lost: the last one is said again, ever more seldom, until
something comes back. A friend's hands lose nothing.
"""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.introductions.key_exchange import KeyExchange
from p2pchat.core.introductions.ledger import IntroductionLedger
from p2pchat.core.introductions.outputs import TURNS, IntroductionOutput, notify
from p2pchat.core.values.introductions import (
    IntroductionRecord,
    IntroductionTurn,
    MemberOf,
    MemberPerson,
    Source,
    Stage,
)
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.text import person_name
from p2pchat.types import ContactId, IntroductionId
from p2pchat.wire.introductions import (
    IntroductionAnswer,
    IntroductionAsk,
    IntroductionEnd,
    IntroductionEnded,
    IntroductionKeys,
    IntroductionWelcome,
    IntroductionWord,
)


class Parties:
    """All of this home's. Each method returns what is to be done."""

    def __init__(self, ledger: IntroductionLedger) -> None:
        self._ledger = ledger
        self._around = ledger.around
        self._exchange = KeyExchange(ledger)

    # --- what the person wants

    def request_contact(self, source: MemberOf, now: float) -> list[IntroductionOutput]:
        """Ask a member, or agree where it has asked."""
        person = self._around.members.describe_member(source)
        if person is None:
            return [Rejected(Reason.NO_SUCH_MEMBER)]
        known = self._around.find_contact(person.contact) if person.contact is not None else None
        if known is not None:
            return [Rejected(Reason.CONTACT_BLOCKED if known.blocked else Reason.CONTACT_ALREADY, known.name)]
        before = self._ledger.find_of_member(source)
        if before is not None and before.stage is Stage.OPEN:
            return self._exchange.agree_to(before, now)
        if before is not None and before.stage.is_agreed:
            return [Rejected(Reason.REQUESTED_ALREADY)]
        if self._ledger.bounds.has_too_many_own():
            return [Rejected(Reason.INTRODUCTIONS_FULL)]
        forgotten = self._ledger.forget_record(before) if before is not None else []
        entropy = self._around.entropy
        id, seed = IntroductionId(entropy.draw_bytes(16)), entropy.draw_bytes(32)
        record = IntroductionRecord(id, source, person.name, now, Stage.WAITING, host=False, seed=seed)
        told = self._ledger.say_word(record, IntroductionAsk(id, now, True, seed), now)
        return [*forgotten, *told, notify(record, IntroductionTurn.MADE)]

    def answer_request(self, id: IntroductionId, accept: bool, now: float) -> list[IntroductionOutput]:
        """Agree, or decline."""
        record = self._ledger.find_record(id)
        if record is not None and record.stage is Stage.WITHDRAWN and not accept:
            return self._decline_withdrawn(record, now)
        if record is None or record.stage.is_final:
            return [Rejected(Reason.NO_SUCH_INTRODUCTION)]
        if record.stage is not Stage.OPEN:
            return [] if accept else self.withdraw_request(id, now)
        return self._exchange.agree_to(record, now) if accept else self._decline(record, now)

    def withdraw_request(self, id: IntroductionId, now: float) -> list[IntroductionOutput]:
        """Take back what the person has asked or agreed to. A guest that has answered may be a contact at the
        other end already, in a new session: then it is too late."""
        record = self._ledger.find_record(id)
        if record is None or not record.stage.is_agreed:
            return [Rejected(Reason.NO_SUCH_INTRODUCTION)]
        if record.stage is Stage.ANSWERED:
            return [Rejected(Reason.KEYS_EXCHANGED)]
        return self._ledger.end_record(record, IntroductionEnd.WITHDRAWN, IntroductionTurn.WITHDRAWN, now)

    def _decline(self, record: IntroductionRecord, now: float) -> list[IntroductionOutput]:
        """A declined member is not listened to for two weeks; a friend may ask some other day."""
        ended = self._ledger.end_record(record, IntroductionEnd.DECLINED, IntroductionTurn.DECLINED, now)
        if not isinstance(record.source, MemberOf):
            return ended
        return [*ended, *self._keep_declined(record, now)]

    def _decline_withdrawn(self, record: IntroductionRecord, now: float) -> list[IntroductionOutput]:
        """The answer to a question that was taken back meanwhile counts all the same."""
        kept = self._keep_declined(record, now) if isinstance(record.source, MemberOf) else []
        return [*kept, notify(record, IntroductionTurn.DECLINED)]

    def _keep_declined(self, record: IntroductionRecord, now: float) -> list[IntroductionOutput]:
        over = replace(record, stage=Stage.OVER, at=now, seed=bytes(32), quiet=False)
        return self._ledger.keep_record(over, now)

    # --- what the others say

    def take_word(self, source: Source, word: IntroductionWord, now: float) -> list[IntroductionOutput]:
        """A member, or a friend, says something of an introduction of ours."""
        if isinstance(word, IntroductionAsk):
            return self._take_ask(source, word, now)
        record = self._ledger.find_record(word.id)
        if record is None or record.source != source:
            if not isinstance(word, IntroductionKeys | IntroductionAnswer):
                return []
            return self._ledger.refuse_word(source, word.id, IntroductionEnd.VOID, now)
        match word:
            case IntroductionKeys() if record.stage is Stage.WAITING and not record.host:
                return self._exchange.take_keys(record, word, now)
            case IntroductionAnswer() if record.stage is Stage.KEYS_SENT:
                return self._exchange.take_answer(record, word, now)
            case IntroductionWelcome() if record.stage is Stage.ANSWERED:
                return self._exchange.take_welcome(record, word, now)
            case IntroductionEnded() if record.stage is Stage.OPEN:
                taken_back = replace(record, stage=Stage.WITHDRAWN, at=now, seed=bytes(32))
                told = [] if record.quiet else [notify(record, IntroductionTurn.WITHDRAWN)]
                return [*self._ledger.keep_record(taken_back, now), *told]
            case IntroductionEnded(end=end) if not record.stage.is_final:
                return [*self._ledger.forget_record(record), notify(record, TURNS[end])]
            case IntroductionKeys() | IntroductionAnswer():
                return self._ledger.repeat_for(record, now)
            case _:
                return []

    def _take_ask(self, source: Source, ask: IntroductionAsk, now: float) -> list[IntroductionOutput]:
        known = self._ledger.find_record(ask.id)
        if known is not None:
            return self._ledger.repeat_for(known, now) if known.source == source else []
        if not isinstance(source, MemberOf):
            before = self._ledger.find_withdrawn(source, person_name(ask.name))
            return self._ask_person(source, ask, ask.name, now, before)
        person = self._around.members.describe_member(source)
        if person is None or not ask.host or self._is_blocked(person):
            return []
        before = self._ledger.find_of_member(source)
        if before is None:
            return self._ask_person(source, ask, person.name, now)
        return self._take_another(before, source, ask, person, now)

    def _take_another(
        self,
        before: IntroductionRecord,
        source: MemberOf,
        ask: IntroductionAsk,
        person: MemberPerson,
        now: float,
    ) -> list[IntroductionOutput]:
        """A member asks with whom something is under way, or was."""
        ours_counts = before.stage is Stage.WAITING and person.own < source.member
        if before.stage is Stage.ANSWERED or ours_counts:
            return []
        if before.stage is Stage.OVER:
            return self._ledger.refuse_word(source, ask.id, IntroductionEnd.DECLINED, now)
        if before.stage is Stage.COMPLETE:
            return [*self._ledger.forget_record(before), *self._ask_person(source, ask, person.name, now)]
        if before.stage is Stage.WITHDRAWN:
            return self._ask_person(source, ask, person.name, now, before)
        if before.stage is not Stage.WAITING and not self._ledger.bounds.may_replace(before, now):
            return []
        anew = IntroductionRecord(
            ask.id, source, person.name, now, Stage.OPEN, True, ask.seed, quiet=before.quiet
        )
        forgotten = self._ledger.forget_record(before)
        if before.stage is Stage.OPEN:
            return [*forgotten, *self._ledger.keep_record(anew, now)]
        return [*forgotten, *self._exchange.agree_to(anew, now)]

    def _ask_person(
        self,
        source: Source,
        ask: IntroductionAsk,
        name: str,
        now: float,
        withdrawn: IntroductionRecord | None = None,
    ) -> list[IntroductionOutput]:
        """``withdrawn``: the question about the same person that was taken back of late."""
        if not name:
            return []
        bounds = self._ledger.bounds
        is_early = withdrawn is not None and not bounds.may_replace(withdrawn, now)
        if is_early or bounds.has_too_many_open(source, withdrawn):
            full = IntroductionEnded(ask.id, IntroductionEnd.FULL)
            is_member = isinstance(source, MemberOf)
            return [] if is_member else [*self._around.tell_word(source, full, now)]
        name, quiet = person_name(name), withdrawn is not None
        record = IntroductionRecord(ask.id, source, name, now, Stage.OPEN, ask.host, ask.seed, quiet=quiet)
        forgotten = self._ledger.forget_record(withdrawn) if withdrawn is not None else []
        told = [] if quiet else [notify(record, IntroductionTurn.REQUESTED)]
        return [*forgotten, *self._ledger.keep_record(record, now), *told]

    def _is_blocked(self, person: MemberPerson) -> bool:
        contact = self._around.find_contact(person.contact) if person.contact is not None else None
        return contact is not None and contact.blocked

    # --- what happens

    def forget_contact(self, contact: ContactId) -> list[IntroductionOutput]:
        """A friend was blocked or removed: nothing comes of its introductions."""
        gone = [record for record in self._ledger.list_records() if record.source == contact]
        return [
            result
            for record in gone
            for result in (
                *self._ledger.forget_record(record),
                *([] if record.stage.is_final else [notify(record, IntroductionTurn.VOID)]),
            )
        ]

    def follow_rooms(self) -> list[IntroductionOutput]:
        """Somebody has left a room, or we have: nothing comes of what was asked there."""
        results: list[IntroductionOutput] = []
        for record in self._ledger.list_records():
            source = record.source
            if isinstance(source, MemberOf) and self._around.members.describe_member(source) is None:
                results += self._ledger.forget_record(record)
                results += [] if record.stage.is_final else [notify(record, IntroductionTurn.VOID)]
        return results

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min(self._ledger.bounds.next_expiry(), self._ledger.repeats.next_wakeup())

    def tick(self, now: float) -> list[IntroductionOutput]:
        """Forget what is too old, and say again what was not answered."""
        results: list[IntroductionOutput] = []
        for record in self._ledger.bounds.list_expired(now):
            if record.stage.is_final:
                results += self._ledger.forget_record(record)
                continue
            end = IntroductionEnd.DECLINED if record.stage is Stage.OPEN else IntroductionEnd.WITHDRAWN
            results += self._ledger.end_record(record, end, IntroductionTurn.EXPIRED, now)
        for id in self._ledger.repeats.take_due(now):
            waiting = self._ledger.find_record(id)
            results += self._ledger.repeat_word(waiting, now) if waiting is not None else []
        return results

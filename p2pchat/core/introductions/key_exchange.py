"""The keys of two who agree: what each gives the other, and the contact that comes of it.

Knows: what follows from each word with keys, at both ends. Does not know: who is asked, or when. Parent of
``handshake``.
"""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.introductions.handshake import (
    Agreement,
    IntroducedSession,
    accept_answer,
    answer_keys,
    make_keys,
    take_welcome,
)
from p2pchat.core.introductions.ledger import IntroductionLedger
from p2pchat.core.introductions.outputs import IntroductionOutput, NewContact, notify
from p2pchat.core.values.introductions import IntroductionRecord, IntroductionTurn, MemberOf, Stage
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.olm import OlmAccount
from p2pchat.errors import Malformed, RefusedInput, StoreError
from p2pchat.types import MeshId
from p2pchat.wire.introductions import (
    IntroductionAgreed,
    IntroductionAnswer,
    IntroductionEnd,
    IntroductionKeys,
    IntroductionWelcome,
    decode_word,
    encode_word,
)


class KeyExchange:
    """Of one home. Each method returns what is to be done."""

    def __init__(self, ledger: IntroductionLedger) -> None:
        self._ledger = ledger
        self._around = ledger.around

    def agree_to(self, record: IntroductionRecord, now: float) -> list[IntroductionOutput]:
        """The person here agrees."""
        if self._ledger.bounds.has_too_many_own():
            return [Rejected(Reason.INTRODUCTIONS_FULL)]
        if record.host:
            word, secrets = make_keys(record.id, self._open_account(), self._around.entropy, now)
            agreed = replace(record, stage=Stage.KEYS_SENT, secrets=secrets, keys=encode_word(word))
            told = self._ledger.say_word(agreed, word, now)
        else:
            agreed = replace(record, stage=Stage.WAITING)
            told = self._ledger.say_word(agreed, IntroductionAgreed(record.id), now)
        return [*told, notify(agreed, IntroductionTurn.AGREED)]

    def take_keys(
        self, record: IntroductionRecord, word: IntroductionKeys, now: float
    ) -> list[IntroductionOutput]:
        """The host's keys come: answer them."""
        agreement = self._make_agreement(record)
        if agreement is None or self._is_blocked(word.identity):
            return self._end(record, IntroductionEnd.DECLINED, IntroductionTurn.VOID, now)
        if word.identity in record.rivals or self._find_answered(word.identity) is not None:
            return self._end(record, IntroductionEnd.VOID, IntroductionTurn.VOID, now)
        try:
            answer, secrets = answer_keys(agreement, word, self._open_account(), now)
        except RefusedInput:
            return self._end(record, IntroductionEnd.FAILED, IntroductionTurn.FAILED, now)
        answered = replace(record, stage=Stage.ANSWERED, keys=encode_word(word), secrets=secrets)
        return self._ledger.say_word(answered, answer, now)

    def take_answer(
        self, record: IntroductionRecord, word: IntroductionAnswer, now: float
    ) -> list[IntroductionOutput]:
        """The guest's answer comes: it is a contact. In a room the welcome may have to be said again."""
        agreement = self._make_agreement(record)
        if agreement is None or self._is_blocked(word.identity):
            return self._end(record, IntroductionEnd.DECLINED, IntroductionTurn.VOID, now)
        pickle_key, rival = self._around.identity().pickle_key, self._find_answered(word.identity)
        if word.identity in record.rivals or (rival is not None and rival.id < record.id):
            return self._end(record, IntroductionEnd.VOID, IntroductionTurn.VOID, now)
        try:
            keys = _read_keys(record)
            welcome, session = accept_answer(agreement, keys, record.secrets, word, pickle_key)
        except (RefusedInput, StoreError):
            return self._end(record, IntroductionEnd.FAILED, IntroductionTurn.FAILED, now)
        told = self._around.tell_word(record.source, welcome, now)
        dropped = self._ledger.forget_record(rival) if rival is not None else []
        if not isinstance(record.source, MemberOf):
            forgotten = [*dropped, *self._ledger.forget_record(record)]
            forgotten += self._ledger.note_rivals(record, word.identity)
            return [*forgotten, self._make_contact(record, session), *told]
        complete = replace(
            record,
            stage=Stage.COMPLETE,
            at=now,
            seed=bytes(32),
            secrets=b"",
            keys=b"",
            last_word=encode_word(welcome),
        )
        kept = [*dropped, *self._ledger.keep_record(complete, now)]
        kept += self._ledger.note_rivals(record, word.identity)
        return [*kept, self._make_contact(record, session), *told]

    def take_welcome(
        self, record: IntroductionRecord, word: IntroductionWelcome, now: float
    ) -> list[IntroductionOutput]:
        """The host's welcome comes: it is a contact."""
        agreement, pickle_key = self._make_agreement(record), self._around.identity().pickle_key
        if agreement is None:
            return self._end(record, IntroductionEnd.VOID, IntroductionTurn.VOID, now)
        try:
            session = take_welcome(agreement, _read_keys(record), record.secrets, word, pickle_key)
        except (RefusedInput, StoreError):
            return self._end(record, IntroductionEnd.FAILED, IntroductionTurn.FAILED, now)
        if self._is_blocked(session.identity):
            return self._end(record, IntroductionEnd.DECLINED, IntroductionTurn.VOID, now)
        forgotten = [*self._ledger.forget_record(record), *self._ledger.note_rivals(record, session.identity)]
        return [*forgotten, self._make_contact(record, session)]

    # --- within

    def _end(
        self, record: IntroductionRecord, end: IntroductionEnd, turn: IntroductionTurn, now: float
    ) -> list[IntroductionOutput]:
        return self._ledger.end_record(record, end, turn, now)

    def _open_account(self) -> OlmAccount:
        """A copy of our account, for one introduction: its one-time key goes with that."""
        identity = self._around.identity()
        return OlmAccount(identity.account, identity.pickle_key)

    def _find_answered(self, identity: bytes) -> IntroductionRecord | None:
        """Another introduction to the same person whose welcome is awaited. Two that cross would leave each
        end with another session: the guest answers one, and of two with the ends exchanged the lower id
        counts at both."""
        answered = (record for record in self._ledger.list_records() if record.stage is Stage.ANSWERED)
        return next((record for record in answered if _read_keys(record).identity == identity), None)

    def _is_blocked(self, identity: bytes) -> bool:
        contact = self._around.find_contact(fingerprint(identity))
        return contact is not None and contact.blocked

    def _make_agreement(self, record: IntroductionRecord) -> Agreement | None:
        """None where we, or the other, are not in the room any longer, or the friend is none."""
        source = record.source
        if not isinstance(source, MemberOf):
            known = self._around.find_contact(source) is not None
            return Agreement(record.seed, (b"friend", record.id)) if known else None
        person = self._around.members.describe_member(source)
        if person is None:
            return None
        ends = (person.own, source.member) if not record.host else (source.member, person.own)
        return Agreement(record.seed, (b"room", record.id, source.room.encode(), *ends))

    def _make_contact(self, record: IntroductionRecord, session: IntroducedSession) -> NewContact:
        mesh, room, by = self._find_meeting(record)
        how = "room" if isinstance(record.source, MemberOf) else "friend"
        return NewContact(session.as_paired(record.name, how, room, by), mesh, record)

    def _find_meeting(self, record: IntroductionRecord) -> tuple[MeshId, str, str]:
        """Where the other is reached, in which room we are, and who brought us together."""
        if isinstance(record.source, MemberOf):
            person = self._around.members.describe_member(record.source)
            assert person is not None, "there was an agreement"
            return person.mesh, person.room_name, person.by
        friend = self._around.find_contact(record.source)
        assert friend is not None, "there was an agreement"
        return self._around.find_mesh(friend.mesh) or friend.mesh, "", friend.name


def _read_keys(record: IntroductionRecord) -> IntroductionKeys:
    word = decode_word(record.keys)
    if not isinstance(word, IntroductionKeys):
        raise Malformed("an introduction without its keys")
    return word

"""The introductions to which the person here is a party, and their last words.

Knows: which there are, what is kept, said, and said again. Does not know: what follows from a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from p2pchat import looks
from p2pchat.core.introductions.bounds import IntroductionBounds
from p2pchat.core.introductions.kept import RIVALS_MAX
from p2pchat.core.introductions.outputs import (
    IntroductionOutput,
    IntroductionSurroundings,
    drop,
    keep,
    notify,
)
from p2pchat.core.introductions.repeats import WordRepeats
from p2pchat.core.values.introductions import (
    IntroductionRecord,
    IntroductionTurn,
    MemberOf,
    Source,
    Stage,
)
from p2pchat.types import ContactId, IntroductionId
from p2pchat.wire.introductions import (
    IntroductionEnd,
    IntroductionEnded,
    IntroductionWord,
    decode_word,
    encode_word,
)


class IntroductionLedger:
    """One home's. Each method that changes something returns what is to be done."""

    def __init__(self, records: Iterable[IntroductionRecord], around: IntroductionSurroundings) -> None:
        self.around = around
        self._records = {record.id: record for record in records}
        self.bounds = IntroductionBounds(self._records)
        self.repeats = WordRepeats(around.entropy.make_child("repeats"))
        for record in self._records.values():
            self._await_answer(record, 0.0)

    def list_records(self) -> list[IntroductionRecord]:
        """All of them."""
        return list(self._records.values())

    def list_open(self) -> list[IntroductionRecord]:
        """All that are not over."""
        return [record for record in self._records.values() if not record.stage.is_final]

    def find_record(self, id: IntroductionId) -> IntroductionRecord | None:
        """Find one."""
        return self._records.get(id)

    def find_of_member(self, source: MemberOf) -> IntroductionRecord | None:
        """Find the one with a member: there is one at most."""
        return next((record for record in self._records.values() if record.source == source), None)

    def list_withdrawn(self) -> list[IntroductionRecord]:
        """Those that were taken back of late."""
        return [record for record in self._records.values() if record.stage is Stage.WITHDRAWN]

    def find_withdrawn(self, friend: ContactId, name: str) -> IntroductionRecord | None:
        """Find the one about this person that a friend has taken back."""
        of_friend = (record for record in self.list_withdrawn() if record.source == friend)
        return next((record for record in of_friend if looks.alike(record.name, name)), None)

    # --- keeping

    def keep_record(self, record: IntroductionRecord, now: float) -> list[IntroductionOutput]:
        """Keep one as it is now."""
        self._records[record.id] = record
        dropped = [result for one in self.bounds.list_excess() for result in self.forget_record(one)]
        self._await_answer(record, now)
        return [*dropped, keep(record)]

    def forget_record(self, record: IntroductionRecord) -> list[IntroductionOutput]:
        """Forget one."""
        self._records.pop(record.id, None)
        self.repeats.end_repeats(record.id)
        return [drop(record.id)]

    def end_record(
        self, record: IntroductionRecord, end: IntroductionEnd, turn: IntroductionTurn, now: float
    ) -> list[IntroductionOutput]:
        """Forget one, and have the other and people told why."""
        told = self.around.tell_word(record.source, IntroductionEnded(record.id, end), now)
        return [*self.forget_record(record), *told, notify(record, turn)]

    def note_rivals(self, completed: IntroductionRecord, identity: bytes) -> list[IntroductionOutput]:
        """Note in what is under way that one of a lower id has made its person a contact: words of the two
        may cross, and both ends are to keep the same session."""
        results: list[IntroductionOutput] = []
        for record in self.list_open():
            if record.id > completed.id:
                rivals = (*record.rivals, identity)[-RIVALS_MAX:]
                self._records[record.id] = noted = replace(record, rivals=rivals)
                results.append(keep(noted))
        return results

    def _await_answer(self, record: IntroductionRecord, now: float) -> None:
        if record.stage.is_agreed and isinstance(record.source, MemberOf):
            self.repeats.begin_repeats(record.id, now)
        else:
            self.repeats.end_repeats(record.id)

    # --- saying

    def say_word(
        self, record: IntroductionRecord, word: IntroductionWord, now: float
    ) -> list[IntroductionOutput]:
        """Keep one, and say its last word."""
        kept = self.keep_record(replace(record, last_word=encode_word(word)), now)
        return [*kept, *self.around.tell_word(record.source, word, now)]

    def repeat_word(self, record: IntroductionRecord, now: float) -> list[IntroductionOutput]:
        """Say the last word once more."""
        word = decode_word(record.last_word) if record.last_word else None
        return [*self.around.tell_word(record.source, word, now)] if word is not None else []

    def repeat_for(self, record: IntroductionRecord, now: float) -> list[IntroductionOutput]:
        """The other has not got our last word, or it would not have sent that another time."""
        if not isinstance(record.source, MemberOf) or not self.bounds.may_repeat(record.source, now):
            return []
        if record.stage is Stage.OVER:
            ended = IntroductionEnded(record.id, IntroductionEnd.DECLINED)
            return [*self.around.tell_word(record.source, ended, now)]
        return self.repeat_word(record, now)

    def refuse_word(
        self, source: Source, id: IntroductionId, end: IntroductionEnd, now: float
    ) -> list[IntroductionOutput]:
        """Say that nothing comes of one that is not here, now and then."""
        if not self.bounds.may_repeat(source, now):
            return []
        return [*self.around.tell_word(source, IntroductionEnded(id, end), now)]

"""What members ask of each other for what they miss, and what an answer brings.

Knows: what follows from each item of a letter. Does not know: what people say, or what else comes.
Parent of ``asks`` and ``answers``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Final

from p2pchat.core.kit.table import Table
from p2pchat.core.room.answers import MessageName, RoomAnswers
from p2pchat.core.room.asks import RoomAsks
from p2pchat.core.room.changes import RosterChanges, RosterStep
from p2pchat.core.room.flow import MessageFlow
from p2pchat.core.room.kept_messages import as_message
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.letters import LetterOpened
from p2pchat.core.room.messages import RoomMessage, name_sender
from p2pchat.core.room.outputs import (
    FetchMessages,
    GapFound,
    MemberWrote,
    RoomNews,
    RoomOutput,
    SendRoomCell,
    WithheldEntries,
)
from p2pchat.core.room.period import Period
from p2pchat.core.room.reading import RoomEvent, RoomReading
from p2pchat.crypto.kdf import entry_id
from p2pchat.data import dataclass
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.introductions import IntroductionWord
from p2pchat.wire.room_commits import CommitHead, KeptShare, PeriodGrant
from p2pchat.wire.room_letters import (
    AnswerEnd,
    KeptMessage,
    LetterItem,
    NotForMember,
    NotHere,
    PeriodSecret,
    decode_letter,
    encode_item,
)
from p2pchat.wire.room_log import SentEntry, encode_entry
from p2pchat.wire.room_words import ASK_PERIODS_MAX, NumberSpan, RepairAsk

SHARES_MAX: Final = 256
"""A month of eight a day."""

GRANTS_MAX: Final = 4
UNDECIDED_MAX: Final = 256
"""A letter may come before those with the commits that it needs."""

SPOKEN_MAX: Final = 128
"""Entries that one member's answers may bring here without proof: one that invents them leaves room for
others."""

BEHIND_ANSWERS: Final = 3
"""If so many have answered, and cells cannot be read still, their periods are from before our time."""


@dataclass(slots=True)
class Repaired:
    """What an answer has brought."""

    messages: list[tuple[RoomMessage, MemberId | None]] = field(default_factory=list)
    """Each with the member as whose word it is here, if its sender has not shown us that it is its own."""
    events: list[RoomEvent] = field(default_factory=list)
    steps: list[RosterStep] = field(default_factory=list)
    news: list[RoomNews] = field(default_factory=list)


class RoomRepair:
    """One room's."""

    def __init__(
        self,
        changes: RosterChanges,
        state: RoomKeyState,
        flow: MessageFlow,
        reading: RoomReading,
        entropy: Entropy,
        counters: Counter[str],
        now: float,
    ) -> None:
        self._changes = changes
        self._state = state
        self._flow = flow
        self._reading = reading
        self._counters = counters
        self.asks = RoomAsks(changes, state, flow, lambda: reading.is_behind, entropy, now)
        self.answers = RoomAnswers(changes, state, flow)
        self._shares: Table[bytes, KeptShare] = Table(SHARES_MAX)
        """Commits that were kept for us, and do not open yet."""
        self._grants: Table[bytes, PeriodGrant] = Table(GRANTS_MAX)
        """Periods that were given to us, at heads that are not known yet."""
        self._undecided: Table[tuple[bytes, int], tuple[KeptMessage, MemberId]] = Table(UNDECIDED_MAX)
        """Messages of periods that are not known yet, and who gave them."""
        self._spoken: dict[MemberId, int] = {}
        """For how many entries each member has spoken that are proved to us by nothing else."""
        self._ended = 0
        """Answers since cells of unknown periods were dropped."""

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min(self.asks.next_wakeup(), self.answers.next_wakeup())

    # --- asking

    def tick(self, now: float) -> list[RoomOutput]:
        """Ask, and answer, as far as it is due."""
        outputs: list[RoomOutput] = []
        self.asks.listen_for_silence(now)
        ask = self.asks.choose_ask(now)
        if ask is None:
            outputs += self._end_round(now)
        else:
            period = self._state.periods.find_shared(ask[0])
            letter = encode_item(replace(ask[1], periods=self._list_periods()))
            outputs += self._seal_letter(period, ask[0], letter, now)
        for step in self.answers.take_due(now):
            period = self._state.periods.find_period(step.period)
            for letter in step.letters:
                outputs += self._seal_letter(period, step.receiver, letter, now)
            if step.fetch:
                outputs.append(FetchMessages(step.receiver, step.fetch))
        return outputs

    def take_fetched(
        self, receiver: MemberId, records: Mapping[MessageName, bytes | None], now: float
    ) -> None:
        """Messages were read for a member who asked for them."""
        self.answers.take_fetched(receiver, records, now)

    def _list_periods(self) -> tuple[bytes, ...]:
        """The names of the deepest periods upon which we can open a commit, but for those upon which one is
        here that does not open: there we are to be helped otherwise."""
        stuck = {share.head.parent for share in self._shares.values()}
        usable = [period for period in self._state.periods if period.branch and period.id not in stuck]
        usable.sort(key=lambda one: (-one.depth, one.id))
        return tuple(one.name for one in usable[:ASK_PERIODS_MAX])

    def _seal_letter(
        self, period: Period | None, receiver: MemberId, letter: bytes, now: float
    ) -> list[RoomOutput]:
        if period is None:
            return []
        cells = self._reading.letters.seal_letter(period, receiver, letter, now)
        return [SendRoomCell(cell, patient=True) for cell in cells]

    # --- what an answer brings

    def take_letter(self, letter: LetterOpened, now: float) -> Repaired:
        """Read a member's answer."""
        repaired, answers = Repaired(), False
        letters: int | None = None
        try:
            items = decode_letter(letter.data)
        except RefusedInput as error:
            self._counters[error.kind] += 1
            return repaired
        for item in items:
            if isinstance(item, IntroductionWord):
                repaired.news += self._take_word(item, letter.sender)
                continue
            answers = answers or not isinstance(item, RepairAsk)
            letters = item.letters if isinstance(item, AnswerEnd) else letters
            try:
                self._take_item(item, letter, repaired, now)
            except RefusedInput as error:
                self._counters[error.kind] += 1
        self._open_shares(repaired, now)
        ended = answers and self.asks.note_answer(letter.sender, letters, now)
        self._decide_messages(repaired, ended, now)
        if ended:
            self._ended += 1
            if self._ended >= BEHIND_ANSWERS:
                self._ended = 0
                self._reading.forget_unplaced()
        return repaired

    def _decide_messages(self, repaired: Repaired, ended: bool, now: float) -> None:
        """See whether messages are their senders' own, when their periods are known, or, at the end of an
        answer, will not be."""
        for place, (item, teller) in list(self._undecided.items()):
            own = teller == item.sender
            if not (own or ended or self._state.periods.find_period(item.period)):
                continue
            del self._undecided[place]
            message = as_message(item)
            authentic = own or self._reading.is_authentic(message, item.mac, now)
            repaired.messages.append((message, None if authentic else teller))

    def _open_shares(self, repaired: Repaired, now: float) -> None:
        """Open the commits that were kept for us, in whatever order they come and the entries do."""
        opens = True
        while opens:
            opens = False
            for id, share in list(self._shares.items()):
                if self._has_begun(share.head):
                    del self._shares[id]
                    continue
                try:
                    repaired.events += self._reading.take_kept(share, now)
                except RefusedInput:
                    continue
                del self._shares[id]
                repaired.steps.append(self._changes.retry_unproved(self._state, now))
                opens = True
            for id, grant in list(self._grants.items()):
                try:
                    repaired.events += self._reading.take_grant(grant, now)
                except RefusedInput:
                    continue
                del self._grants[id]
                repaired.steps.append(self._changes.retry_unproved(self._state, now))
                opens = True

    def _has_begun(self, head: CommitHead) -> bool:
        """Whether the period of a commit is here."""
        return any(period.head == head for period in self._state.periods)

    def _take_item(self, item: LetterItem, letter: LetterOpened, repaired: Repaired, now: float) -> None:
        sender = letter.sender
        match item:
            case RepairAsk():
                self.answers.take_ask(sender, letter.period, item, now)
                repaired.steps.append(self._changes.note_view(sender, item.heads, now))
            case SentEntry():
                proved, step = self._changes.take_entry(item, self._state, now)
                repaired.steps.append(step)
                if not proved:
                    repaired.steps.append(self._speak_for(sender, entry_id(encode_entry(item.entry))))
                repaired.events += self._reading.retry_early(now)
            case KeptShare():
                self._shares.put(item.head.confirmation, item)
            case PeriodGrant():
                self._grants.put(item.head.confirmation, item)
            case PeriodSecret(period=period, secret=secret):
                repaired.events += self._reading.take_secret(period, secret, now)
            case KeptMessage():
                self._undecided.put((item.sender, item.number), (item, sender))
            case NotForMember(span=span):
                repaired.news += self._settle(span, given_up=False)
            case NotHere(span=span):
                self.asks.note_denial(sender, span)

    def _take_word(self, word: IntroductionWord, sender: MemberId) -> list[RoomNews]:
        """A member writes to us alone; one who is out is not heard, though its letters still open."""
        return [MemberWrote(sender, word)] if sender in self._changes.members else []

    def seal_word(self, member: MemberId, word: IntroductionWord, now: float) -> list[RoomOutput]:
        """Write a word of an introduction to a member alone."""
        period = self._state.periods.find_shared(member)
        return self._seal_letter(period, member, encode_item(word), now)

    def _speak_for(self, member: MemberId, entry: EntryId) -> RosterStep:
        """A member answers with an entry that is not proved to us: it has built upon it."""
        if not self._changes.has_entry(entry):
            spoken = self._spoken.get(member, 0)
            if spoken >= SPOKEN_MAX:
                return RosterStep(self._changes.roster, self._changes.roster)
            self._spoken[member] = spoken + 1
        return self._changes.note_heads(entry)

    def _settle(self, span: NumberSpan, given_up: bool) -> list[RoomNews]:
        for member in self._flow.list_senders():
            if name_sender(member) == span.sender:
                lacking = [
                    missing
                    for missing in self._flow.numbers.list_missing(member)
                    if missing.first < span.first + span.count and span.first < missing.first + missing.count
                ]
                news: list[RoomNews] = []
                for missing in lacking:
                    first = max(missing.first, span.first)
                    count = min(missing.first + missing.count, span.first + span.count) - first
                    news += self._flow.settle_numbers(member, first, count, given_up)
                    settled = sum(self._flow.numbers.is_settled(member, first + at) for at in range(count))
                    news += [GapFound(member, settled)] if given_up and settled else []
                return news
        return []

    def _end_round(self, now: float) -> list[RoomOutput]:
        given_up = self.asks.end_round(now)
        if given_up is None:
            return []
        if given_up.behind:
            self._reading.forget_unplaced()
        outputs: list[RoomOutput] = []
        for span in _join_spans(given_up.spans):
            outputs += self._settle(span, given_up=True)
        members = self._changes.give_up(given_up.entries)
        return outputs + ([WithheldEntries(tuple(members))] if members else [])


def _join_spans(spans: Iterable[NumberSpan]) -> list[NumberSpan]:
    joined: list[NumberSpan] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last is not None and last.sender == span.sender and last.first + last.count == span.first:
            joined[-1] = NumberSpan(span.sender, last.first, last.count + span.count)
        else:
            joined.append(span)
    return joined

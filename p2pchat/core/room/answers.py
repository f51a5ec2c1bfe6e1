"""What a member answers to those who ask for what they miss: entries, commits, messages, at a bounded pace.

Knows: who is owed what, and how much of it an hour. Does not know: where records are, or how letters leave.

Only the member that was asked answers. So a member that returns is not flooded, and no member can keep
others silent by answering first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from itertools import islice
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.room.changes import RosterChanges
from p2pchat.core.room.flow import MessageFlow
from p2pchat.core.room.kept_messages import decode_record
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.messages import name_sender
from p2pchat.core.room.period import Period
from p2pchat.data import dataclass
from p2pchat.types import MemberId
from p2pchat.wire.room_cells import PERIOD_NAME_BYTES, ROOM_DATA, pieces_of
from p2pchat.wire.room_commits import PeriodGrant
from p2pchat.wire.room_letters import AnswerEnd, LetterItem, NotHere, PeriodSecret, encode_item
from p2pchat.wire.room_words import NumberSpan, RepairAsk

CELLS_AN_HOUR: Final = 256
"""For one member; as many at once."""

ANSWERS_MAX: Final = 8
"""Members who are answered at once; one more asks another member."""

PACES_MAX: Final = 64
ENTRIES_MAX: Final = 512
SHARES_MAX: Final = 256
FETCH_MAX: Final = 32
"""Messages that are read at once."""

NUMBERS_MAX: Final = 4096
"""Messages that one ask may be for; for more one asks once more."""

LETTERS_AT_ONCE: Final = 8
GAP_S: Final = 1.0
ASK_GAP_S: Final = 5.0
"""A member that asks more often is answered as seldom as this."""

MessageName = tuple[MemberId, int]


@dataclass(slots=True)
class _Answer:
    period: bytes
    """In which the letters are written."""
    items: deque[bytes] = field(default_factory=deque)
    places: Iterator[MessageName] = field(default_factory=lambda: iter(()))
    fetching: tuple[MessageName, ...] = ()
    """What is being read."""
    ended: bool = False
    letters: int = 0
    """That were written."""
    at: float = 0.0
    """When more of it is due."""


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """What is due for one member."""

    receiver: MemberId
    period: bytes
    letters: tuple[bytes, ...] = ()
    fetch: tuple[MessageName, ...] = ()


class RoomAnswers:
    """One room's."""

    def __init__(self, changes: RosterChanges, state: RoomKeyState, flow: MessageFlow) -> None:
        self._changes = changes
        self._state = state
        self._flow = flow
        self._answers: dict[MemberId, _Answer] = {}
        self._paces: Table[MemberId, tuple[float, float]] = Table(PACES_MAX)
        self._last: Table[MemberId, float] = Table(PACES_MAX)

    def __len__(self) -> int:
        return len(self._answers)

    def take_ask(self, sender: MemberId, period: bytes, ask: RepairAsk, now: float) -> None:
        """A member asks us, in a letter of that period. What it asked for before is left."""
        known = self._state.periods.find_period(period)
        if sender not in self._changes.members or known is None or sender not in known.bases:
            return
        if sender not in self._answers and len(self._answers) >= ANSWERS_MAX:
            return
        if now - self._last.get(sender, -NEVER) < ASK_GAP_S:
            return
        self._last.put(sender, now)
        answer = _Answer(period, at=now + GAP_S)
        answer.items.extend(map(encode_item, self._list_items(sender, known, ask)))
        places = list(islice(self._list_places(ask.spans), NUMBERS_MAX))
        here = [place for place in places if self._flow.numbers.has_number(*place)]
        known_here = set(here)
        missing = _join_spans(place for place in places if place not in known_here)
        answer.items.extend(encode_item(NotHere(span)) for span in missing)
        answer.places = iter(here)
        self._answers[sender] = answer

    def next_wakeup(self) -> float:
        """When ``take_due`` has something to do."""
        return min((answer.at for answer in self._answers.values() if not answer.fetching), default=NEVER)

    def take_due(self, now: float) -> list[AnswerStep]:
        """What is to be sent and read now."""
        steps = []
        for member, answer in list(self._answers.items()):
            if member not in self._changes.members:
                del self._answers[member]
            elif answer.at <= now and not answer.fetching:
                steps.append(self._step(member, answer, now))
        return steps

    def take_fetched(
        self, receiver: MemberId, records: Mapping[MessageName, bytes | None], now: float
    ) -> None:
        """Messages were read."""
        answer = self._answers.get(receiver)
        if answer is None or not answer.fetching:
            return
        missing: list[MessageName] = []
        for place in answer.fetching:
            record = records.get(place)
            if record is None:
                missing.append(place)
            else:
                answer.items.append(encode_item(decode_record(record).for_member(receiver)))
        answer.items.extend(encode_item(NotHere(span)) for span in _join_spans(missing))
        answer.fetching, answer.at = (), now + GAP_S

    # --- within

    def _step(self, member: MemberId, answer: _Answer, now: float) -> AnswerStep:
        letters: list[bytes] = []
        while answer.items and len(letters) < LETTERS_AT_ONCE:
            letter = self._next_letter(answer)
            if not self._draw_cells(member, len(pieces_of(letter)), now):
                answer.items.appendleft(letter)
                break
            letters.append(letter)
            answer.letters += 1
        answer.at = now + (GAP_S if letters else 3600.0 / CELLS_AN_HOUR)
        if answer.items:
            return AnswerStep(member, answer.period, tuple(letters))
        answer.fetching = tuple(islice(answer.places, FETCH_MAX))
        if not answer.fetching:
            if answer.ended:
                del self._answers[member]
            else:
                answer.items.append(encode_item(AnswerEnd(answer.letters + 1)))
                answer.ended = True
        return AnswerStep(member, answer.period, tuple(letters), answer.fetching)

    def _next_letter(self, answer: _Answer) -> bytes:
        """As many items as one cell holds, or one that is longer."""
        letter = answer.items.popleft()
        while answer.items and len(letter) + len(answer.items[0]) <= ROOM_DATA:
            letter += answer.items.popleft()
        return letter

    def _draw_cells(self, member: MemberId, count: int, now: float) -> bool:
        left, since = self._paces.get(member, (float(CELLS_AN_HOUR), now))
        left = min(CELLS_AN_HOUR, left + max(0.0, now - since) * CELLS_AN_HOUR / 3600.0)
        enough = left >= count
        self._paces.put(member, (left - count if enough else left, now))
        return enough

    def _list_items(self, member: MemberId, shared: Period, ask: RepairAsk) -> list[LetterItem]:
        items: list[LetterItem] = list(self._changes.list_unknown_to(ask.heads, ENTRIES_MAX))
        items += [self._changes.find_sent(id) for id in ask.entries if self._changes.has_entry(id)]
        shares = self._state.kept.shares_for(member, ask.periods, SHARES_MAX)
        items += shares.values()
        items += self._make_grants(member, shared, {*ask.periods, *(id[:PERIOD_NAME_BYTES] for id in shares)})
        period = self._state.periods.find_period(ask.uneven)
        if period is not None and period.secret and member in period.keys:
            items.append(PeriodSecret(period.id, period.secret))
        return items

    def _make_grants(self, member: MemberId, shared: Period, reached: Collection[bytes]) -> list[PeriodGrant]:
        """Give a member the period that is written under, where it has not that one and no commit that is
        kept for it leads there: it was let in on another branch, or has lost more than is kept. Not where its
        key there came after the one under which it asks: a thief with a copy of its old state would else get
        what its commit has healed."""
        period = self._state.periods.choose_period(self._changes.members)
        if period is None or period.name in reached:
            return []
        line = map(self._state.periods.find_period, self._state.periods.list_line(shared))
        if period.keys.get(member) not in {one.keys.get(member) for one in line if one is not None}:
            return []
        grant = self._state.make_grant(period)
        return [grant] if grant is not None else []

    def _list_places(self, spans: Iterable[NumberSpan]) -> Iterator[MessageName]:
        senders = {name_sender(member): member for member in self._flow.list_senders()}
        for span in spans:
            sender = senders.get(span.sender)
            if sender is not None:
                for number in range(span.first, span.first + span.count):
                    yield sender, number


def _join_spans(places: Iterable[MessageName]) -> list[NumberSpan]:
    spans: list[NumberSpan] = []
    for sender, number in places:
        name, last = name_sender(sender), spans[-1] if spans else None
        if last is not None and last.sender == name and last.first + last.count == number:
            spans[-1] = NumberSpan(name, last.first, last.count + 1)
        else:
            spans.append(NumberSpan(name, number, 1))
    return spans

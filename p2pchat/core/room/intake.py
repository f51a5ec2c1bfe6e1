"""What comes into a room, and what follows from it.

Knows: which part takes what was opened. Does not know: cells, or what the person does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from p2pchat.core.room.changes import RosterChanges, RosterStep, describe_step
from p2pchat.core.room.duties import RoomDuties
from p2pchat.core.room.flow import MessageFlow
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.letters import LetterOpened
from p2pchat.core.room.messages import RoomMessage
from p2pchat.core.room.outputs import HomePutBack, MemberSpoke, MemberUneven, OtherToldOtherwise, RoomNews
from p2pchat.core.room.reading import (
    CommittedUnevenly,
    EntryOpened,
    MessageOpened,
    PeriodOpened,
    RoomEvent,
    RoomReading,
)
from p2pchat.core.room.repair import Repaired, RoomRepair
from p2pchat.errors import RefusedInput
from p2pchat.types import MemberId
from p2pchat.wire.room_cells import RoomKind
from p2pchat.wire.room_words import FrontierWord, decode_room_word, split_told


class RoomIntake:
    """One room's. Each method returns what people are told."""

    def __init__(
        self,
        changes: RosterChanges,
        state: RoomKeyState,
        flow: MessageFlow,
        reading: RoomReading,
        repair: RoomRepair,
        duties: RoomDuties,
        counters: Counter[str],
    ) -> None:
        self._changes = changes
        self._state = state
        self._flow = flow
        self._reading = reading
        self._repair = repair
        self._duties = duties
        self._counters = counters

    def take_events(self, events: Iterable[RoomEvent], now: float) -> list[RoomNews]:
        """Take what was opened."""
        news: list[RoomNews] = []
        for event in events:
            match event:
                case MessageOpened(message=message, macs=macs):
                    news += self._note_spoke(message.sender, now)
                    news += self._take_message(message, macs, None, now)
                case EntryOpened():
                    news += self._take_entry(event, now)
                case PeriodOpened(author=author, doubtful=doubtful):
                    news += [OtherToldOtherwise(author)] if doubtful else []
                    news += self.follow_step(self._changes.retry_unproved(self._state, now), now)
                case CommittedUnevenly(author=author):
                    news.append(MemberUneven(author))
                case LetterOpened(sender=sender):
                    news += self._note_spoke(sender, now)
                    news += self._take_repaired(self._repair.take_letter(event, now), now)
        return news

    def follow_step(self, step: RosterStep, now: float) -> list[RoomNews]:
        """Tell what entries have changed, and open what has waited for them."""
        news: list[RoomNews] = list(describe_step(step))
        if step.after is step.before:
            return news
        self._duties.follow_changes(now)
        news += self._flow.on_departures()
        return news + self.take_events(self._reading.retry_early(now), now)

    def _take_message(
        self, message: RoomMessage, macs: bytes, through: MemberId | None, now: float
    ) -> list[RoomNews]:
        news: list[RoomNews] = []
        if through is None:
            news += self.follow_step(self._changes.note_view(message.sender, message.heads, now), now)
        try:
            if message.kind is RoomKind.WORD:
                word = decode_room_word(message.payload)
                return news + (self._take_frontier(message, word, now) if word is not None else [])
            frontier, _ = split_told(message.payload)
        except RefusedInput as error:
            self._counters[error.kind] += 1
            return news
        news += self._flow.find_fork(message) if through is None else []
        if self._flow.take_message(message, macs, through, now):
            self._duties.note_use(now)
            news += self._flow.order_message(message, through, now)
            news += self._take_frontier(message, frontier, now) if through is None else []
        return news

    def _take_frontier(self, message: RoomMessage, word: FrontierWord, now: float) -> list[RoomNews]:
        if word.wants:
            self._duties.reply_soon(now)
        news = self._flow.take_frontier(message.sender, message.period, word, now)
        if any(isinstance(effect, HomePutBack) for effect in news):
            self._duties.on_restored()
            self._repair.asks.note_return()
        return news

    def _take_entry(self, event: EntryOpened, now: float) -> list[RoomNews]:
        try:
            proved, step = self._changes.read_entry(event.data, event.sender, self._state, now)
        except RefusedInput as error:
            self._counters[error.kind] += 1
            return []
        if proved:
            self._reading.accept_entry(event)
        return self.follow_step(step, now)

    def _take_repaired(self, repaired: Repaired, now: float) -> list[RoomNews]:
        news = list(repaired.news)
        for step in repaired.steps:
            news += self.follow_step(step, now)
        news += self.take_events(repaired.events, now)
        for message, through in repaired.messages:
            news += self._take_message(message, b"", through, now)
        return news

    def _note_spoke(self, member: MemberId, now: float) -> list[RoomNews]:
        self._repair.asks.note_spoke(member, now)
        return [MemberSpoke(member)] if self._flow.note_spoken(member) else []

"""When a member asks others for what it misses, and whom.

Knows: what is missing, who was asked for it, and when no member is left. Does not know: how an ask is
sent, or what an answer brings.

What is missing may be on its way, so it is asked for a while later, of *one* member, then of another. What
all were asked for and none of them has is given up, and people are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from p2pchat.core.kit.budget import Budget
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.room.changes import RosterChanges
from p2pchat.core.room.flow import MessageFlow, mean_frontier_gap
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.messages import name_sender
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, sample, uniform
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_words import ASK_ENTRIES_MAX, ASK_SPANS_MAX, NumberSpan, RepairAsk

SOON_S: Final = (10.0, 30.0)
"""What is missing may be on its way for so long."""

NEXT_S: Final = (1.0, 5.0)
SILENCE_S: Final = 60.0
"""A member that was asked and says nothing for so long is left for another."""

TRIES: Final = 3
"""So often in a round a member is asked that is there and whose answer does not come to its end: letters are
lost."""

ASKS_AN_HOUR: Final = 120
"""Of one member, and as many at once: one that invents what is missing makes others ask so often."""

ROUND_S: Final = 300.0
ROUND_MAX_S: Final = 6 * 3600.0
"""From one round of all members to the next, twice as long each time while nothing comes and nothing else is
missing."""

SPAN_MAX: Final = 256
"""Messages of one span of an ask: an hour's."""

ENTRY_ROUNDS: Final = 3
"""After so many rounds in which all who are there have answered, an entry is given up that no member sent."""

QUIET_S: Final = 3600.0
"""A member that is there is not silent for so long: it says twice in that time how far it has read."""

DEAF_TIMES: Final = 8
DEAF_MIN_S: Final = 480.0
"""In a room that is in use all others together tell their frontiers so often before we ask why none is heard.
What began a period with a new tag key may have been lost here: then no cell that follows is known as the
room's."""

RETURN_ANSWERS: Final = 2
"""So many members have to answer where it is quiet, or we were away: one alone may be as far behind."""

LATELY_S: Final = 86_400.0
"""Who was heard since is there."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What is missing."""

    entries: tuple[EntryId, ...] = ()
    spans: tuple[NumberSpan, ...] = ()
    uneven: bytes = b""
    behind: bool = False
    """Cells come that cannot be read: others have commits that we lack."""

    def __bool__(self) -> bool:
        return bool(self.entries or self.spans or self.uneven or self.behind)

    def is_beyond(self, other: Needs) -> bool:
        """Whether something is missing that was not then."""
        return (
            not set(self.entries) <= set(other.entries)
            or (self.behind and not other.behind)
            or self.uneven not in (b"", other.uneven)
            or not all(_covers(other.spans, span.sender, span.first + span.count - 1) for span in self.spans)
        )


class RoomAsks:
    """One room's."""

    def __init__(
        self,
        changes: RosterChanges,
        state: RoomKeyState,
        flow: MessageFlow,
        is_behind: Callable[[], bool],
        entropy: Entropy,
        now: float,
    ) -> None:
        self._changes = changes
        self._state = state
        self._flow = flow
        self._is_behind = is_behind
        self._entropy = entropy
        self.ask_at = NEVER
        self.spoke_at: dict[MemberId, float] = {}
        """When each other member was last heard under a right MAC."""
        self._tries: dict[MemberId, int] = {}
        """Whom we have asked in this round, and how often."""
        self._answered: set[MemberId] = set()
        """Whose answer came to its end."""
        self._needs = Needs()
        """What was missing when the round began."""
        self._denied: dict[MemberId, list[NumberSpan]] = {}
        """Who has said in this round that it does not have what."""
        self._rounds = 0
        """In which all who are there have answered, and something was missing still."""
        self._budget = Budget(now, ASKS_AN_HOUR / 3600.0, ASKS_AN_HOUR)
        self._pending: MemberId | None = None
        self._letters = 0
        """Letters that it has written."""
        self._expected: int | None = None
        """How many it says to have written."""
        self._round_s = ROUND_S
        self._returned = False
        self._since = now
        """Since when we listen: who was not heard may have been there until then."""
        self._quiet_s = self._deaf_after()
        self._quiet_at = now + self._quiet_s

    # --- what happens

    def next_wakeup(self) -> float:
        """When there is something to ask, or to see whether there is."""
        return min(self.ask_at, self._quiet_at)

    def listen_for_silence(self, now: float) -> None:
        """Who hears fewer than half of those who were there lately, or no member for some minutes, may have
        lost what they write under."""
        if now < self._quiet_at:
            return
        others = self._changes.members - {self._changes.own}
        last = [self.spoke_at.get(member, self._since) for member in others]
        lately = [at for at in last if now - at < LATELY_S]
        half = sum(now - at >= QUIET_S for at in lately) * 2 > len(lately)
        if half or (lately and now - max(lately) >= self._deaf_after()):
            self._returned = True
            self._quiet_s = min(2 * self._quiet_s, LATELY_S)
        else:
            self._quiet_s = self._deaf_after()
        self._quiet_at = now + self._quiet_s

    def _deaf_after(self) -> float:
        members = len(self._changes.members)
        return min(max(DEAF_TIMES * mean_frontier_gap(members) / max(members - 1, 1), DEAF_MIN_S), QUIET_S)

    def note_return(self) -> None:
        """We were away for longer than cells are held, or lost what waited: ask, whatever we know of."""
        self._returned = True

    def note_spoke(self, member: MemberId, now: float) -> None:
        """A member was heard."""
        self.spoke_at[member] = now

    def note_denial(self, member: MemberId, span: NumberSpan) -> None:
        """A member says that it does not have these."""
        self._denied.setdefault(member, []).append(span)
        del self._denied[member][: -ASK_SPANS_MAX * SPAN_MAX]

    def note_answer(self, member: MemberId, letters: int | None, now: float) -> bool:
        """A member has written a letter; ``letters``: it was the last of so many. Whether all of them are
        here."""
        if member != self._pending:
            return False
        self._letters += 1
        self._expected = self._expected if letters is None else letters
        if self._expected is not None and self._letters >= self._expected:
            self._answered.add(member)
            self._pending = None
            self._returned &= len(self._answered) < min(RETURN_ANSWERS, len(self._changes.members) - 1)
            self.ask_at = now + uniform(self._entropy, *NEXT_S)
            return True
        self.ask_at = now + SILENCE_S
        return False

    def look_at_needs(self, now: float) -> None:
        """Something came or went: see whether there is something to ask for."""
        needs = self.list_needs()
        if not needs:
            self.ask_at, self._pending = NEVER, None
            self._round_s, self._rounds = ROUND_S, 0
            self._begin_round(needs)
        elif self.ask_at == NEVER or (self._is_resting(now) and needs.is_beyond(self._needs)):
            self._round_s = ROUND_S
            self._begin_round(needs)
            self.ask_at = min(self.ask_at, now + uniform(self._entropy, *SOON_S))

    def _is_resting(self, now: float) -> bool:
        """Whether all were asked, and the next round is to begin much later."""
        return self._pending is None and not self._tries and self.ask_at > now + SOON_S[1]

    def _begin_round(self, needs: Needs) -> None:
        self._tries, self._answered, self._denied, self._needs = {}, set(), {}, needs

    def list_needs(self) -> Needs:
        """What is missing now."""
        spans: list[NumberSpan] = []
        for member in self._flow.numbers.list_behind():
            spans += self._flow.numbers.list_missing(member, 4)
        spans = [
            NumberSpan(span.sender, span.first, min(span.count, SPAN_MAX)) for span in spans[:ASK_SPANS_MAX]
        ]
        return Needs(
            tuple(self._changes.log.list_missing()[:ASK_ENTRIES_MAX]),
            tuple(spans),
            next(iter(self._state.uneven), b""),
            self._returned or self._is_behind(),
        )

    # --- asking

    def choose_ask(self, now: float) -> tuple[MemberId, RepairAsk] | None:
        """Whom to ask for what, if it is time."""
        if now < self.ask_at:
            return None
        needs = self.list_needs()
        self._pending = self._choose_member(needs, now) if needs else None
        if self._pending is None:
            return None
        if not self._budget.take_token(now):
            self._pending, self.ask_at = None, now + SILENCE_S
            return None
        self._tries[self._pending] = self._tries.get(self._pending, 0) + 1
        self._letters, self._expected = 0, None
        self.ask_at = now + SILENCE_S
        ask = RepairAsk(self._changes.heads, needs.entries, needs.spans, uneven=needs.uneven)
        return self._pending, ask

    def end_round(self, now: float) -> Needs | None:
        """All were asked: what is to be given up, if it is time for that; then another round begins later."""
        if now < self.ask_at or self._pending is not None:
            return None
        others = self._changes.members - {self._changes.own}
        there = {member for member in others if now - self.spoke_at.get(member, -NEVER) < LATELY_S}
        answered, denied, before, needs = self._answered, self._denied, self._needs, self.list_needs()
        self._round_s = ROUND_S if before != needs else self._round_s
        self.ask_at = now + self._round_s if needs else NEVER
        self._round_s = min(2 * self._round_s, ROUND_MAX_S)
        self._begin_round(needs)
        if not there or not there <= answered:
            return Needs()
        self._rounds += 1
        absent = {name_sender(member) for member in others - there}
        spans = [
            NumberSpan(span.sender, number, 1)
            for span in needs.spans
            if span.sender not in absent
            for number in range(span.first, span.first + span.count)
            if all(_covers(denied.get(member, ()), span.sender, number) for member in there)
        ]
        entries = needs.entries if self._rounds >= ENTRY_ROUNDS else ()
        return Needs(entries, tuple(spans), behind=True)

    def _choose_member(self, needs: Needs, now: float) -> MemberId | None:
        """One who says that it has what is missing, or one who was heard lately, or anybody; then those again
        who are there and did not come to an end."""
        others = [
            member
            for member in self._changes.roster.members
            if member != self._changes.own and member not in self._answered and self._may_try(member, now)
        ]
        return min(
            sample(self._entropy, others, len(others)),
            key=lambda one: (
                self._tries.get(one, 0),
                not self._has_more(one, needs),
                self._rank_age(one, needs, now),
            ),
            default=None,
        )

    def _may_try(self, member: MemberId, now: float) -> bool:
        tries = self._tries.get(member, 0)
        return not tries or (tries < TRIES and now - self.spoke_at.get(member, -NEVER) < QUIET_S)

    def _has_more(self, member: MemberId, needs: Needs) -> bool:
        claims = self._flow.claims.get(member, {})
        by_name = {name_sender(one): number for one, number in claims.items()}
        return any(by_name.get(span.sender, 0) >= span.first for span in needs.spans)

    def _rank_age(self, member: MemberId, needs: Needs, now: float) -> int:
        """Who was heard lately is there; but where others are not heard any more, one of these knows why."""
        age = now - self.spoke_at.get(member, self._since)
        if age > LATELY_S:
            return 2
        return int(needs.behind is (age < QUIET_S))


def _covers(spans: Iterable[NumberSpan], sender: bytes, number: int) -> bool:
    return any(span.sender == sender and span.first <= number < span.first + span.count for span in spans)

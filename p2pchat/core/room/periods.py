"""The periods of a room: a tree, of which nothing is undone.

Knows: which period is written under, what is forgotten when. Does not know: how a commit is opened, or cells.

Commits that cross are both kept, and can both be read. One writes under a period whose roster is the log's
as one knows it: the deepest of these, then by the lower id. So no member waits for another, and no member
whose removal the writer knew reads it. Of two commits that one author made upon one parent the first counts:
a copy of its home, or a thief of its keys, made the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.room.pairs import KEPT_S
from p2pchat.core.room.period import Period
from p2pchat.types import MemberId
from p2pchat.wire.room_commits import FOUNDING

DAY_S: Final = 86_400.0
"""So long the chains of a period live under which no member writes any longer: as long as cells are held."""

PERIODS_MAX: Final = 256
"""Periods of which anything is kept. A room in constant use has some thirty in a day that can be read by all,
and of thirty days 240 with chains of members that were not heard."""

BY_ONE_MAX: Final = 32
"""Of these, what one member has begun within a day: a flooding member pushes out none of the others'."""


class Periods:
    """One room's."""

    def __init__(self, own: MemberId) -> None:
        self._own = own
        self._all: dict[bytes, Period] = {}
        self._names: dict[bytes, bytes] = {}
        self.depths: dict[MemberId, int] = {}
        """The greatest depth at which each member was heard."""
        self.latest: dict[MemberId, bytes] = {}
        """The period in which that was: the member has it, for certain."""
        self.changed: set[bytes] = set()
        """Periods to be written, or erased."""

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Period]:
        return iter(self._all.values())

    def find_period(self, id: bytes) -> Period | None:
        """The period of that id, if anything is kept of it."""
        return self._all.get(id)

    def find_shared(self, member: MemberId) -> Period | None:
        """The period in which a member was heard last; or else the first that has it: with that it came in,
        or we did."""
        known = self._all.get(self.latest.get(member, b""))
        if known is not None and member in known.bases:
            return known
        having = [period for period in self._all.values() if member in period.bases]
        return min(having, key=lambda one: (one.depth, one.id), default=None)

    def find_named(self, name: bytes) -> Period | None:
        """The period that cells call so."""
        return self._all.get(self._names.get(name, b""))

    # --- growing

    def has_space_for(self, period: Period, now: float, requested: bool = False) -> bool:
        """Whether a period may be added: it is new, and we have ``requested`` it, or its author has not begun
        too many."""
        if period.id in self._all or period.name in self._names:
            return False
        begun = [
            one for one in self._all.values() if one.author == period.author and one.opened_at > now - DAY_S
        ]
        return requested or period.author == self._own or len(begun) < BY_ONE_MAX

    def add_period(self, period: Period, now: float) -> None:
        """Add one that ``has_space_for`` allows."""
        period.doubtful = period.parent != FOUNDING and any(
            (one.parent, one.author) == (period.parent, period.author) for one in self._all.values()
        )
        self.restore_period(period)
        self.changed.add(period.id)
        self._supersede(now)
        while len(self._all) > PERIODS_MAX:
            self._erase(self._find_least())

    def _find_least(self) -> Period:
        """The oldest of the member that has begun the most: one that floods pushes out its own."""
        begun, kept = Counter(period.author for period in self._all.values()), self.choose_period()
        others = (period for period in self._all.values() if period is not kept)
        return min(others, key=lambda one: (-begun[one.author], one.opened_at))

    def restore_period(self, period: Period) -> None:
        """Add one that was kept."""
        self._all[period.id] = period
        self._names[period.name] = period.id

    def note_reached(self, member: MemberId, period: Period, now: float) -> bool:
        """A member was heard in a period; whether it was not before in one so deep."""
        if self.depths.get(member, -1) >= period.depth:
            return False
        self.depths[member], self.latest[member] = period.depth, period.id
        self._supersede(now)
        return True

    # --- choosing

    def choose_period(self, roster: frozenset[MemberId] | None = None) -> Period | None:
        """The period to write under: of those with exactly this roster that no other follows, or to commit
        upon: of all."""
        followed = {period.parent for period in self._all.values()} if roster is not None else set()
        usable = [
            period
            for period in self._all.values()
            if period.branch
            and period.sending is not None
            and (roster is None or (roster == frozenset(period.members) and period.id not in followed))
        ]
        return min(usable, key=lambda one: (one.doubtful, -one.depth, one.id), default=None)

    def _supersede(self, now: float) -> None:
        """The periods before the deepest no longer need their secrets; what stands beside it may. Our own
        last commits supersede nothing before another was heard since: they may have been lost."""
        best = self.choose_period()
        above = set(self._above(best)) if best is not None else set()
        reached = max((depth for member, depth in self.depths.items() if member != self._own), default=-1)
        for period in self._all.values():
            before = period.passed_at, period.superseded_at, period.secret
            if period is best:
                period.passed_at = period.superseded_at = NEVER
            elif period.passed_at == NEVER:
                period.passed_at = now
            if (
                period is not best
                and period.superseded_at == NEVER
                and (reached > period.depth or period.members == (self._own,))
            ):
                period.superseded_at = now
            if period.id in above:
                period.forget_secret()
            if before != (period.passed_at, period.superseded_at, period.secret):
                self.changed.add(period.id)

    def list_line(self, period: Period) -> list[bytes]:
        """A period, and those that lead to it, as far as anything is kept of them."""
        return [period.id, *self._above(period)]

    def _above(self, period: Period) -> Iterable[bytes]:
        at = self._all.get(period.parent)
        while at is not None:
            yield at.id
            at = self._all.get(at.parent)

    # --- forgetting

    def forget_old(self, now: float) -> list[bytes]:
        """Forget what is old; return the periods of which nothing is left."""
        gone = []
        for period in list(self._all.values()):
            if now < period.passed_at < NEVER:
                period.passed_at = now  # by a clock that was ahead
            if now < period.superseded_at < NEVER:
                period.superseded_at = now
            over = now - period.passed_at >= KEPT_S
            if not over and now - period.superseded_at < DAY_S:
                continue
            absent = [member for member in period.chains if self.depths.get(member, -1) <= period.depth]
            if over or not absent:
                self._erase(period)
                gone.append(period.id)
            elif period.branch or period.secret or len(absent) < len(period.chains):
                period.forget_all_but(absent)
                self.changed.add(period.id)
        return gone

    def own_keys(self) -> set[bytes]:
        """Our keys that are needed still: of periods upon which a commit can be opened."""
        return {period.own for period in self._all.values() if period.branch}

    def tags_in_use(self) -> set[bytes]:
        """Periods whose tag keys a member may write under."""
        return {period.tags_of for period in self._all.values()}

    def next_wakeup(self) -> float:
        """When ``forget_old`` has something to do."""
        due = [period.superseded_at + DAY_S for period in self._all.values() if period.branch]
        return min((*due, *(period.passed_at + KEPT_S for period in self._all.values())), default=NEVER)

    def _erase(self, period: Period) -> None:
        del self._all[period.id], self._names[period.name]
        self.changed.add(period.id)

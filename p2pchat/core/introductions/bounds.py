"""How many introductions a home takes part in, and for how long.

Knows: the limits. Does not know: what an introduction says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.values.introductions import IntroductionRecord, MemberOf, Source, Stage
from p2pchat.types import IntroductionId

OWN_MAX: Final = 64
"""To which the person here agrees, and that are under way."""

OPEN_MAX: Final = 64
"""Questions to the person here: more are not looked through."""

OPEN_OF_ROOM: Final = 8
"""Of all members of one room together: who brings them in can bring many."""

OPEN_OF_FRIEND: Final = 4

KEPT_MAX: Final = 256
"""Declined and completed ones that are remembered, and as many that were taken back; the oldest go."""

LIVES_S: Final = 14 * 86_400.0
"""As an offer of a room: what was not answered in two weeks is over, and who was declined may ask again."""

QUIET_S: Final = 86_400.0
"""After a question was taken back: who takes back and asks again is not shown each time."""

REPLACE_S: Final = 60.0
"""Before a later question takes the place of one that is open or was taken back: each is written."""

REPEAT_S: Final = 30.0
"""Between two answers to what one member, or friend, says again."""

_ASKERS_MAX: Final = 256


class IntroductionBounds:
    """Over the records of one home."""

    def __init__(self, records: Mapping[IntroductionId, IntroductionRecord]) -> None:
        self._records = records
        self._repeated: Table[Source, float] = Table(_ASKERS_MAX)

    def has_too_many_own(self) -> bool:
        """Whether the person here can agree to no other."""
        return sum(record.stage.is_agreed for record in self._records.values()) >= OWN_MAX

    def has_too_many_open(self, source: Source, instead: IntroductionRecord | None) -> bool:
        """Whether no other question is taken, from there or at all. ``instead``: of which it takes the place.
        A friend can give another name each time, so those that it took back count as open."""
        requested = [record.source for record in self._records.values() if record.stage is Stage.OPEN]
        if isinstance(source, MemberOf):
            in_room = sum(isinstance(one, MemberOf) and one.room == source.room for one in requested)
            return len(requested) >= OPEN_MAX or in_room >= OPEN_OF_ROOM
        of_friend = sum(
            one.source == source and one.stage in (Stage.OPEN, Stage.WITHDRAWN)
            for one in self._records.values()
            if one is not instead
        )
        return len(requested) >= OPEN_MAX or of_friend >= OPEN_OF_FRIEND

    def may_replace(self, record: IntroductionRecord, now: float) -> bool:
        """Whether a later question of the same member may take its place."""
        return now >= record.at + REPLACE_S

    def may_repeat(self, source: Source, now: float) -> bool:
        """Whether something may be said again there; it counts as said."""
        if now < self._repeated.get(source, -REPEAT_S) + REPEAT_S:
            return False
        self._repeated.put(source, now)
        return True

    def list_excess(self) -> list[IntroductionRecord]:
        """The oldest of those that are only remembered, as far as they are too many. Those that were taken
        back are counted by themselves: no member can make this home forget whom its person has declined."""
        kept = sorted((one for one in self._records.values() if one.stage.is_final), key=lambda one: one.at)
        withdrawn = [one for one in kept if one.stage is Stage.WITHDRAWN]
        others = [one for one in kept if one.stage is not Stage.WITHDRAWN]
        return [one for kind in (others, withdrawn) for one in kind[: max(0, len(kind) - KEPT_MAX)]]

    def next_expiry(self) -> float:
        """When the oldest is over."""
        return min((_end_of(record) for record in self._records.values()), default=NEVER)

    def list_expired(self, now: float) -> list[IntroductionRecord]:
        """Those that are over by now."""
        return [record for record in self._records.values() if _end_of(record) <= now]


def _end_of(record: IntroductionRecord) -> float:
    return record.at + (QUIET_S if record.stage is Stage.WITHDRAWN else LIVES_S)

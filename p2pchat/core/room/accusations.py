"""What people are told against a member: at most once an hour for each member and each kind.

Knows: when each was said last. Does not know: what makes a member guilty.

A member can say two things under one number as often as it likes, and commit unevenly as often. People need
to know that it does; a line for each time would bury what others say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.room.outputs import MemberUneven, OtherToldOtherwise, RoomOutput
from p2pchat.types import MemberId

GAP_S: Final = 3600.0
ACCUSED_MAX: Final = 256


class Accusations:
    """One room's."""

    def __init__(self) -> None:
        self._latest: Table[tuple[type[RoomOutput], MemberId], float] = Table(ACCUSED_MAX)

    def pace_news(self, outputs: Iterable[RoomOutput], now: float) -> list[RoomOutput]:
        """Leave out what was said of the same member within the hour. Two entries of the log are always told:
        there are 64 of one author at most."""
        return [output for output in outputs if self._may_say(output, now)]

    def _may_say(self, output: RoomOutput, now: float) -> bool:
        if not isinstance(output, OtherToldOtherwise | MemberUneven):
            return True
        if isinstance(output, OtherToldOtherwise) and output.entries:
            return True
        key = (type(output), output.member)
        if 0.0 <= now - self._latest.get(key, -NEVER) < GAP_S:
            return False
        self._latest.put(key, now)
        return True

"""The number of our last message, in a home that may have been put back to an older copy of itself.

Knows: when it is in doubt, and how the others' frontiers end that. Does not know: what is sent, or what a
frontier says of other members.

Two messages of one number would look as if we told different things to different members. So a home that was
put back writes none before it has heard how many the others have. One member may lie; two count, or the only
other one.
"""

from __future__ import annotations

from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.types import MemberId
from p2pchat.wire.room_cells import NUMBER_MAX

WITNESSES: Final = 2
"""So many members are believed when they say that we have written more than we know of."""

DOUBT_S: Final = 1200.0
"""So long a doubt lasts at least: what comes first may have been held by the mesh, and is old."""

DOUBT_GAP_S: Final = 86_400.0
"""From one doubt that members begin to the next: members that lie keep us silent for no longer."""

JUMP_MAX: Final = 65_536
"""Numbers that one doubt leaves out at most: members that lie use up none of ours."""


class OwnNumber:
    """One room's."""

    def __init__(self, last: int = 0, unsure_at: float = NEVER) -> None:
        self.last = last
        """Of our last message."""
        self._unsure_at = unsure_at
        """Since when there may be later ones of ours."""
        self._next_doubt = -NEVER
        self._told: dict[MemberId, int] = {}
        """What members said that they have of ours, since there is a doubt; before, only of those who have
        more."""

    @property
    def is_unsure(self) -> bool:
        """Whether there may be later messages of ours: then none is written."""
        return self._unsure_at < NEVER

    def begin_doubt(self, now: float) -> None:
        """The home was put back to an older copy."""
        self._unsure_at = now
        self._told.clear()

    def note_told(self, member: MemberId, number: int, others: int, now: float) -> bool:
        """A member says up to which number it has all of our messages; ``others``: how many there are besides
        us. Whether a doubt begins or ends by that."""
        if not self.is_unsure and number <= self.last:
            self._told.pop(member, None)
            return False
        self._told[member] = max(number, self._told.get(member, 0))
        needed = min(WITNESSES, others)
        if len(self._told) < needed:
            return False
        if not self.is_unsure:
            if now < self._next_doubt:
                return False
            self._next_doubt = now + DOUBT_GAP_S
            self.begin_doubt(now)
            return True
        if now - self._unsure_at < DOUBT_S:
            return False
        told = sorted(self._told.values())[-needed]
        self.last = max(self.last, min(told, self.last + JUMP_MAX, NUMBER_MAX - 1))
        self._unsure_at = NEVER
        self._told.clear()
        return True

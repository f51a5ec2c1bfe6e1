"""What we sent into the mesh and should see again.

Knows: until when each is awaited, and over which nodes it went. Does not know: how it comes back.
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.data import dataclass
from p2pchat.types import HopId

WATCHED_CAP = 4096
"""Things awaited: what the fastest clock sends in eight minutes, and none is awaited for half a minute.
Beyond it the oldest is forgotten unjudged."""

BUSY_TIMES = 2
FORGET = 0.98
TOOK_MAX_S = 10.0
"""So many times what others took lately is waited for one; each that comes back lets so much of the longest
be forgotten; and a node that holds ours back gains only this."""


@dataclass(frozen=True, slots=True)
class _Awaited:
    since: float
    until: float
    nodes: tuple[HopId, ...]


class ReturnTracker:
    """Names of what is awaited."""

    def __init__(self) -> None:
        self._awaited = Table[bytes, _Awaited](WATCHED_CAP)
        self._soonest = NEVER
        self._took_s = 0.0
        """The longest that something took lately."""

    def expect_return(self, name: bytes, nodes: Iterable[HopId], now: float, patience_s: float) -> None:
        """Await something that goes over these nodes. It should be back within ``patience_s``, or in a busy
        mesh within a multiple of what others took lately: what waits for its turn is not lost."""
        until = now + max(patience_s, BUSY_TIMES * self._took_s)
        self._awaited.put(name, _Awaited(now, until, tuple(nodes)))
        self._soonest = min(self._soonest, until)

    def on_return(self, name: bytes, now: float) -> tuple[HopId, ...]:
        """Something came back. Return the nodes that it went over, or none if it was not awaited."""
        awaited = self._awaited.pop(name, None)
        if awaited is None:
            return ()
        self._took_s = min(TOOK_MAX_S, max(now - awaited.since, FORGET * self._took_s))
        return awaited.nodes

    def take_lost(self, now: float) -> list[tuple[HopId, ...]]:
        """The nodes over which went what should be back and is not."""
        if now < self._soonest:
            return []
        late = [name for name, awaited in self._awaited.items() if awaited.until <= now]
        lost = [self._awaited.pop(name).nodes for name in late]
        self._soonest = min((awaited.until for awaited in self._awaited.values()), default=NEVER)
        return lost

    def next_wakeup(self) -> float:
        """When something may next be late."""
        return self._soonest

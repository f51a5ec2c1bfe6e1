"""What we sent into the mesh and should see again.

Knows: until when each is awaited, and over which nodes it went. Does not know: how it comes back.
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table

WATCHED_CAP = 4096
"""Things awaited: what the fastest clock sends in eight minutes, and none is awaited for half a minute.
Beyond it the oldest is forgotten unjudged."""


class Watch:
    """Names of what is awaited."""

    def __init__(self) -> None:
        self._awaited = Table[bytes, tuple[float, tuple[bytes, ...]]](WATCHED_CAP)
        self._soonest = NEVER

    def expect(self, name: bytes, until: float, nodes: Iterable[bytes]) -> None:
        """It went over these nodes, and should be back by then."""
        self._awaited.put(name, (until, tuple(nodes)))
        self._soonest = min(self._soonest, until)

    def back(self, name: bytes) -> tuple[bytes, ...]:
        """It came back: the nodes it went over; none if it was not awaited."""
        _, nodes = self._awaited.pop(name, (0.0, ()))
        return nodes

    def lost(self, now: float) -> list[tuple[bytes, ...]]:
        """The nodes over which went what should be back and is not."""
        if now < self._soonest:
            return []
        late = [name for name, (until, _) in self._awaited.items() if until <= now]
        lost = [self._awaited.pop(name)[1] for name in late]
        self._soonest = min((until for until, _ in self._awaited.values()), default=NEVER)
        return lost

    def next_wakeup(self) -> float:
        """When something may next be late."""
        return self._soonest

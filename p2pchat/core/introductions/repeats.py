"""When the last word of an introduction is said again to a member of a room.

Knows: the times. Does not know: the words. Letters in a room are not acknowledged; the mesh holds each for a
day, so an absent member gets what was said while it was away.
"""

from __future__ import annotations

from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.ports import Entropy, uniform
from p2pchat.types import IntroductionId

FIRST_S: Final = 60.0
"""On average; each wait is twice the one before, from half to one and a half times that long."""

LAST_S: Final = 43_200.0
"""Half of the day for which the mesh holds a cell."""

HURRY_S: Final = (5.0, 60.0)
"""After a link is up again: at a time of its own, for a neighbour could count them."""


class WordRepeats:
    """Of one home."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._due: dict[IntroductionId, tuple[float, float]] = {}
        """When each is due, and the wait that follows."""
        self._linked = False

    def begin_repeats(self, id: IntroductionId, now: float) -> None:
        """A word was said."""
        self._put(id, now, FIRST_S)

    def end_repeats(self, id: IntroductionId) -> None:
        """Nothing is awaited."""
        self._due.pop(id, None)

    def note_links(self, linked: bool, now: float) -> None:
        """Without a link nothing is said again; with the first one it soon is."""
        if linked and not self._linked:
            for id in self._due:
                self._due[id] = (now + uniform(self._entropy, *HURRY_S), FIRST_S)
        self._linked = linked

    def next_wakeup(self) -> float:
        """When ``take_due`` next has something."""
        return min((at for at, _ in self._due.values()), default=NEVER) if self._linked else NEVER

    def take_due(self, now: float) -> list[IntroductionId]:
        """What is to be said again now."""
        if not self._linked:
            return []
        due = [id for id, (at, _) in self._due.items() if at <= now]
        for id in due:
            self._put(id, now, min(2 * self._due[id][1], LAST_S))
        return due

    def _put(self, id: IntroductionId, now: float, wait: float) -> None:
        self._due[id] = (now + wait * uniform(self._entropy, 0.5, 1.5), wait)

"""What another has caused, and does not leave at once: a neighbour that brought the cell would see it.

Knows: when each leaves. Does not know: why.
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.inquiry import SAY_S
from p2pchat.core.session.turns import Nudge, SendWord, Warn
from p2pchat.ports import Entropy, uniform
from p2pchat.wire.recovery import Word

WAITING_MAX = 4
"""What waits to be said, in the session and outside it."""

Delayed = SendWord | Nudge | Warn


class DelayedSteps:
    """The delayed steps of one contact, in the order in which they were caused."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._waiting: list[tuple[float, Delayed]] = []

    def put_step(self, step: Delayed, now: float) -> None:
        """Take a step after a random while, unless too many wait."""
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append((now + uniform(self._entropy, *SAY_S), step))

    def put_words(self, words: Iterable[Word], now: float) -> None:
        """Send each word after a random while."""
        for word in words:
            self.put_step(SendWord(word), now)

    def put_first(self, step: Delayed, now: float) -> None:
        """Make a step due now, because a person wants it."""
        self._waiting.append((now, step))

    def take_due(self, now: float) -> list[Delayed]:
        """Remove and return the steps that are due."""
        due: list[Delayed] = [step for at, step in self._waiting if at <= now]
        self._waiting = [(at, step) for at, step in self._waiting if at > now]
        return due

    def forget_session(self) -> None:
        """Drop the steps that belong to a session that is over; words outside it stay."""
        self._waiting = [(at, step) for at, step in self._waiting if isinstance(step, SendWord)]

    def forget_all(self) -> None:
        """Drop all steps."""
        self._waiting = []

    def next_wakeup(self) -> float:
        """When ``take_due`` next has something."""
        return min((at for at, _ in self._waiting), default=NEVER)

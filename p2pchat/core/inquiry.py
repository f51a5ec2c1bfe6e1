"""Whether the contact answers in our session: so many questions, each with its time to be answered.

Knows: when to ask, and which silence counts. Does not know: what follows from it.

A silence counts only while we can be heard: not before the question has left, not when the link went
meanwhile, and not when this machine slept. (A link that is dead is found out sooner than a question's time is
over: ``link.QUIET_S``.)
"""

from __future__ import annotations

from p2pchat.core.session import Position, Session
from p2pchat.ports import Entropy, uniform

SAY_S = (0.5, 2.5)
"""What another caused does not leave at once."""

QUESTIONS = 4
"""So many go unanswered before nobody is there: single cells may be lost."""

LATE_S = 5.0
"""Whoever looks so much later than it wanted was asleep, and has not listened."""

NEVER = 2.0**53


class Inquiry:
    """One. ``tick`` when ``at`` has come, while there is a link."""

    def __init__(self, entropy: Entropy, now: float, gap_s: float, unanswered: int = 0) -> None:
        """``gap_s``: the time that each question has; ``unanswered``: questions of before."""
        self._entropy = entropy
        self.at = self._soon(now)
        self.unanswered = unanswered
        self.over = False
        """Nobody answers."""
        self.since: Position | None = None
        """Where we stood when we first asked."""
        self._gap_s = gap_s
        self._asked = False

    def tick(self, now: float) -> bool:
        """Whether to ask now."""
        if self.over or now < self.at:
            return False
        if self._asked and now <= self.at + LATE_S:
            self.unanswered += 1
            self.over = self.unanswered >= QUESTIONS
        self._asked, self.at = False, NEVER if self.over else self._soon(now + self._gap_s)
        return not self.over

    def asked(self, before: Position) -> None:
        """The question left; ``before``: where we stood until then."""
        self._asked = True
        if self.since is None:
            self.since = before

    def answered(self, session: Session) -> bool:
        """Whether the contact has shown that it saw a question."""
        return self.since is not None and session.answered(self.since)

    def interrupted(self, now: float) -> None:
        """The link was down: a question that was open may not have been heard. Those that had their time
        before count, also when another run asked them."""
        if not self.over:
            self.at, self._asked = self._soon(now), False

    def begin_again(self, now: float) -> None:
        """What was silent until now does not count."""
        self.at, self.over, self.unanswered, self._asked = self._soon(now), False, 0, False

    def end(self, now: float) -> None:
        """It is known otherwise that nobody answers."""
        self.over, self.at = True, now

    def _soon(self, now: float) -> float:
        return now + uniform(self._entropy, *SAY_S)

"""Whether the contact answers in our session: so many questions, each with its time to be answered.

Knows: when to ask, and which silence counts. Does not know: what follows from it.

A silence counts only while we can be heard: not before the question has left, not when the link went
meanwhile, and not when this machine slept. (A link that is dead is found out sooner than a question's time is
over: ``link.QUIET_S``.) A node that runs for moments asks in each run, and the times in which it listened
add up; an answer to any of the questions, which the mesh keeps meanwhile, ends it.
"""

from __future__ import annotations

from typing import Any

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.own_tags import Position
from p2pchat.core.session.session import CHAIN_BYTES, Session
from p2pchat.ports import Entropy, uniform
from p2pchat.wire.codec import Reader

LISTEN_S = 10.0
"""What each of the questions has to be answered, whether a home is alive in the old session: cells and their
answers take a few seconds, ten with the strong profile. So an ask is answered after forty seconds."""

SAY_S = (0.5, 2.5)
"""What another caused does not leave at once."""

QUESTIONS = 4
"""After so many unanswered questions no home is there: single cells may be lost."""

LATE_S = 5.0
"""A node that looks so much later than planned was asleep, and has not listened."""

MOMENT_S = 3.0
"""A node that stops sooner after a question has not listened at all: what came meanwhile is not caught up on
yet."""


class Inquiry:
    """One question whether a home answers. Call ``tick`` at ``at``, while there is a link. ``moved``: there
    is something to store."""

    def __init__(self, entropy: Entropy, now: float, gap_s: float, counts: bool = True) -> None:
        """``gap_s``: the time that each question has; ``counts``: whether silence says anything yet."""
        self._entropy = entropy
        self._gap_s = gap_s
        self.at = self._soon(now)
        self.over = False
        """No home answers."""
        self.counts = counts
        self.moved = True
        self._unanswered = 0
        self._listened_s = 0.0
        """To the next one; runs of before, too."""
        self._since: Position | None = None
        """Where we stood when we first asked."""
        self._sent_at: float | None = None
        self._vain = 0

    @classmethod
    def restore(cls, entropy: Entropy, kept: Reader, gap_s: float, counts: bool = True) -> Inquiry:
        """Undo ``snapshot``; homes of before kept less."""
        made = cls(entropy, 0.0, gap_s, counts)
        made.moved, made._unanswered = False, kept.get_integer("unanswered", 0, 2**16)
        if "listened_s" in kept:
            made._listened_s = kept.get_float("listened_s", 0.0, gap_s)
            chain, place = kept.get_bytes("chain", limit=CHAIN_BYTES), kept.get_list("place", 2)
            made._since = (chain, place[0], place[1]) if chain else None
        return made

    def snapshot(self) -> dict[str, Any]:
        """Return plain values for the store."""
        self.moved = False
        chain, *place = self._since if self._since is not None else (b"",)
        known = {"unanswered": self._unanswered, "listened_s": self._listened_s}
        return known | {"chain": chain, "place": place}

    def tick(self, now: float) -> bool:
        """Tell whether to ask now."""
        if self.over or now < self.at:
            return False
        had_its_time = self._sent_at is not None and now <= self.at + LATE_S
        quiet = had_its_time and self._silent()
        self._sent_at, self.at = None, NEVER if quiet else self._soon(now + self._time())
        return not quiet

    def _silent(self) -> bool:
        """A question had its time; whether there were enough."""
        if not self.counts:
            self._vain += 1
            return self._vain >= QUESTIONS
        self._unanswered, self._listened_s, self.moved = self._unanswered + 1, 0.0, True
        self.over = self._unanswered >= QUESTIONS
        return self.over

    def _time(self) -> float:
        """What the next question has, after what was listened before."""
        left = self._gap_s - self._listened_s if self._unanswered < QUESTIONS else 0.0
        return max(min(MOMENT_S, self._gap_s), left)

    def on_sent(self, before: Position, now: float) -> None:
        """Note that the question has left; ``before``: our position until then."""
        self._sent_at = now
        if self._since is None:
            self._since, self.moved = before, True

    def is_answered(self, session: Session) -> bool:
        """Whether the contact has shown that it saw a question."""
        return self._since is not None and session.is_answered(self._since)

    def on_stop(self, now: float) -> None:
        """The node stops. Until then it has listened, and if it starts again it goes on."""
        sent_at, self._sent_at = self._sent_at, None
        if sent_at is None or not self.counts or not now - sent_at >= MOMENT_S:
            return
        self._listened_s, self.moved = self._listened_s + now - sent_at, True
        if self._listened_s >= self._gap_s:
            self._unanswered, self._listened_s = self._unanswered + 1, 0.0

    def on_interrupted(self, now: float) -> None:
        """The link was down: a question that was open may not have been heard. Those that had their time
        before count, also when another run asked them."""
        if not self.over:
            self.at, self._sent_at, self._vain = self._soon(now), None, 0

    def start_counting(self, now: float) -> None:
        """Silence counts, from now on."""
        if not self.counts:
            self.counts = True
            self.on_interrupted(now)

    def end_unanswered(self) -> None:
        """End: something else shows that no home answers."""
        self.over, self.at = True, NEVER

    def _soon(self, now: float) -> float:
        return now + uniform(self._entropy, *SAY_S)

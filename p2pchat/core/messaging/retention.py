"""How long what two people say to each other lasts, by a setting both have.

Knows: which decision counts, when a line is to be forgotten, when to look. Does not know: lines, or how
decisions travel.

A decision concerns the lines that are written, or come, after it. Each line keeps the moment at which it is
to be forgotten, so no later decision, ours or theirs, takes it back or brings it nearer.
"""

from __future__ import annotations

from p2pchat.core.values.changes import DropExpiredMessages, DropVersions
from p2pchat.core.values.effects import Effect, Persist
from p2pchat.core.values.records import Contact
from p2pchat.wire.payload import RETENTION_TURN_MAX, Retention

PURGE_S = 20.0
"""Between looks at what is old: such a delay is not noticed, and each look is one question to an index."""

PURGE_MIN_S = 1.0
"""A look is never sooner than this after the last one."""

TURN_STEP = 2**16
"""A contact's decision may be numbered so far beyond the last one. To use the numbers up, so that none is
left for us, takes 2^32 messages."""


class Purge:
    """Has lines forgotten when their time has come."""

    def __init__(self, *, lines_expire: bool, drop_versions: bool = False) -> None:
        """``lines_expire``: whether an earlier run left lines that are to be forgotten some day;
        ``drop_versions``: whether it left earlier texts of lines, which are no longer kept."""
        self._gap = PURGE_S
        self._lines_expire = lines_expire
        self._drop_versions = drop_versions
        self._waits_until = float("-inf")
        self._at: float | None = 0.0 if lines_expire or drop_versions else None

    def line(self, seconds: float, now: float) -> float | None:
        """When a line that is written or comes now, and lasts so long, is to be forgotten; None: never."""
        if not seconds:
            return None
        self._lines_expire = True
        self._gap = min(self._gap, max(PURGE_MIN_S, seconds / 2))
        if self._at is None or self._at > now + self._gap:
            self._at = now + self._gap
        return now + seconds

    def look_after_wait(self, until: float) -> float:
        """Something may wait for its line so long; return that moment."""
        self._waits_until = max(self._waits_until, until)
        if self._at is None:
            self._at = until + PURGE_MIN_S
        return until

    def next_wakeup(self) -> float | None:
        """When to look next; never where all lines last for ever."""
        return self._at

    def due(self, now: float) -> list[Effect]:
        """Forget what is older than it may be."""
        if self._at is None or now < self._at:
            return []
        self._at = now + self._gap if self._lines_expire else None
        if self._at is None and self._waits_until >= now:
            self._at = self._waits_until + PURGE_MIN_S
        versions: list[Effect] = [Persist(DropVersions())] if self._drop_versions else []
        self._drop_versions = False
        return [*versions, Persist(DropExpiredMessages(now))]


def decided(contact: Contact, seconds: float) -> Retention:
    """A decision of ours: it follows all that we know of."""
    return Retention(seconds, min(contact.preferences.lasts_turn + 1, RETENTION_TURN_MAX))


def counts(contact: Contact, decision: Retention) -> bool:
    """Whether it replaces what is set: the later one does; of two that were made at once the shorter. One
    that claims to be far later than any we know of does not count."""
    if decision.turn > contact.preferences.lasts_turn + TURN_STEP:
        return False
    return (decision.turn, -_span(decision.seconds)) > (
        contact.preferences.lasts_turn,
        -_span(contact.preferences.lasts_s),
    )


def outdated(contact: Contact, decision: Retention) -> bool:
    """Whether its maker cannot know what is set here, as after a restored copy, and is to be told."""
    return decision.turn < contact.preferences.lasts_turn


def _span(seconds: float) -> float:
    return seconds or float("inf")

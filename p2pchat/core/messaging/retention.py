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
    """Deletes lines when their retention time is over."""

    def __init__(self, *, lines_expire: bool, drop_versions: bool = False) -> None:
        """``lines_expire``: whether an earlier run left lines that are to be forgotten some day;
        ``drop_versions``: whether it left earlier texts of lines, which are no longer kept."""
        self._gap = PURGE_S
        self._lines_expire = lines_expire
        self._drop_versions = drop_versions
        self._waits_until = float("-inf")
        self._at: float | None = 0.0 if lines_expire or drop_versions else None

    def schedule_line(self, seconds: float, now: float) -> float | None:
        """Return when a line is to be deleted that is written, or comes, now and lasts ``seconds``; None:
        never."""
        if not seconds:
            return None
        self._lines_expire = True
        self._gap = min(self._gap, max(PURGE_MIN_S, seconds / 2))
        if self._at is None or self._at > now + self._gap:
            self._at = now + self._gap
        return now + seconds

    def schedule_wait(self, until: float) -> float:
        """Plan a look for what waits for its line until ``until``; return that moment."""
        self._waits_until = max(self._waits_until, until)
        if self._at is None:
            self._at = until + PURGE_MIN_S
        return until

    def next_wakeup(self) -> float | None:
        """Return when to look next; None if all lines last for ever."""
        return self._at

    def drop_expired(self, now: float) -> list[Effect]:
        """Delete the lines whose time is over."""
        if self._at is None or now < self._at:
            return []
        self._at = now + self._gap if self._lines_expire else None
        if self._at is None and self._waits_until >= now:
            self._at = self._waits_until + PURGE_MIN_S
        versions: list[Effect] = [Persist(DropVersions())] if self._drop_versions else []
        self._drop_versions = False
        return [*versions, Persist(DropExpiredMessages(now))]


def decided(contact: Contact, seconds: float) -> Retention:
    """Make a decision of ours, numbered after all that we know of."""
    return Retention(seconds, min(contact.preferences.retention_turn + 1, RETENTION_TURN_MAX))


def counts(contact: Contact, decision: Retention) -> bool:
    """Tell whether a decision replaces the present one: the later does; of two made at once, the shorter. A
    decision with a number far beyond all that we know does not count."""
    if decision.turn > contact.preferences.retention_turn + TURN_STEP:
        return False
    return (decision.turn, -_span(decision.seconds)) > (
        contact.preferences.retention_turn,
        -_span(contact.preferences.retention_s),
    )


def outdated(contact: Contact, decision: Retention) -> bool:
    """Tell whether the maker of a decision cannot know the present one, as after a restored copy, and must be
    told."""
    return decision.turn < contact.preferences.retention_turn


def _span(seconds: float) -> float:
    return seconds or float("inf")

"""Where two ends stand in their session, as they tell each other outside it.

Knows: when to tell, and what is likely from what is told. Does not know: how to be sure of it (``reunion``).

A word may come late, and a thief with a copy of our keys can say it in the contact's name: only what lies
ahead of us tells anything, and nothing for certain.
"""

from __future__ import annotations

from enum import Enum

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.session import Session
from p2pchat.ports import Entropy, uniform
from p2pchat.wire.recovery import SessionPosition

UNHEARD_S = (600.0, 1200.0)
"""A contact that is not heard for so long is told where we stand: an end that went back far enough hears
nothing else of us."""

MAX_S = 21_600.0
"""Gaps between two such words double up to this."""

REPLY_GAP_S = 600.0
"""Words about where we stand that another causes are at least this far apart."""

FORMER_KNOWN = 8
"""Names of former sessions that are remembered."""


class Seems(Enum):
    """What a word of the contact's makes likely."""

    FINE = "fine"
    BEHIND = "behind"
    """The contact has not heard of all that we have."""
    APART = "apart"
    """We have not heard of all that the contact has, or it is in another session."""


class Standings:
    """What both ends of one session tell about their positions."""

    def __init__(self, entropy: Entropy, former: list[bytes]) -> None:
        """``former``: names of sessions that we have left."""
        self._entropy = entropy
        self.former = former
        self.at = NEVER
        """When to tell where we stand."""
        self._gap = UNHEARD_S[0]
        self._reply_at = 0.0

    def on_connected(self, alone_s: float, now: float) -> None:
        """A link came up, after ``alone_s`` without one: a word that was due meanwhile is as far away as
        then."""
        if self.at == NEVER:
            self.at = now + uniform(self._entropy, *UNHEARD_S) / 4
        else:
            self.at += alone_s

    def on_contact_active(self, now: float) -> None:
        """The contact was heard in the session."""
        self.at = now + uniform(self._entropy, *UNHEARD_S)
        self._gap = UNHEARD_S[0]

    def on_told(self, now: float) -> None:
        """We told our position; the next time is later."""
        self.at = now + self._gap * uniform(self._entropy, 0.8, 1.2)
        self._gap = min(MAX_S, self._gap * 2)

    def should_reply(self, now: float) -> bool:
        """Tell whether to send our position because the contact sent its own."""
        if now < self._reply_at:
            return False
        self._reply_at = now + REPLY_GAP_S
        return True

    def leave_session(self, session: Session) -> None:
        """Remember a session that is no longer ours; the contact may still be in it."""
        self.former = [*self.former, session.name][-FORMER_KNOWN:]

    def judge_position(self, theirs: SessionPosition, session: Session) -> Seems:
        """Return how the contact's told position fits ours, if the contact told it."""
        if theirs.session != session.name:
            return Seems.BEHIND if theirs.session in self.former else Seems.APART
        if theirs.next > session.payloads.next_number:
            return Seems.APART
        if theirs.next < session.payloads.told or theirs.sent < session.payloads.expected:
            return Seems.BEHIND
        return Seems.FINE


def standing(session: Session) -> SessionPosition:
    """Return our position in both directions."""
    return SessionPosition(session.name, session.payloads.expected, session.payloads.next_number)

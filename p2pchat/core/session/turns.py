"""What becomes of a session that is out of step: what people are told, and what is to be done.

Knows: the names. Does not know: when any of it happens (``reunion``), or how it is done (``conversation``).
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from p2pchat.core.session.session import Session
from p2pchat.crypto.envelope import TagDelta
from p2pchat.data import dataclass
from p2pchat.wire.recovery import Word


class Turn(Enum):
    """An event of a session that its two people are told."""

    BEHIND = "behind"
    """This home is not the newest one that the contact knows: it asks for a new session."""
    LOST = "lost"
    """The same, and no recovery keys were exchanged: only pairing again helps."""
    TWIN = "twin"
    """Another copy of this home talks with the contact, and the contact stays with that one."""
    COPIED = "copied"
    """This home talks with the contact, and another copy of it asked to be taken for it."""
    RENEWED = "renewed"
    """We asked, and have a new session."""
    RESTORED = "restored"
    """The contact asked, and we have a new session."""
    TWO = "two"
    """Two copies of the contact's home are in use; the one that lives was kept."""
    RIVALS = "rivals"
    """Two copies of the contact's home want a new session, and no sign shows which is the contact's: neither
    is heeded until the person says so."""


@dataclass(frozen=True, slots=True)
class SendWord:
    """Send a word outside the session."""

    word: Word


@dataclass(frozen=True, slots=True)
class Nudge:
    """Ask in the session whether a home is alive there."""


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell in the session that a copy asked for a new session in the place of the home there."""


@dataclass(frozen=True, slots=True)
class RegisterTags:
    """Change the tags to listen for."""

    delta: TagDelta


@dataclass(frozen=True, slots=True)
class Adopt:
    """Continue in this session."""

    session: Session
    transcript: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tell:
    """Report an event of the session to people."""

    turn: Turn


Step = SendWord | Nudge | Warn | RegisterTags | Adopt | Tell

"""Which of several who ask to begin anew are there. All have the contact's keys; nothing tells a home from
its copy.

Knows: whom to challenge anew, who has asked since. Does not know: what follows from it.

A home that was put back, or started anew without what it asked, leaves an ask behind that nobody stands for.
So all who ask are challenged once more, at the same time: who asks under that challenge is there now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.inquiry import Inquiry
from p2pchat.crypto.recovery import PublicKey
from p2pchat.wire.recovery import AskKeys, Challenge


@dataclass(slots=True)
class Knocked:
    """Whoever knocked, and is to meet a challenge."""

    secret: bytes = field(repr=False)
    """The one in its knock."""
    proved: bytes = field(repr=False)
    """Only who met the challenge knows it."""
    key: PublicKey
    """Of the contact's keys, the one that it was made for."""
    challenge: Challenge
    since: float
    again_at: float = 0.0


@dataclass(slots=True)
class Claimant:
    """Somebody who is there, and has the contact's keys, asks."""

    name: bytes
    knock: bytes
    knocked: bytes = field(repr=False)
    """The secret in its knock."""
    secret: bytes = field(repr=False)
    """``Knocked.proved``."""
    keys: AskKeys
    inquiry: Inquiry
    """Whether another home lives in the session."""
    key: bytes
    """The name of the recovery key that it has shown to have."""
    since: float = 0.0


class Rivals:
    """``knocks``: by name, of those who asked, all with a challenge made just now; ``inquiry``: whether
    another home lives in the session."""

    def __init__(self, knocks: dict[bytes, Knocked], inquiry: Inquiry, now: float) -> None:
        self.inquiry = inquiry
        self.since = now
        self._knocks = knocks
        self._claimants: dict[bytes, Claimant] = {}

    def challenge_of(self, knock: bytes) -> Knocked | None:
        """Its new challenge."""
        return self._knocks.get(knock)

    def note_ask(self, claimant: Claimant, known: Knocked) -> None:
        """Somebody asks; whoever met a challenge of before may be gone."""
        if known.since >= self.since:
            self._claimants[claimant.knock] = claimant

    @property
    def there(self) -> list[Claimant]:
        """Those who have asked since."""
        return list(self._claimants.values())

    def due_challenges(self, now: float, gap_s: float) -> list[Challenge]:
        """What is to be said, again and again, to those who were not heard yet."""
        due = [known for known in self._missing() if now >= known.again_at]
        for known in due:
            known.again_at = now + gap_s
        return [known.challenge for known in due]

    def next_wakeup(self) -> float:
        """When the next challenge is due."""
        return min((known.again_at for known in self._missing()), default=NEVER)

    def _missing(self) -> Iterable[Knocked]:
        return (known for name, known in self._knocks.items() if name not in self._claimants)

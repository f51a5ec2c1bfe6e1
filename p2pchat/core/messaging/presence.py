"""When we last heard a contact, and when we last let them hear us.

Knows: the two clocks of "who is here". Does not know: what was said.
"""

from __future__ import annotations

from p2pchat.ports import Entropy, exponential

HERE_S = 1200.0
"""A contact not heard for this long is no longer shown as here: five mean gaps, one in 150 is longer."""

REFRESH_S = 240.0
"""While a contact is here we let them hear us this often on average; each costs the mesh one cell. The gaps
are exponential: by a period, whoever relays cells would know which come from one writer for one contact."""

GREET_S = (0.1, 1.0)
"""Whom we have just met, or meet in a session that began anew, is greeted within a second."""


class Presence:
    """One contact's presence, both ways. All times are Unix seconds."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._here = False
        self.heard_at: float | None = None
        self.greet_at: float | None = None

    def heard(self, now: float, here: bool = True) -> bool:
        """They spoke (or took leave); True when that changes what is shown."""
        changed = here != self.here(now)
        self._here, self.heard_at = here, now
        if here and self.greet_at is None:
            self.greet_at = now + exponential(self._entropy, REFRESH_S)
        return changed

    def here(self, now: float) -> bool:
        """Whether they count as here."""
        return self._here and self.heard_at is not None and now < self.heard_at + HERE_S

    def lapsed(self, now: float) -> bool:
        """Whether they have just stopped counting as here by silence; True once."""
        if self._here and not self.here(now):
            self._here = False
            return True
        return False

    def greet_by(self, at: float) -> None:
        """Greet at this moment, or before."""
        self.greet_at = at if self.greet_at is None else min(self.greet_at, at)

    def greeted(self, now: float) -> None:
        """We were heard; the next greeting is due only while they are here."""
        self.greet_at = now + exponential(self._entropy, REFRESH_S) if self.here(now) else None

    def lapses_at(self) -> float | None:
        """When they stop counting as here, if nothing is heard."""
        return self.heard_at + HERE_S if self._here and self.heard_at is not None else None

    def next_wakeup(self) -> float | None:
        """When a greeting is due or presence lapses."""
        return min((due for due in (self.greet_at, self.lapses_at()) if due is not None), default=None)

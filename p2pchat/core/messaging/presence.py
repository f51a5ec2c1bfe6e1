"""When we last heard a contact, and when we last let them hear us.

Knows: the two clocks of "who is here". Does not know: what was said.
"""

from __future__ import annotations

from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.ports import Entropy, exponential
from p2pchat.wire.cell import Cell

HERE_S = 1200.0
"""A contact not heard for this long is no longer shown as here: five mean gaps, one in 150 is longer."""

REFRESH_S = 240.0
"""While a contact is here we let them hear us this often on average; each costs the mesh one cell. The gaps
are exponential: from a period, a relay would know which cells go from one writer to one contact."""

GREET_S = (0.1, 1.0)
"""A new contact, or a contact in a new session, is greeted within a second."""

STALE_S = 120.0
"""A cell whose epoch is over for longer was written a while ago. Clocks differ a little, and cells are on
their way for seconds."""


def written_by(cell: Cell, late: bool, now: float) -> float:
    """Return the latest time at which a cell was certainly written: ``now``, unless it is known to be older;
    then the begin of its epoch. ``late``: it was caught up on."""
    begun = cell.epoch * EPOCH_SECONDS
    return min(begun, now) if late or now > begun + EPOCH_SECONDS + STALE_S else now


class Presence:
    """One contact's presence, both ways. All times are Unix seconds."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._here_until: float | None = None
        """When they stop counting as here, if nothing is heard; None: they are not here."""
        self.heard_at: float | None = None
        self.greet_at: float | None = None

    def note_presence(self, now: float, here: bool = True) -> bool:
        """Note that the contact spoke, or said goodbye; True if that changes what is shown."""
        changed = here != self.is_here(now)
        self._here_until = now + HERE_S if here else None
        self.note_life(now)
        if here and self.greet_at is None:
            self.greet_at = now + exponential(self._entropy, REFRESH_S)
        return changed

    def note_life(self, at: float) -> None:
        """Note that the contact wrote at ``at`` or later. We read it late, so it does not make the contact
        present."""
        self.heard_at = at if self.heard_at is None else max(self.heard_at, at)

    def on_late_goodbye(self, now: float) -> bool:
        """Note that the contact said goodbye some time ago, and nothing after that; True if that changes what
        is shown."""
        changed, self._here_until = self.is_here(now), None
        return changed

    def is_here(self, now: float) -> bool:
        """Tell whether the contact counts as present."""
        return self._here_until is not None and now < self._here_until

    def pop_lapse(self, now: float) -> bool:
        """Tell, once, that silence has ended the contact's presence."""
        if self._here_until is not None and not self.is_here(now):
            self._here_until = None
            return True
        return False

    def greet_by(self, at: float) -> None:
        """Greet at ``at`` or before."""
        self.greet_at = at if self.greet_at is None else min(self.greet_at, at)

    def postpone_timers(self, seconds: float) -> None:
        """Move the next greeting on by the time without a link."""
        if self.greet_at is not None:
            self.greet_at += seconds

    def on_greeting_sent(self, now: float) -> None:
        """Schedule the next greeting, which is due only while the contact is present."""
        self.greet_at = now + exponential(self._entropy, REFRESH_S) if self.is_here(now) else None

    def lapses_at(self) -> float | None:
        """Return when the contact stops counting as present, if it stays silent."""
        return self._here_until

    def next_wakeup(self) -> float | None:
        """Return when a greeting is due or the contact's presence ends."""
        return min((due for due in (self.greet_at, self.lapses_at()) if due is not None), default=None)

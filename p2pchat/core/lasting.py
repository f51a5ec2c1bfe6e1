"""How long what two people said to each other lasts, by a setting both have.

Knows: whose decision counts, when lines are old. Does not know: lines, or how decisions travel.
"""

from __future__ import annotations

from p2pchat.core.orders import Order, Persist
from p2pchat.core.records import Contact, DropOldMessages
from p2pchat.wire.payload import Lasting

PURGE_S = 20.0
"""Between looks at what is old: nobody notices so much, and each look is one question to an index."""

STEP_S = 0.001
"""A decision is later than the one it replaces, whatever the clocks say."""


class Purge:
    """Has one contact's lines forgotten when they are old."""

    def __init__(self) -> None:
        self._at = 0.0

    def next_wakeup(self, contact: Contact) -> float | None:
        """When to look next; never where lines last for ever."""
        return self._at if contact.lasts_s else None

    def due(self, contact: Contact, now: float) -> list[Order]:
        """Forget what is older than it may be."""
        if not contact.lasts_s or now < self._at:
            return []
        self._at = now + min(PURGE_S, contact.lasts_s / 2)
        return [Persist(DropOldMessages(contact.id, now - contact.lasts_s))]


def decided(contact: Contact, seconds: float, now: float) -> Lasting:
    """A decision of ours."""
    return Lasting(seconds, max(now, contact.lasts_since + STEP_S))


def counts(contact: Contact, decision: Lasting) -> bool:
    """Whether it replaces what is set: the later one does; of two at the same moment the shorter."""
    return (decision.at, -decision.seconds) > (contact.lasts_since, -contact.lasts_s)

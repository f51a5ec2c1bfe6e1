"""Whether a contact is here, as far as that is known.

Knows: when the node last heard the contact. Does not know: where this is shown.

A contact that is here sends a greeting at random moments, some minutes apart; a node that is killed sends no
goodbye. So presence is known for a short time, and is a guess later.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from p2pchat.control.answers import ContactInfo
from p2pchat.wording.lines import local_time

LATELY_S: Final = 180.0
"""A contact that was heard within this time counts as here. The mean gap between two greetings is a minute
longer."""


def seen(contact: ContactInfo, linked: bool, now: datetime) -> bool | None:
    """Whether a contact is here; None where that is not known. ``linked``: whether we have any link at
    all."""
    if not linked or contact.here is None:
        return None
    if contact.here and _silent_s(contact, now) >= LATELY_S:
        return None
    return contact.here


def presence(contact: ContactInfo, linked: bool, now: datetime) -> str:
    """``here``, ``away``, ``heard 4 min ago``, or that the state is not known."""
    if not linked or contact.here is None:
        return "no link: here or away is not known"
    short = whereabouts(contact, linked, now)
    return short if seen(contact, linked, now) is not None else f"heard {short}"


def whereabouts(contact: ContactInfo, linked: bool, now: datetime) -> str:
    """The same in at most 10 characters."""
    known = seen(contact, linked, now)
    if known is not None:
        return "here" if known else "away"
    if not linked or contact.here is None:
        return "unknown"
    return f"{_silent_s(contact, now) // 60:.0f} min ago"


def _silent_s(contact: ContactInfo, now: datetime) -> float:
    seen_at = contact.heard_at
    return (now - local_time(seen_at)).total_seconds() if seen_at else 0.0

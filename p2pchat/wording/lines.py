"""How messages, times and states are printed.

Knows: the layout of one line. Does not know: where it is printed.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from p2pchat.control.events import ContactEvent, HistoryLine
from p2pchat.control.values import given
from p2pchat.errors import UsageError
from p2pchat.text import harmless_name, one_line
from p2pchat.wording.references import answered_words, line_marks

MARKS: Final = {"queued": "·", "relayed": "✓", "delivered": "✓✓", "expired": "✗", "cancelled": "✗"}
"""The known delivery state of an outgoing message."""

_SPANS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def local_time(at: str) -> datetime:
    """Read an event's time (ISO 8601, UTC) as local time. A time outside the calendar becomes the epoch."""
    try:
        return datetime.fromisoformat(at).astimezone()
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0).astimezone()


def clock_time(at: str, clock: str) -> str:
    """The time of day of an event, of constant width: ``17:05``, or `` 5:05 pm`` where ``clock`` is
    ``12h``."""
    when = local_time(at)
    if clock != "12h":
        return f"{when:%H:%M}"
    return f"{when.hour % 12 or 12:2}:{when:%M} {'am' if when.hour < 12 else 'pm'}"


def message_line(message: HistoryLine, *, named: bool = False) -> str:
    """``2026-01-02 03:04:05 bob: [re ann: shall we?] hi``, and after it the marks of the line. ``named``: a
    room stands in front of the sender."""
    at = local_time(message.at).strftime("%Y-%m-%d %H:%M:%S")
    answers = f"[{answered_words(message.reply_to)}] " if message.reply_to is not None else ""
    room = f"{harmless_name(message.room)}  " if named and message.room is not None else ""
    line = f"{at}  {room}{harmless_name(message.sender)}: {answers}{one_line(message.text)}"
    return "  ".join([line.rstrip(), *(f"[{mark}]" for mark in line_marks(message))])


def span(text: str) -> float | None:
    """Read ``30s``, ``1d``, ``4w`` as seconds; ``off`` as None. Raises UsageError on anything else."""
    if text.strip().lower() in ("off", "never"):
        return None
    match = re.fullmatch(r"([0-9]{1,6})\s*([smhdw])", text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is not a span of time; write 30m, 8h, 1d, 4w or off")
    return timedelta(**{_SPANS[match[2]]: int(match[1])}).total_seconds()


def span_words(seconds: float) -> str:
    """``1 day``, ``8 hours``: in the largest unit that gives a whole number."""
    for size, unit in ((604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and not seconds % size:
            return f"{seconds / size:g} {unit}{'s' * (seconds != size)}"
    return f"{seconds:g} seconds"


def contact_line(event: ContactEvent) -> str:
    """``bob: verified``, or the new setting of disappearing messages."""
    name = harmless_name(event.name)
    if event.change == "over quota":
        return f"{name} has sent as much as one contact may in a day; further messages wait at their node"
    if event.change != "disappearing":
        return f"{name}: {event.change}"
    by = name if (given(event.by) or event.name) == event.name else "you"
    return f"{name}: what you two say from now on {lifetime(given(event.disappear))} (set by {by})"


def lifetime(seconds: float | None) -> str:
    """``disappears after 1 day``, or that it does not."""
    return "does not disappear" if seconds is None else f"disappears after {span_words(seconds)}"


def moment(text: str, now: datetime) -> datetime:
    """Read ``2h``, ``3d``, ``2026-01-02`` or ``2026-01-02T03:04``, the last two in local time unless they
    name a zone.

    Raises UsageError on anything else.
    """
    try:
        if match := re.fullmatch(r"([0-9]{1,6})\s*([smhdw])", text.strip().lower()):
            return now - timedelta(**{_SPANS[match[2]]: int(match[1])})
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a time; write 2h, 3d, 2026-01-02 or 2026-01-02T03:04") from None

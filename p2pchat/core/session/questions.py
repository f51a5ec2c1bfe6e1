"""The questions in a session, for all parts that need to know whether a home is there.

Knows: that one question does for all inquiries that are due. Does not know: what any of them is for.
"""

from __future__ import annotations

from collections.abc import Callable

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.inquiry import Inquiry
from p2pchat.core.session.own_tags import Position


class Questions:
    """The questions asked in one session."""

    def __init__(self, list_inquiries: Callable[[], list[Inquiry]]) -> None:
        """``list_inquiries``: those that are open now."""
        self._list_inquiries = list_inquiries
        self._due: list[Inquiry] = []
        """Whose question is about to leave."""

    @property
    def moved(self) -> bool:
        """Whether there is something to keep."""
        return any(inquiry.moved for inquiry in self._list_inquiries())

    def next_wakeup(self) -> float:
        """When ``ask_due`` is next due."""
        return min((inquiry.at for inquiry in self._list_inquiries()), default=NEVER)

    def ask_due(self, now: float) -> bool:
        """Whether to ask now."""
        self._due = [inquiry for inquiry in self._list_inquiries() if inquiry.tick(now)]
        return bool(self._due)

    def note_question(self, before: Position, now: float) -> None:
        """A question was asked. ``before``: the position of the session until then."""
        for inquiry in self._due:
            inquiry.on_sent(before, now)
        self._due = []

    def interrupt_all(self, now: float) -> None:
        """A link came up: a silence of before does not count."""
        for inquiry in self._list_inquiries():
            inquiry.on_interrupted(now)

    def stop_all(self, now: float) -> None:
        """The node stops, with a link."""
        for inquiry in self._list_inquiries():
            inquiry.on_stop(now)

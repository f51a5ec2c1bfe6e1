"""The messages of a conversation that are loaded, oldest first, and the lines they take.

Knows: which message has which lines. Does not know: which of them are in view, or where messages come from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate
from typing import Any, Final

from p2pchat.chat.lines import ChatLine
from p2pchat.chat.widths import count_columns
from p2pchat.tui.layout import Entry, Look, arrange, entry_of, shown_name
from p2pchat.wording.lines import local_time

LOADED_MAX: Final = 2000
"""Messages laid out at once; what is farther from view is dropped and asked for again."""


class MessageList:
    """``on_change`` is told after each change how many lines came to be above what is in view; fewer than
    none if some went."""

    def __init__(self, on_change: Callable[[int], None]) -> None:
        self._on_change = on_change
        self.entries: list[Entry] = []
        self._by_id: dict[str, Entry] = {}
        self.starts: list[int] = [0]
        """Where each entry's lines begin, and where all end."""
        self.width = 0
        self._names = 0
        """Cells of the longest name."""
        self._unread: str | None = None
        self._look = Look()
        self._newest_own: Entry | None = None
        """Our newest message in a room."""
        self.oldest = True
        """Nothing came before what is loaded."""
        self.newest = True
        """Nothing comes after it."""

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def total(self) -> int:
        """All lines."""
        return self.starts[-1]

    # --- what is there

    def find_entry(self, id: str | None) -> Entry | None:
        """Find a message that is loaded, with its lines."""
        return self._by_id.get(id or "")

    def find_message(self, id: str | None) -> ChatLine | None:
        """Find a message that is loaded."""
        entry = self.find_entry(id)
        return entry.message if entry is not None else None

    def missing_from(self, messages: Sequence[ChatLine]) -> list[ChatLine]:
        """List the messages that are loaded, but are not among these."""
        there = {message.id for message in messages}
        return [entry.message for entry in self.entries if entry.message.id not in there]

    def line_at(self, y: int) -> tuple[int, int]:
        """Find which entry's line is at ``y``, and which of its lines."""
        place = max(0, bisect_right(self.starts, y, hi=max(1, len(self.entries))) - 1)
        return place, y - self.starts[place]

    def headings_of(self, place: int) -> list[tuple[str, str]]:
        """List the lines that stand above an entry, each a kind and a title: a new day, what is unread."""
        entry = self.entries[place]
        above = []
        if not place or self.entries[place - 1].day != entry.day:
            above.append(("day", f"{entry.day:%A} {entry.day.day} {entry.day:%B %Y}"))
        if entry.message.id == self._unread:
            after = [later.message for later in self.entries[place:]]
            count = sum(not (message.outgoing or message.notice) for message in after)
            above.append(("unread", f"{count} new"))
        return above

    # --- what becomes of it

    def load_messages(
        self,
        messages: Iterable[ChatLine],
        *,
        oldest: bool = True,
        newest: bool = True,
        unread: str | None = None,
    ) -> None:
        """Have these messages and no others. ``unread`` is the first that was not read yet."""
        self.entries = [entry_of(message) for message in messages]
        self._by_id.clear()
        self.oldest, self.newest, self._unread = oldest, newest, unread
        self._names = 0
        self._wrap_entries(self.entries)

    def add_message(self, message: ChatLine) -> bool:
        """Add a message that was said just now, if the newest are loaded; False if it was there, and may say
        something else now."""
        known = self._by_id.get(message.id)
        if known is not None:
            known.message = message
            self._wrap_entries([known])
            return False
        if self.newest:
            self.entries.append(entry_of(message))
            self._wrap_entries(self.entries[-1:])
            self._drop(first=True)
        return True

    def add_page(self, messages: Sequence[ChatLine], *, before: bool, last: bool) -> None:
        """Add older or newer messages; ``last``: they are the end of the history."""
        added = [entry_of(message) for message in messages if message.id not in self._by_id]
        if before:
            self.oldest = last
            self.entries[:0] = added
            self._wrap_entries(added, above=True)
            self._drop(first=False)
        else:
            self.newest = last
            self.entries += added
            self._wrap_entries(added)
            self._drop(first=True)

    def replace_message(self, message: ChatLine) -> None:
        """Have it say something else, if it is loaded."""
        if message.id in self._by_id:
            self.add_message(message)

    def renew_replies(self, id: str, beginning: str) -> None:
        """What replies to a message say of it."""
        for entry in self.entries:
            if entry.message.answers_id == id:
                entry.message = replace(entry.message, answers=beginning)
                self._wrap_entries([entry])

    def change_message(self, id: str, **changes: Any) -> None:
        """Have a message other fields, if it is loaded: one of ours has come further."""
        entry = self._by_id.get(id)
        if entry is not None:
            entry.message = replace(entry.message, **changes)
            self._wrap_entries([entry])

    def remove_message(self, id: str) -> None:
        """Remove it, if it is loaded."""
        entry = self._by_id.pop(id, None)
        if entry is not None:
            self.entries.remove(entry)
            self._wrap_entries([])

    def remove_expired(self, now: float) -> None:
        """Remove messages whose time has come; Unix seconds."""
        for entry in list(self.entries):
            expires = entry.message.expires_at
            if expires is not None and local_time(expires).timestamp() < now:
                self.remove_message(entry.message.id)

    def set_unread(self, id: str | None) -> None:
        """Draw a line before the first unread message; None: all messages are read."""
        if id != self._unread:
            self._unread = id
            self._wrap_entries([])

    def begin_unread(self, id: str) -> None:
        """Mark this message and all later ones as unread; earlier messages stay as they are."""
        if self._unread not in self._by_id:
            self.set_unread(id)

    def toggle_fold(self, id: str | None) -> None:
        """Show all of a long message, or fold it again."""
        entry = self.find_entry(id)
        if entry is not None:
            entry.unfolded = not entry.unfolded
            self._wrap_entries([entry])

    # --- layout

    def set_look(self, **changes: Any) -> None:
        """Draw lines otherwise from now on (``Look``)."""
        before, self._look = self._look, replace(self._look, **changes)
        if replace(before, lacking=()) != replace(self._look, lacking=()):
            self._wrap_entries(self.entries)
        elif before != self._look and self._newest_own is not None:
            self._wrap_entries([self._newest_own])

    def set_width(self, width: int) -> None:
        """Wrap anew, in so many cells."""
        self.width = width
        self._wrap_entries(self.entries)

    def _wrap_entries(self, added: Sequence[Entry], *, above: bool = False) -> None:
        """Reckon the lines of some entries anew, and the places of all. ``above``: what came is not in
        view."""
        longest = max((count_columns(shown_name(entry.message)) for entry in added), default=0)
        if longest > self._names:
            self._names, added = longest, [*self.entries, *added]
        for entry in added:
            self._by_id[entry.message.id] = entry
        for entry in (*added, *self._change_newest()):
            newest = entry is self._newest_own
            arrange(entry, self.width, self._names, self._look, newest=newest)
        before = self.total
        self._place_lines()
        self._on_change(self.total - before if above else 0)

    def _change_newest(self) -> list[Entry]:
        """Find our newest message in a room; if it is another now, return it and the one before, as far as
        they are loaded."""
        newest = next((entry for entry in reversed(self.entries) if _is_ours(entry.message)), None)
        before, self._newest_own = self._newest_own, newest
        changed = (before, newest) if before is not newest else ()
        return [
            entry for entry in changed if entry is not None and self.find_entry(entry.message.id) is entry
        ]

    def _place_lines(self) -> None:
        day: date | None = None
        heights = []
        for entry in self.entries:
            above = (entry.day != day) + (entry.message.id == self._unread)
            heights.append(len(entry.lines) + above)
            day = entry.day
        self.starts = [0, *accumulate(heights)]

    def _drop(self, *, first: bool) -> None:
        """Let go of what is farthest from view."""
        too_many = len(self.entries) - LOADED_MAX
        if too_many <= 0:
            return
        lines = self.starts[too_many] if first else 0
        if first:
            gone, self.entries = self.entries[:too_many], self.entries[too_many:]
            self.oldest = False
        else:
            gone, self.entries = self.entries[-too_many:], self.entries[:-too_many]
            self.newest = False
        for entry in gone:
            del self._by_id[entry.message.id]
        self._place_lines()
        self._on_change(-lines)


def ids_of(entries: Iterable[Entry]) -> list[str]:
    """The ids of messages, without what only tells of a change."""
    return [entry.message.id for entry in entries if not entry.message.notice]


def _is_ours(message: ChatLine) -> bool:
    return message.in_room and message.outgoing

"""Entries of a membership log that wait: for their parents, or for a member that speaks for them.

Knows: what waits for what, what goes when there is too much. Does not know: what may be placed (``log``).

An entry that is not proved may be invented. It counts here only if something that counts was
built upon it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from p2pchat.core.kit.table import Table
from p2pchat.data import dataclass
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_log import RoomEntry

WAITING_MAX = 512
"""1.1 MB at most. What goes is the oldest for which nothing speaks, or the oldest; it is asked for again."""

WAITING_OF_AUTHOR_MAX = 64


@dataclass(slots=True)
class WaitingEntry:
    """One of them."""

    entry: RoomEntry
    proved: bool
    named: bool
    """Whether something that counts was built upon it."""

    @property
    def counts(self) -> bool:
        """Whether it is to be placed once its parents are."""
        return self.proved or self.named


class WaitingEntries:
    """All of a log."""

    def __init__(self) -> None:
        self._entries: Table[EntryId, WaitingEntry] = Table(WAITING_MAX)
        self._children: defaultdict[EntryId, set[EntryId]] = defaultdict(set)

    def __contains__(self, id: EntryId) -> bool:
        return id in self._entries

    def find_entry(self, id: EntryId) -> WaitingEntry | None:
        """Find a waiting entry."""
        return self._entries.get(id)

    def keep_entry(self, id: EntryId, entry: RoomEntry, *, proved: bool, named: bool) -> None:
        """Let an entry wait; one more than there may be makes another go."""
        waiting = WaitingEntry(entry, proved, named or self._is_built_upon(id))
        theirs = [other for other, kept in self._entries.items() if kept.entry.author == entry.author]
        if len(theirs) >= WAITING_OF_AUTHOR_MAX:
            self.drop_entry(self._least_of(theirs))
        elif len(self._entries) >= WAITING_MAX:
            self.drop_entry(self._least_of(list(self._entries)))
        self._entries.put(id, waiting)
        for parent in entry.parents:
            self._children[parent].add(id)

    def drop_entry(self, id: EntryId) -> None:
        """Forget an entry; what waits for it goes on waiting."""
        waiting = self._entries.pop(id)
        for parent in waiting.entry.parents:
            self._children[parent].discard(id)
            if not self._children[parent]:
                del self._children[parent]

    def drop_children(self, parent: EntryId) -> list[tuple[EntryId, MemberId]]:
        """Forget what waits for an entry, and what waits for that. Return ids and authors."""
        dropped: list[tuple[EntryId, MemberId]] = []
        gone = [parent]
        while gone:
            for child in self.list_children(gone.pop()):
                dropped.append((child, self._entries[child].entry.author))
                self.drop_entry(child)
                gone.append(child)
        return dropped

    def list_children(self, parent: EntryId) -> list[EntryId]:
        """List what waits for an entry."""
        return sorted(self._children.get(parent, ()))

    def name_ancestors(self, id: EntryId) -> list[EntryId]:
        """Return a waiting entry and all that it is built upon and waits itself. If it counts, they do."""
        found: dict[EntryId, None] = {id: None}
        pending = [id]
        while pending:
            waiting = self._entries[pending.pop()]
            for parent in waiting.entry.parents:
                known = self._entries.get(parent)
                if known is not None and parent not in found:
                    known.named |= waiting.counts
                    found[parent] = None
                    pending.append(parent)
        return list(found)

    def list_awaited(self) -> list[EntryId]:
        """List parents of what counts, the longest awaited first, that do not wait themselves."""
        counting = (waiting.entry for waiting in self._entries.values() if waiting.counts)
        parents = dict.fromkeys(parent for entry in counting for parent in entry.parents)
        return [parent for parent in parents if parent not in self._entries]

    def list_unproved(self) -> list[EntryId]:
        """List what nothing speaks for."""
        return [id for id, waiting in self._entries.items() if not waiting.counts]

    def _is_built_upon(self, id: EntryId) -> bool:
        return any(self._entries[child].counts for child in self._children.get(id, ()))

    def _least_of(self, ids: Collection[EntryId]) -> EntryId:
        return next((id for id in ids if not self._entries[id].counts), next(iter(ids)))

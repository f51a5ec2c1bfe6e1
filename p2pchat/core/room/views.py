"""What each other member shows to know of the log, by the heads that it names.

Knows: since when a member has named the same heads, and what they leave out. Does not know: who writes what
then.

A member names only entries that it applies. If one goes on for an hour without an entry that it has been
sent, its MAC for that entry is wrong, or stands under a period that is lost to it. An entry of a senior that
builds upon both makes it apply.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Final

from p2pchat.core.room.graph import EntryGraph, members_of
from p2pchat.core.room.roster import RoomRoster, list_juniors
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import StrikeEntries, split_ids

STALE_S: Final = 3600.0
"""What a member lacks comes within minutes, where it can be had at all."""

LACKING_MAX: Final = 64
"""Entries that are noted of one member, the oldest first."""


class MemberViews:
    """One room's."""

    def __init__(self) -> None:
        self._lacking: dict[MemberId, dict[int, tuple[float, float]]] = {}
        """Of each member the entries that its heads leave out, by their indices: when it first did so, and
        when last."""
        self._known: tuple[RoomRoster | None, int] = (None, 0)
        """A roster, and what is applied in it as a set of indices."""

    def note_heads(
        self, member: MemberId, heads: bytes, graph: EntryGraph, roster: RoomRoster, now: float
    ) -> None:
        """A member has named heads of the log under a right MAC, 32 bytes each."""
        known = 0
        for head in split_ids(heads):
            at = graph.index.get(EntryId(head))
            known |= graph.pasts[at] | 1 << at if at is not None else 0
        before = self._lacking.get(member, {})
        lacking = islice(members_of(self._list_applied(graph, roster) & ~known), LACKING_MAX)
        self._lacking[member] = {at: (before.get(at, (now, now))[0], now) for at in lacking}

    def keep_only(self, members: Collection[MemberId]) -> None:
        """Forget the others."""
        self._lacking = {member: entries for member, entries in self._lacking.items() if member in members}

    def is_merge_due(self, graph: EntryGraph, roster: RoomRoster, own: MemberId) -> bool:
        """Whether a member goes on without an entry of ours, or of a junior, that we have not built upon
        yet: we do it twice, and what is invented of a view costs us two entries."""
        late = {
            at
            for entries in self._lacking.values()
            for at, (first, last) in entries.items()
            if last - first >= STALE_S
        }
        if not late:
            return False
        juniors = list_juniors(roster, own)
        past = _list_built_upon(graph, own)
        applied = self._list_applied(graph, roster) & ~past
        return any(applied >> at & 1 and graph.entries[at].author in juniors for at in late)

    def _list_applied(self, graph: EntryGraph, roster: RoomRoster) -> int:
        if self._known[0] is not roster:
            entries = roster.counted | {departure.entry for departure in roster.departures.values()}
            self._known = roster, sum(1 << graph.index[id] for id in entries)
        return self._known[1]


def _list_built_upon(graph: EntryGraph, own: MemberId) -> int:
    """What is in the past of our last entry, and that entry itself where it and the one before only merged: a
    first one may have been written when the member was not heard yet, under a period that it has not."""
    written = [at for at in range(len(graph)) if graph.entries[at].author == own][-2:]
    merges = [at for at in written if graph.entries[at].action == StrikeEntries()]
    return (graph.pasts[written[-1]] | (1 << written[-1] if len(merges) > 1 else 0)) if written else 0

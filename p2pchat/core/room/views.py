"""What each other member shows to know of the log, by the heads that it names.

Knows: since when a member has named the same heads, and what they leave out. Does not know: who writes what
then.

A member names only entries that it applies. If one goes on for an hour without an entry that it has been
sent, its MAC for that entry is wrong, or stands under a period that is lost to it. An entry of a senior that
builds upon both makes it apply.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from p2pchat.core.room.graph import EntryGraph, members_of
from p2pchat.core.room.roster import RoomRoster, list_juniors
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import split_ids

STALE_S: Final = 3600.0
"""What a member lacks comes within minutes, where it can be had at all."""


@dataclass(slots=True)
class _View:
    heads: bytes
    since: float
    lacks: int
    """What they leave out, of what was here when the member first named them: a set of indices."""


class MemberViews:
    """One room's."""

    def __init__(self) -> None:
        self._views: dict[MemberId, _View] = {}

    def note_heads(
        self, member: MemberId, heads: bytes, graph: EntryGraph, roster: RoomRoster, now: float
    ) -> None:
        """A member has named heads of the log under a right MAC, 32 bytes each."""
        view = self._views.get(member)
        if view is not None and view.heads == heads:
            return
        known = 0
        for head in split_ids(heads):
            at = graph.index.get(EntryId(head))
            known |= graph.pasts[at] | 1 << at if at is not None else 0
        applied = sum(1 << graph.index[id] for id in _list_applied(roster))
        self._views[member] = _View(heads, now, applied & ~known)

    def keep_only(self, members: Collection[MemberId]) -> None:
        """Forget the others."""
        self._views = {member: view for member, view in self._views.items() if member in members}

    def is_merge_due(self, graph: EntryGraph, roster: RoomRoster, own: MemberId, now: float) -> bool:
        """Whether a member goes on without an entry of ours, or of a junior, that we have not built upon
        yet: we do it once, and what is invented of a view costs no more than that."""
        late = [view for view in self._views.values() if view.lacks and now - view.since >= STALE_S]
        if not late:
            return False
        juniors, applied, past = list_juniors(roster, own), _list_applied(roster), 0
        for at, entry in enumerate(graph.entries):
            past |= graph.pasts[at] | 1 << at if entry.author == own else 0
        return any(
            graph.ids[at] in applied and graph.entries[at].author in juniors
            for view in late
            for at in members_of(view.lacks & ~past)
        )


def _list_applied(roster: RoomRoster) -> frozenset[EntryId]:
    return roster.counted | {departure.entry for departure in roster.departures.values()}

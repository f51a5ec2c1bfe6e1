"""The owners of a room, one after the other, and the admins that they made.

Knows: the owners' line, which depends on the owners' entries and on leaves alone. Does not know: what admins
wrote (``roster``).

An owner's entries count from its beginning to its leave or hand-over, so all that count are in one order:
each has those before in its past.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from p2pchat.core.room.graph import EntryGraph
from p2pchat.data import dataclass
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import (
    AddMember,
    FoundRoom,
    HandOver,
    LeaveRoom,
    RemoveMember,
    RenameRoom,
    SetRole,
    SetRoomRetention,
    StrikeEntries,
)

Members = Callable[[int], Sequence[MemberId]]
"""Gives the roster as of an entry's past."""


@dataclass(frozen=True, slots=True)
class Reign:
    """One owner, from the entry that made it so to the one that ended it."""

    owner: MemberId
    start: int
    end: int | None


@dataclass(slots=True)
class Tenure:
    """One admin, from its appointment to its demotion. Its rank is its place among all of them."""

    admin: MemberId
    start: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Which entries are looked at, and which of them are proved, as sets of indices."""

    graph: EntryGraph
    within: int
    proved: int

    def list_leaves(self, member: MemberId, *, proved: bool = True) -> list[int]:
        """List the leaves of a member that are proved, or those that are not."""
        mask = self.within & (self.proved if proved else ~self.proved)
        return [leave for leave in self.graph.leaves.get(member, ()) if mask >> leave & 1]


class OwnerLine:
    """What the owners decided."""

    def __init__(self, view: View, list_members_before: Members) -> None:
        self.reigns: list[Reign] = []
        self.tenures: list[Tenure] = []
        self.counted: list[int] = []
        self.admitted: set[MemberId] = set()
        """The members that they added or gave an office."""
        self.removals: defaultdict[MemberId, list[int]] = defaultdict(list)
        self.struck: set[EntryId] = set()
        self.name = ""
        self.retention_s = 0
        self._view = view
        self._graph = view.graph
        self._list_members_before = list_members_before
        self._follow_owners()

    @property
    def owner(self) -> MemberId | None:
        """The present one."""
        last = self.reigns[-1]
        return last.owner if last.end is None else None

    def holds_reign(self, member: MemberId, at: int) -> Reign | None:
        """Find a reign of a member that an entry did not know to be over."""
        for reign in self.reigns:
            if reign.owner == member and (reign.end is None or not self._graph.has_in_past(at, reign.end)):
                return reign
        return None

    def is_owners_entry(self, at: int) -> bool:
        """Whether an entry's author was the owner when it wrote it, as far as it knew."""
        reign = self.holds_reign(self._graph.entries[at].author, at)
        return reign is not None and (not reign.start or self._graph.has_in_past(at, reign.start))

    def _follow_owners(self) -> None:
        founding = self._graph.entries[0].action
        if isinstance(founding, FoundRoom):
            self.name = founding.name
        owner: MemberId | None = MemberId(self._graph.ids[0])
        start = 0
        while owner is not None:
            self.admitted.add(owner)
            end = self._hold_reign(owner, start)
            self.reigns.append(Reign(owner, start, end))
            if end is None:
                return
            self._end_tenure(owner, end)
            owner, start = next(self._list_successors(owner, end), None), end

    def _hold_reign(self, owner: MemberId, start: int) -> int | None:
        """Count an owner's entries; return the one that ends it."""
        line = self._graph.walk_line(owner, self._view.within & self._view.proved, 0, ())
        for at in line:
            if start and not self._graph.has_in_past(at, start):
                continue
            self.counted.append(at)
            if self._take_decision(owner, at):
                return at
        stray = [leave for leave in self._view.list_leaves(owner) if leave not in line]
        return min(stray, key=self._graph.ids.__getitem__, default=None)

    def _take_decision(self, owner: MemberId, at: int) -> bool:
        """Do what an entry says. Return whether it ends the reign."""
        match self._graph.entries[at].action:
            case LeaveRoom():
                return True
            case HandOver(member=member):
                return self._can_own(member, owner, at)
            case AddMember():
                self.admitted.add(MemberId(self._graph.ids[at]))
            case RemoveMember(member=member) if member != owner and self._is_known(member, at):
                self.removals[member].append(at)
            case SetRole(member=member, admin=True) if member != owner and self._is_known(member, at):
                self._begin_tenure(member, at)
            case SetRole(member=member, admin=False):
                self._end_tenure(member, at)
            case StrikeEntries(entries=entries):
                self.struck |= {entry for entry in entries if self._is_strikable(entry)}
            case RenameRoom(name=name):
                self.name = name
            case SetRoomRetention(seconds=seconds):
                self.retention_s = seconds
        return False

    def _list_successors(self, owner: MemberId, end: int) -> Iterator[MemberId]:
        """The members that can be owner after an entry that ended a reign; the first becomes owner."""
        action = self._graph.entries[end].action
        if isinstance(action, HandOver):
            yield action.member
        elif isinstance(action, LeaveRoom):
            yield from (heir for heir in action.heirs if self._can_own(heir, owner, end))
            members = self._list_members_before(end)
            yield from (member for member in members if self._can_own(member, owner, end))

    def _can_own(self, member: MemberId, owner: MemberId, at: int) -> bool:
        """Whether a member can be owner by an entry: it was in, and has not left without knowing of it."""
        leaves = self._view.list_leaves(member)
        return (
            member != owner
            and self._is_known(member, at)
            and all(self._graph.has_in_past(leave, at) for leave in leaves)
        )

    def _is_known(self, member: MemberId, at: int) -> bool:
        """Whether an entry's author knew a member that no owner has removed."""
        letting_in = self._graph.find_member(member)
        return (
            letting_in is not None and self._graph.has_in_past(at, letting_in) and member not in self.removals
        )

    def _is_strikable(self, entry: EntryId) -> bool:
        """Whether an owner can strike an entry: what owners wrote stands, and a leave counts always."""
        at = self._graph.index.get(entry)
        if at is None:
            return True
        author = self._graph.entries[at].author
        return (
            not isinstance(self._graph.entries[at].action, LeaveRoom | FoundRoom)
            and at not in self.counted
            and author != self._graph.entries[self.counted[-1]].author
        )

    def _begin_tenure(self, member: MemberId, at: int) -> None:
        if all(tenure.end is not None for tenure in self.tenures if tenure.admin == member):
            self.tenures.append(Tenure(member, at))
            self.admitted.add(member)

    def _end_tenure(self, member: MemberId, at: int) -> None:
        for tenure in self.tenures:
            if tenure.admin == member and tenure.end is None:
                tenure.end = at

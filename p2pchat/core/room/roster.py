"""The members of a room: the rule that is weighed by office, never by clock or arrival.

Knows: which entries count, which members they add and remove. Does not know: how entries come, keys, or what
is told to people.

The owners' entries come first (``offices``), then those of each admin in the order of appointment. So what
counts of one office depends on those before it alone, and on leaves, which count always:

- An admin's entry counts if its appointment is in its past, and if each removal and demotion of its author
  that counts has *it* in its past: what a revoked admin writes late, upon old parents, never counts.
- An entry that is not proved to us counts if an entry that counts has it in its past, whose author might
  have made it itself.
- Where an author's line forks, the branch that a senior took in counts, else the one that was here first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping

from p2pchat.core.room.graph import EntryGraph, members_of
from p2pchat.core.room.offices import OwnerLine, Tenure, View
from p2pchat.data import dataclass
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import AddMember, LeaveRoom, RemoveMember, StrikeEntries
from p2pchat.wire.room_cells import MEMBERS_MAX


@dataclass(frozen=True, slots=True)
class Departure:
    """How a former member went out."""

    entry: EntryId
    """The removal or leave; of several that did not know of each other the one of the highest office."""
    next_number: int
    """Its messages below this count."""


@dataclass(frozen=True, slots=True)
class VoidedRemoval:
    """A removal that does not count, so that its member is in: all are told, and the owner is asked."""

    removal: EntryId
    member: MemberId
    by: EntryId
    """What voids it: the revocation of its author, a strike, or what made its member owner."""


@dataclass(frozen=True, slots=True)
class RoomRoster:
    """The members, and the other results of the log."""

    members: tuple[MemberId, ...]
    """At most ``MEMBERS_MAX``: the owner, the admins in their order, then members in order of arrival."""
    owner: MemberId | None
    """None: the owner left, and no member is in."""
    admins: tuple[MemberId, ...]
    unplaced: tuple[MemberId, ...]
    """Members without a place: two sides of a partition have let in more than a room has."""
    departures: Mapping[MemberId, Departure]
    name: str
    retention_s: int
    """0: nothing disappears."""
    counted: frozenset[EntryId]
    struck: frozenset[EntryId]
    voided: tuple[VoidedRemoval, ...]
    unsettled: tuple[EntryId, ...]
    """Entries that would count if their MACs for us were right: a member was shown other MACs."""
    aside: frozenset[EntryId]
    """All entries that are not to be built upon: those, and branches of a line that do not count."""


def reckon_roster(graph: EntryGraph) -> RoomRoster:
    """Work out the roster. The same entries, of which the same are proved, give the same roster, in any
    order of arrival, except for forks that no senior has settled."""
    return _Reckoning(View(graph, (1 << len(graph)) - 1, graph.proved), {}).to_roster()


def reckon_rosters_at(graph: EntryGraph, heads: Iterable[EntryId]) -> list[RoomRoster]:
    """Work out the roster of a member who knows these heads and their pasts.

    The first roster returned applies the entries that are proved to us. If some are not, a second one applies
    all of them: a member names only heads that it applies itself, so what is not proved to us is, as a rule,
    proved to that member. Returns no roster if a head is not here."""
    within = 0
    for head in heads:
        at = graph.index.get(head)
        if at is None:
            return []
        within |= graph.pasts[at] | 1 << at
    proofs = dict.fromkeys((graph.proved & within, within))
    return [_Reckoning(View(graph, within, proved), {}).to_roster() for proved in proofs]


def list_juniors(roster: RoomRoster, member: MemberId) -> frozenset[MemberId]:
    """List whose entries a member may take in, its own among them; none if it has no office."""
    everybody = frozenset(roster.members) | frozenset(roster.departures)
    if member == roster.owner:
        return everybody
    if member in roster.admins:
        return everybody - {roster.owner, *roster.admins[: roster.admins.index(member)]}
    return frozenset()


def is_merge_due(graph: EntryGraph, roster: RoomRoster, member: MemberId) -> bool:
    """Whether a member is to write an entry that merges what was written apart: an entry of its own, or of a
    junior, and the addition of a member who is in know nothing of each other. So that one has no MAC for the
    entry, and to it the entry does not count. A leave is such an entry, too."""
    juniors = list_juniors(roster, member)
    if not juniors:
        return False
    applied = roster.counted | {departure.entry for departure in roster.departures.values()}
    last = {entry.author: at for at, entry in enumerate(graph.entries) if graph.ids[at] in applied}
    offices = [office for office in (roster.owner, *roster.admins) if office is not None]
    for author, at in last.items():
        for other in roster.members if author in juniors else ():
            addition = graph.index[EntryId(other)]
            apart = not (at == addition or graph.has_in_past(at, addition) or graph.has_in_past(addition, at))
            merging = offices if author not in offices else offices[: offices.index(member) + 1]
            if apart and not any(_merges(graph, last[one], at, addition) for one in merging if one in last):
                return True
    return False


def _merges(graph: EntryGraph, by: int, one: int, other: int) -> bool:
    """Whether an entry builds upon two others, or is the first of them."""
    return (by == one or graph.has_in_past(by, one)) and graph.has_in_past(by, other)


def list_strikes_due(graph: EntryGraph, roster: RoomRoster, member: MemberId) -> list[EntryId]:
    """List the entries that a member should strike before it writes anything else: those of its juniors that
    it does not apply. By what else it writes it takes in what it has in its past."""
    if member == roster.owner:
        seniors: set[MemberId | None] = {member}
    elif member in roster.admins:
        seniors = {roster.owner, *roster.admins[: roster.admins.index(member) + 1]}
    else:
        return []
    entries = ((id, graph.entries[graph.index[id]]) for id in sorted(roster.aside - roster.struck))
    return [
        id for id, entry in entries if entry.author not in seniors and not isinstance(entry.action, LeaveRoom)
    ]


class _Reckoning:
    def __init__(self, view: View, known: dict[int, tuple[MemberId, ...]]) -> None:
        """``known``: the members as of the pasts of some entries; what is worked out is put there."""
        self._view = view
        self._known = known
        self._graph = view.graph
        self._line = OwnerLine(view, self._list_members_before)
        self._tenures: defaultdict[MemberId, list[tuple[int, Tenure]]] = defaultdict(list)
        for rank, tenure in enumerate(self._line.tenures, 1):
            self._tenures[tenure.admin].append((rank, tenure))
        self._admitted = set(self._line.admitted)
        self._removals = self._line.removals
        self._struck = set(self._line.struck)
        self._counted = sum(1 << at for at in self._line.counted)
        self._by_office = [self._line.counted]
        """What counts of the owners, then of each admin."""
        self._senior_past = 0
        """What the examined offices have in their pasts."""
        self._lines: defaultdict[MemberId, set[int]] = defaultdict(set)
        """Of each author, the branches that were followed."""
        self._voided: dict[int, EntryId] = {}
        self._pending: list[int] = []
        self._pending_leaves = [
            leave
            for member in self._graph.leaves
            for leave in view.list_leaves(member, proved=False)
            if not self._line.holds_reign(member, leave)  # only the owner itself can make its leave
        ]
        self._look_at_offices()

    def _list_members_before(self, at: int) -> tuple[MemberId, ...]:
        if at not in self._known:
            past = self._graph.pasts[at]
            self._known[at] = _Reckoning(View(self._graph, past, past), self._known).list_members()
        return self._known[at]

    # --- offices

    def _look_at_offices(self) -> None:
        graph = self._graph
        for reign in self._line.reigns:
            if reign.end is not None:
                self._senior_past |= graph.pasts[reign.end]
            self._lines[reign.owner] |= set(graph.walk_line(reign.owner, self._view.within, 0, ()))
        self._take_in(0, self._line.counted)
        for rank, tenure in enumerate(self._line.tenures, 1):
            self._by_office.append(self._hold_office(rank, tenure))
            self._take_in(rank, self._by_office[rank])

    def _hold_office(self, rank: int, tenure: Tenure) -> list[int]:
        """Count what an admin wrote in one tenure; return it."""
        graph, counts = self._graph, list[int]()
        line = graph.walk_line(tenure.admin, self._view.within, self._senior_past, self._struck)
        self._lines[tenure.admin] |= set(line)
        for at in line:
            if self._counted >> at & 1 or not graph.has_in_past(at, tenure.start):
                continue
            if not self._might_have_made(rank, at):
                self._note_owner_removal(at)
            elif (void := self._find_void(rank, at)) is not None:
                self._voided[at] = void
            elif self._view.proved >> at & 1 or self._is_taken_in(rank, at):
                self._count_entry(rank, at)
                counts.append(at)
            else:
                self._pending.append(at)
        return counts

    def _find_void(self, rank: int, at: int) -> EntryId | None:
        """What voids an entry of an admin's tenure."""
        graph, own = self._graph, self._graph.ids[at]
        if own in self._struck:
            return own
        tenure = self._line.tenures[rank - 1]
        revocations = list(self._removals.get(tenure.admin, ()))
        if tenure.end is not None:
            revocations.insert(0, tenure.end)
        leaves = self._view.list_leaves(tenure.admin)
        revocations += [leave for leave in leaves if not self._is_built_upon(rank, at, leave)]
        for revocation in revocations:
            if not graph.has_in_past(revocation, at):
                return graph.ids[revocation]
        return None

    def _count_entry(self, rank: int, at: int) -> None:
        self._counted |= 1 << at
        match self._graph.entries[at].action:
            case AddMember():
                self._admitted.add(MemberId(self._graph.ids[at]))
            case RemoveMember(member=member):
                self._removals[member].append(at)
            case StrikeEntries(entries=entries):
                self._struck |= {entry for entry in entries if self._is_strikable(rank, at, entry)}

    def _might_have_made(self, rank: int, at: int) -> bool:
        """Whether the admin of that rank had the right to what an entry does, knowing what it knew."""
        match self._graph.entries[at].action:
            case AddMember() | StrikeEntries():
                return True
            case RemoveMember(member=member):
                return self._may_remove(rank, member, at)
            case LeaveRoom():
                return self._may_remove(rank, self._graph.entries[at].author, at)
        return False

    def _may_remove(self, rank: int, member: MemberId, at: int) -> bool:
        """Whether an entry of the admin of that rank can remove a member: neither an owner nor an admin
        before it, as far as it knew."""
        letting_in = self._graph.find_member(member)
        if letting_in is None or not self._graph.has_in_past(at, letting_in):
            return False
        if member == self._line.tenures[rank - 1].admin or self._line.holds_reign(member, at):
            return False
        return all(
            senior >= rank or (tenure.end is not None and self._graph.has_in_past(at, tenure.end))
            for senior, tenure in self._tenures[member]
        )

    def _is_strikable(self, rank: int, strike: int, entry: EntryId) -> bool:
        """Whether the admin of that rank can strike an entry: one of a junior, which no senior has taken in
        without knowing of the strike."""
        at = self._graph.index.get(entry)
        if at is None or not self._view.within >> at & 1:
            return True
        theirs = self._graph.entries[at]
        if isinstance(theirs.action, LeaveRoom) or self._line.is_owners_entry(at):
            return False
        if self._counted >> at & 1 or at in self._pending:
            return False
        if theirs.author == self._line.tenures[rank - 1].admin:
            return False
        return not self._is_built_upon(rank, at, strike)

    def _is_built_upon(self, rank: int, at: int, without: int) -> bool:
        """Whether an office before that rank has an entry that knows ``at``, and does not know another."""
        graph = self._graph
        for counts in self._by_office[:rank]:
            first = bisect_left(counts, True, key=lambda later: graph.has_in_past(later, at))
            if first < len(counts) and not graph.has_in_past(counts[first], without):
                return True
        return False

    # --- what is not proved

    def _is_taken_in(self, rank: int, at: int) -> bool:
        """Whether a senior that might have made an entry has taken it in."""
        return any(
            not senior or self._might_have_made(senior, at)
            for senior, counts in enumerate(self._by_office[:rank])
            if counts and self._graph.has_in_past(counts[-1], at)
        )

    def _take_in(self, rank: int, counts: list[int]) -> None:
        """Count what is not proved and what an office might have made itself, and has in its past."""
        if not counts:
            return
        last = counts[-1]
        self._senior_past |= self._graph.pasts[last] | 1 << last
        for at in [at for at in self._pending if self._graph.has_in_past(last, at)]:
            if self._might_have_made(rank, at):
                self._pending.remove(at)
                self._count_entry(rank, at)
        for leave in [leave for leave in self._pending_leaves if self._graph.has_in_past(last, leave)]:
            if not rank or self._might_have_made(rank, leave):
                self._pending_leaves.remove(leave)
                self._counted |= 1 << leave
                self._removals[self._graph.entries[leave].author].append(leave)

    def _note_owner_removal(self, at: int) -> None:
        """Note the removal of a member that was made owner without its author's knowledge."""
        action = self._graph.entries[at].action
        if isinstance(action, RemoveMember):
            reign = self._line.holds_reign(action.member, at)
            if reign is not None and not self._graph.has_in_past(at, reign.start):
                self._voided[at] = self._graph.ids[reign.start]

    # --- the result

    def list_members(self) -> tuple[MemberId, ...]:
        """All members, in order, however many they are."""
        first = [self._line.owner] if self._line.owner is not None else []
        present = self._admitted - set(self._removals) - self._list_left()
        admins = [member for member in self._list_admins() if member in present]
        others = present - {*first, *admins}
        return (*first, *admins, *sorted(others, key=self._place_of))

    def to_roster(self) -> RoomRoster:
        ids, members = self._graph.ids, self.list_members()
        gone = set(self._removals) | self._list_left()
        unsettled = sorted(ids[at] for at in (*self._pending, *self._pending_leaves))
        return RoomRoster(
            members=members[:MEMBERS_MAX],
            owner=self._line.owner,
            admins=tuple(member for member in self._list_admins() if member in members),
            unplaced=members[MEMBERS_MAX:],
            departures={member: self._find_departure(member) for member in gone},
            name=self._line.name,
            retention_s=self._line.retention_s,
            counted=frozenset(ids[at] for at in members_of(self._counted)),
            struck=frozenset(self._struck),
            voided=tuple(self._list_voided(frozenset(members))),
            unsettled=tuple(unsettled),
            aside=frozenset(ids[at] for at in self._list_aside()),
        )

    def _list_left(self) -> set[MemberId]:
        return {member for member in self._graph.leaves if self._view.list_leaves(member)}

    def _list_admins(self) -> list[MemberId]:
        owner = self._line.owner
        return [tenure.admin for tenure in self._line.tenures if tenure.end is None and tenure.admin != owner]

    def _place_of(self, member: MemberId) -> tuple[int, MemberId]:
        return self._graph.depths[self._graph.index[EntryId(member)]], member

    def _find_departure(self, member: MemberId) -> Departure:
        """The first by office of those that knew of no other."""
        entries = [*self._removals.get(member, ()), *self._view.list_leaves(member)]
        for at in entries:
            action = self._graph.entries[at].action
            if isinstance(action, RemoveMember | LeaveRoom) and not any(
                self._graph.has_in_past(at, other) for other in entries
            ):
                return Departure(self._graph.ids[at], action.next_number)
        raise AssertionError("every set of entries has one that knows no other")

    def _list_voided(self, members: frozenset[MemberId]) -> list[VoidedRemoval]:
        found = []
        for at, by in self._voided.items():
            action = self._graph.entries[at].action
            cause = self._graph.index[by]
            known = cause != at and self._graph.has_in_past(at, cause)
            if isinstance(action, RemoveMember) and action.member in members and not known:
                found.append(VoidedRemoval(self._graph.ids[at], action.member, by))
        return sorted(found, key=lambda voided: voided.removal)

    def _list_aside(self) -> set[int]:
        graph, found = self._graph, set[int]()
        for author in graph.forked:
            found |= set(graph.list_branches(author)) - self._lines[author]
        for member in graph.leaves:
            found -= set(self._view.list_leaves(member))
        found |= set(members_of(self._view.within & ~self._view.proved))
        return {at for at in found if not self._counted >> at & 1}

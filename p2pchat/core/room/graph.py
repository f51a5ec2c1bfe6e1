"""The entries of a membership log as a graph: what each has in its past, and each author's line.

Knows: pasts, lines, where a line forks, what is proved. Does not know: which entries may stand here
(``log``), or which of them count (``roster``).

Entries have indices in the order in which they were placed, parents first. A set of entries is an integer
with a bit for each, so that a past is one number and a union one operation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import AddMember, FoundRoom, LeaveRoom
from p2pchat.wire.room_log import RoomEntry


class EntryGraph:
    """All entries that are placed."""

    def __init__(self) -> None:
        self.entries: list[RoomEntry] = []
        self.ids: list[EntryId] = []
        self.pasts: list[int] = []
        """What each entry has in its past, itself left out."""
        self.depths: list[int] = []
        """The longest way to the founding."""
        self.index: dict[EntryId, int] = {}
        self.proved = 0
        """Entries of which we know that their authors made them. What an author wrote before one of these is
        among them."""
        self.proofs: list[int] = []
        """These, in the order in which they were proved."""
        self.heads = 0
        """Entries that no other names."""
        self.leaves: dict[MemberId, list[int]] = {}
        self.forked: set[MemberId] = set()
        """Authors of two entries at one place."""
        self._places: defaultdict[tuple[EntryId, MemberId], list[int]] = defaultdict(list)
        """An author's entries upon its entry, the proved ones first, in the order of ``proofs``."""

    def __len__(self) -> int:
        return len(self.entries)

    def add_entry(self, id: EntryId, entry: RoomEntry, past: int) -> int:
        """Place an entry whose parents are here and make up its ``past``. Return its index."""
        at, bit = len(self.entries), 1 << len(self.entries)
        self.index[id] = at
        self.entries.append(entry)
        self.ids.append(id)
        self.pasts.append(past)
        self.depths.append(1 + max((self.depths[self.index[parent]] for parent in entry.parents), default=-1))
        self.heads = self.heads & ~past | bit
        if isinstance(entry.action, LeaveRoom):
            self.leaves.setdefault(entry.author, []).append(at)
        if past:
            self._list_rivals(entry).append(at)
            if len(self._list_rivals(entry)) > 1:
                self.forked.add(entry.author)
        return at

    def prove_entry(self, at: int) -> list[int]:
        """Note that its author has made an entry, and so all entries that the author wrote before. Return the
        places of those that were not proved yet."""
        found: list[int] = []
        while not self.proved >> at & 1:
            self.proved |= 1 << at
            found.append(at)
            if not self.pasts[at]:
                break
            entry = self.entries[at]
            rivals = self._list_rivals(entry)
            rivals.remove(at)
            rivals.insert(sum(self.proved >> other & 1 for other in rivals), at)
            if entry.number == 1:
                break
            at = self.index[entry.previous]
        self.proofs += reversed(found)
        return found[::-1]

    def find_rival(self, at: int) -> int | None:
        """Find the entry of the same author that was proved first at the place of this one."""
        if not self.pasts[at]:
            return None
        first = self._list_rivals(self.entries[at])[0]
        return first if first != at and self.proved >> first & 1 else None

    def merge_pasts(self, entry: RoomEntry) -> int:
        """Return what an entry has in its past. Its parents must be here."""
        past = 0
        for parent in entry.parents:
            at = self.index[parent]
            past |= self.pasts[at] | 1 << at
        return past

    def find_member(self, member: MemberId) -> int | None:
        """Find the entry that let a member in."""
        at = self.index.get(EntryId(member))
        if at is None or not isinstance(self.entries[at].action, AddMember | FoundRoom):
            return None
        return at

    def has_in_past(self, entry: int, earlier: int) -> bool:
        """Whether ``entry`` was written with ``earlier`` known."""
        return bool(self.pasts[entry] >> earlier & 1)

    def walk_line(
        self, member: MemberId, within: int, preferred: int, struck: Collection[EntryId]
    ) -> list[int]:
        """Return an author's line among the entries ``within``. Where it forks it goes on with one that is
        not ``struck``, is among ``preferred``, and was proved first, in this order of weight."""
        line: list[int] = []
        last = EntryId(member)
        while True:
            following = [next for next in self._places.get((last, member), ()) if within >> next & 1]
            if not following:
                return line
            if len(following) > 1:
                following = [next for next in following if self.ids[next] not in struck] or following
                following = [next for next in following if preferred >> next & 1] or following
            line.append(following[0])
            last = self.ids[following[0]]

    def has_rival(self, entry: RoomEntry) -> bool:
        """Whether another entry of its author stands where this one would."""
        return bool(self._places.get((entry.previous, entry.author)))

    def put_first(self, at: int) -> None:
        """Let a proved entry stand first at its place, as if it had been proved first."""
        rivals = self._list_rivals(self.entries[at])
        self.proofs.remove(at)
        earlier = [self.proofs.index(rival) for rival in rivals if rival != at and self.proved >> rival & 1]
        self.proofs.insert(min(earlier, default=len(self.proofs)), at)
        rivals.remove(at)
        rivals.insert(0, at)

    def list_branches(self, member: MemberId) -> list[int]:
        """List all entries of an author, on any branch."""
        found: list[int] = []
        ends = [EntryId(member)]
        while ends:
            following = self._places.get((ends.pop(), member), [])
            found += following
            ends += [self.ids[at] for at in following]
        return found

    def _list_rivals(self, entry: RoomEntry) -> list[int]:
        return self._places[entry.previous, entry.author]


def members_of(mask: int) -> Iterator[int]:
    """The indices whose bits are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest

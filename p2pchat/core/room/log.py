"""A room's membership log: what may stand in it, what waits for its parents, what a new entry names.

Knows: entries, their bounds, how they are placed. Does not know: MACs, which entries count (``roster``), or
how entries travel.

An entry is refused only for what is wrong with it and its past, which all members with it judge alike. So
what an honest member has built upon is never refused by another, but where an author's forks or the log go
beyond their bounds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from enum import Enum, auto

from p2pchat.core.kit.table import Table
from p2pchat.core.room.graph import EntryGraph, members_of
from p2pchat.core.room.waiting import WaitingEntries, WaitingEntry
from p2pchat.crypto.kdf import entry_id, room_id
from p2pchat.crypto.room_keys import is_usable_key
from p2pchat.data import dataclass
from p2pchat.errors import LimitError, Malformed
from p2pchat.types import EntryId, MemberId, RoomId
from p2pchat.wire.room_actions import (
    Action,
    AddMember,
    FoundRoom,
    HandOver,
    LeaveRoom,
    NewMember,
    RenameRoom,
    SetRole,
    SetRoomRetention,
)
from p2pchat.wire.room_log import HEADS_MAX, NUMBER_MAX, RoomEntry, encode_entry

ENTRIES_MAX = 8192
"""Of one log. Only a member with an office can write more than a leave: that is sixteen admins that write
all they can, or the changes of decades."""

FORKS_MAX = 64
"""Entries of one author at places where another one of theirs stands: more than the members that could each
have been told something else."""

UNPROVED_MAX = 1024
"""Entries beside those that are not proved to us and stand here because others were built upon them: two
admins that show us only wrong MACs."""

NAMED_MAX = 64
"""Heads that members named and that are not here."""


class EntryRefusal(Enum):
    """Why an entry cannot stand in the log."""

    SECOND_FOUNDING = auto()
    NOT_IN_LINE = auto()
    """Its previous entry is not its author's, or has another number."""
    AFTER_LEAVING = auto()
    NO_OFFICE = auto()
    """Nothing in its past may have given its author the right to it."""
    UNUSABLE_KEY = auto()
    """An X25519 key with which no commit could be made, or that was in the room before."""
    LAST_IS_FOR_LEAVING = auto()
    """The last number that an author has."""
    TOO_MANY_FORKS = auto()
    LOG_FULL = auto()
    PARENT_REFUSED = auto()


@dataclass(frozen=True, slots=True)
class EntryFork:
    """Two proved entries of one author at one place: a member was told something else."""

    author: MemberId
    first: EntryId
    """The one that was proved first: it counts, unless a senior says otherwise."""
    second: EntryId


@dataclass(frozen=True, slots=True)
class Insertion:
    """What came of an entry."""

    placed: tuple[EntryId, ...] = ()
    """The entry and those that waited for it, parents first."""
    forks: tuple[EntryFork, ...] = ()
    refused: tuple[tuple[EntryId, EntryRefusal], ...] = ()


class RoomLog:
    """One room's.

    An entry that is not proved to us may be invented. So it is placed only if a member has shown
    to have built upon it; until then it waits, and its parents are not asked for.
    """

    def __init__(self, founding: RoomEntry) -> None:
        """Raises ValueError unless ``founding`` is one."""
        if not isinstance(founding.action, FoundRoom):
            raise ValueError("a log begins with a founding")
        self.graph = EntryGraph()
        self.founding = entry_id(encode_entry(founding))
        self._waiting = WaitingEntries()
        self._named: Table[EntryId, None] = Table(NAMED_MAX)
        self._keys: dict[bytes, int] = {}
        """Which additions have brought each key."""
        self._note_keys(founding.action.founder, 0)
        self._offices: defaultdict[MemberId, int] = defaultdict(int)
        self._ownerships: defaultdict[MemberId, int] = defaultdict(int)
        self._successions = 0
        self._forks: defaultdict[MemberId, int] = defaultdict(int)
        self.graph.prove_entry(self.graph.add_entry(self.founding, founding, 0))

    @classmethod
    def begin_log(cls, entries: Iterable[RoomEntry], member: MemberId) -> RoomLog:
        """Make the log of a newcomer: of its inviter's entries, in their order, those in the past of the one
        that let it in. The inviter answers for all of them. Raises Malformed if any is missing or cannot
        stand there."""
        known = {entry_id(encode_entry(entry)): entry for entry in entries}
        past: set[EntryId] = set()
        pending = [EntryId(member)]
        while pending:
            id = pending.pop()
            if id not in past:
                past.add(id)
                pending += known[id].parents if id in known else ()
        if past - set(known):
            raise Malformed("a log with an entry missing")
        founding, *others = [entry for id, entry in known.items() if id in past]
        if not isinstance(founding.action, FoundRoom):
            raise Malformed("a log that does not begin with a founding")
        if not all(map(is_usable_key, _keys_of(founding.action.founder))):
            raise Malformed("a founder with a key that no member can use")
        log = cls(founding)
        for entry in others:
            if not log.insert_entry(entry, proved=True).placed:
                raise Malformed("a log with an entry that cannot stand there")
        return log

    @classmethod
    def restore_log(cls, entries: Iterable[RoomEntry], proofs: Iterable[EntryId]) -> RoomLog:
        """Undo ``list_entries`` and ``list_proofs``."""
        founding, *others = entries
        log = cls(founding)
        for entry in others:
            log._place_entry(entry_id(encode_entry(entry)), entry)
        for id in proofs:
            log._note_proved(log.graph.index[id])
        return log

    @property
    def room(self) -> RoomId:
        """The room's id."""
        return room_id(self.founding)

    @property
    def founder(self) -> MemberId:
        """Its first owner."""
        return MemberId(self.founding)

    def find_entry(self, id: EntryId) -> RoomEntry | None:
        """Find an entry that is placed."""
        at = self.graph.index.get(id)
        return None if at is None else self.graph.entries[at]

    def list_entries(self) -> list[RoomEntry]:
        """List all entries that are placed, parents first."""
        return list(self.graph.entries)

    def list_proofs(self) -> list[EntryId]:
        """List the entries that are proved, in the order in which they were."""
        return [self.graph.ids[at] for at in self.graph.proofs]

    # --- what comes

    def insert_entry(self, entry: RoomEntry, *, proved: bool) -> Insertion:
        """Place an entry, or keep it until its parents are here and it is proved. ``proved``: its MAC for us
        is right, or it is our own."""
        id = entry_id(encode_entry(entry))
        if id in self.graph.index or id in self._waiting:
            return self.prove_entry(id) if proved else Insertion()
        if isinstance(entry.action, FoundRoom):
            return Insertion(refused=((id, EntryRefusal.SECOND_FOUNDING),))
        self._waiting.keep_entry(id, entry, proved=proved, named=id in self._named)
        return self._place_waiting(id)

    def prove_entry(self, id: EntryId) -> Insertion:
        """Note that the author of an entry has shown us to have made it: a right MAC came later."""
        waiting = self._waiting.find_entry(id)
        if waiting is not None:
            waiting.proved = True
            return self._place_waiting(id)
        if id not in self.graph.index:
            return Insertion()
        return Insertion(forks=tuple(self._note_proved(self.graph.index[id])))

    def note_head(self, id: EntryId) -> Insertion:
        """Note that a member has named a head of the log, under a MAC that was right: it has built upon the
        entry, and so the entry is placed, proved or not."""
        if id in self.graph.index:
            return Insertion()
        self._named.put(id, None)
        waiting = self._waiting.find_entry(id)
        if waiting is None:
            return Insertion()
        waiting.named = True
        return self._place_waiting(id)

    def list_missing(self) -> list[EntryId]:
        """List the entries to ask for: heads that members named, and parents of what is proved or named
        itself. The longest awaited come first."""
        missing = dict.fromkeys((*self._named, *self._waiting.list_awaited()))
        return [id for id in missing if id not in self.graph.index and id not in self._waiting]

    def list_unproved(self) -> list[EntryId]:
        """List entries that came and are proved to us by nothing, nor built upon by a member that we know
        of."""
        return self._waiting.list_unproved()

    def give_up(self, missing: EntryId) -> list[tuple[EntryId, MemberId]]:
        """Forget what waits for an entry that no member has. Return the ids and authors of what named it, or
        what did: parents were invented, or kept from us."""
        self._named.pop(missing, None)
        return self._waiting.drop_children(missing)

    def prefer_entry(self, id: EntryId) -> None:
        """Let an entry stand first at its place. For its author, whose home was put back and has written
        there before: the others have seen that first."""
        self.graph.put_first(self.graph.index[id])

    # --- what a member writes

    def make_entry(self, author: MemberId, action: Action, aside: Collection[EntryId] = ()) -> RoomEntry:
        """Make the next entry of ``author``, upon all heads that are known but those ``aside``
        (``roster.RoomRoster``). Raises LimitError when the author has no number left."""
        graph = self.graph
        line = graph.walk_line(author, -1, 0, aside)
        previous = graph.ids[line[-1]] if line else EntryId(author)
        number = len(line) + 1
        if number + (not isinstance(action, LeaveRoom)) > NUMBER_MAX:
            raise LimitError("this member can write nothing more in this room but that it leaves")
        heads = [head for head in self.list_heads(aside) if head != previous]
        return RoomEntry(author, number, previous, tuple(sorted(heads[:HEADS_MAX])), action)

    def list_heads(self, aside: Collection[EntryId] = ()) -> list[EntryId]:
        """List the entries that no other names, as if those ``aside`` were not here, unless another entry
        has them in its past."""
        graph = self.graph
        hidden = sum(1 << graph.index[id] for id in aside)
        found, seen, pending = 0, graph.heads, graph.heads
        while pending:
            head = (pending & -pending).bit_length() - 1
            pending &= pending - 1
            if not hidden >> head & 1:
                found |= 1 << head
                continue
            for parent in graph.entries[head].parents:
                bit = 1 << graph.index[parent]
                pending |= bit & ~seen
                seen |= bit
        for head in members_of(found):
            found &= ~graph.pasts[head]
        return [graph.ids[head] for head in members_of(found)]

    # --- placing

    def _place_waiting(self, id: EntryId) -> Insertion:
        """Place a waiting entry, what it is built upon, and what is built upon it, as far as they count."""
        placed: list[EntryId] = []
        forks: list[EntryFork] = []
        refused: list[tuple[EntryId, EntryRefusal]] = []
        ready = self._waiting.name_ancestors(id)
        while ready:
            id = ready.pop()
            waiting = self._waiting.find_entry(id)
            if waiting is None or not waiting.counts:
                continue
            if any(parent not in self.graph.index for parent in waiting.entry.parents):
                continue  # it comes up again with the last of them
            self._waiting.drop_entry(id)
            refusal = self._find_refusal(waiting)
            if refusal is not None:
                refused.append((id, refusal))
                dropped = self._waiting.drop_children(id)
                refused += [(child, EntryRefusal.PARENT_REFUSED) for child, _ in dropped]
                continue
            at = self._place_entry(id, waiting.entry)
            placed.append(id)
            self._named.pop(id, None)
            if waiting.proved:
                forks += self._note_proved(at)
            ready += self._waiting.list_children(id)
        return Insertion(tuple(placed), tuple(forks), tuple(refused))

    def _place_entry(self, id: EntryId, entry: RoomEntry) -> int:
        at = self.graph.add_entry(id, entry, self.graph.merge_pasts(entry))
        match entry.action:
            case AddMember(member=new):
                self._note_keys(new, at)
            case SetRole(member=member, admin=True):
                self._offices[member] |= 1 << at
            case HandOver(member=member):
                self._ownerships[member] |= 1 << at
            case LeaveRoom() if self._may_own(entry.author, self.graph.pasts[at]):
                self._successions |= 1 << at
        return at

    def _note_keys(self, new: NewMember, at: int) -> None:
        for key in _keys_of(new):
            self._keys[key] = self._keys.get(key, 0) | 1 << at

    def _note_proved(self, at: int) -> list[EntryFork]:
        """Note that an entry is proved; return the forks that show now."""
        graph, forks = self.graph, []
        for proved in graph.prove_entry(at):
            rival, author = graph.find_rival(proved), graph.entries[proved].author
            if rival is not None:
                self._forks[author] += 1
                forks.append(EntryFork(author, graph.ids[rival], graph.ids[proved]))
        return forks

    def _find_refusal(self, waiting: WaitingEntry) -> EntryRefusal | None:
        graph, entry = self.graph, waiting.entry
        proved = len(graph.proofs)
        if proved >= ENTRIES_MAX if waiting.proved else len(graph) - proved >= UNPROVED_MAX:
            return EntryRefusal.LOG_FULL
        if entry.number == 1:
            in_line = entry.previous == EntryId(entry.author) and graph.find_member(entry.author) is not None
        else:
            before = graph.entries[graph.index[entry.previous]]
            in_line = (before.author, before.number) == (entry.author, entry.number - 1)
        if not in_line:
            return EntryRefusal.NOT_IN_LINE
        if entry.number == NUMBER_MAX and not isinstance(entry.action, LeaveRoom):
            return EntryRefusal.LAST_IS_FOR_LEAVING
        past = graph.merge_pasts(entry)
        if any(past >> leave & 1 for leave in graph.leaves.get(entry.author, ())):
            return EntryRefusal.AFTER_LEAVING
        if not self._may_write(entry, past):
            return EntryRefusal.NO_OFFICE
        if isinstance(entry.action, AddMember) and not self._may_add(entry.action.member, past):
            return EntryRefusal.UNUSABLE_KEY
        if waiting.proved and self._forks[entry.author] >= FORKS_MAX and graph.has_rival(entry):
            return EntryRefusal.TOO_MANY_FORKS
        return None

    def _may_add(self, new: NewMember, past: int) -> bool:
        """Whether all members can use the keys of a new one: with a bad one no commit to it could be made, so
        that one admin could stop all."""
        return all(is_usable_key(key) and not self._keys.get(key, 0) & past for key in _keys_of(new))

    def _may_write(self, entry: RoomEntry, past: int) -> bool:
        """Whether anything in an entry's past may have given its author the office that it takes: what a
        member without one could fill the log with is refused at once."""
        if isinstance(entry.action, LeaveRoom) or self._may_own(entry.author, past):
            return True
        if isinstance(entry.action, SetRole | HandOver | RenameRoom | SetRoomRetention):
            return False
        return bool(self._offices[entry.author] & past)

    def _may_own(self, member: MemberId, past: int) -> bool:
        return member == self.founder or bool((self._ownerships[member] | self._successions) & past)


def _keys_of(new: NewMember) -> tuple[bytes, bytes]:
    """The X25519 keys."""
    return new.key, new.recovery_key

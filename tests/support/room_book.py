"""A room's log as a story: who writes what, knowing what."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import copy
from hashlib import blake2b
from random import Random
from typing import NamedTuple

from p2pchat.core.room.log import RoomLog
from p2pchat.core.room.roster import RoomRoster, reckon_roster
from p2pchat.crypto.kdf import entry_id
from p2pchat.crypto.room_keys import MemberKey
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.geometry import ENCAPSULATION_KEY_BYTES
from p2pchat.wire.room_actions import Action, AddMember, LeaveRoom, NewMember, RemoveMember, SetRole
from p2pchat.wire.room_log import RoomEntry, encode_entry, found_room

_KEM_KEY = bytes(ENCAPSULATION_KEY_BYTES)


def newcomer(name: str) -> NewMember:
    """Somebody with keys of its own."""
    scalars = (blake2b(name.encode(), digest_size=32, person=use).digest() for use in (b"key", b"recovery"))
    key, recovery = map(MemberKey, scalars)
    return NewMember(key.public, recovery.public, _KEM_KEY, name)


class LogBook:
    """All entries that were written, in that order. A writer knows all of them, unless ``upon`` says
    which heads it knew."""

    def __init__(self) -> None:
        self.entries: dict[EntryId, RoomEntry] = {}
        self.names: dict[MemberId, str] = {}
        self._last: dict[MemberId, EntryId] = {}
        founding = self.keep(found_room("walkers", newcomer("olga")))
        self.olga = MemberId(founding)
        """The founder."""
        self.names[self.olga] = "olga"

    def copy(self) -> LogBook:
        """Another that goes on from here."""
        other = copy(self)
        other.entries, other.names, other._last = dict(self.entries), dict(self.names), dict(self._last)
        return other

    def write(
        self,
        author: MemberId,
        action: Action,
        upon: Iterable[EntryId] | None = None,
        *,
        after: EntryId | None = None,
    ) -> EntryId:
        """``after``: instead of its last one, the entry of the author's that comes before."""
        previous = after or self._last.get(author, EntryId(author))
        heads = set(self.heads() if upon is None else upon) - {previous}
        number = 1 if previous == EntryId(author) else self.entries[previous].number + 1
        entry = RoomEntry(author, number, previous, tuple(sorted(heads)), action)
        self._last[author] = self.keep(entry)
        return self._last[author]

    def add(self, author: MemberId, name: str, upon: Iterable[EntryId] | None = None) -> MemberId:
        member = MemberId(self.write(author, AddMember(newcomer(name)), upon))
        self.names[member] = name
        return member

    def appoint(self, member: MemberId, upon: Iterable[EntryId] | None = None) -> EntryId:
        return self.write(self.olga, SetRole(member, admin=True), upon)

    def demote(self, member: MemberId, upon: Iterable[EntryId] | None = None) -> EntryId:
        return self.write(self.olga, SetRole(member, admin=False), upon)

    def remove(self, author: MemberId, member: MemberId, upon: Iterable[EntryId] | None = None) -> EntryId:
        return self.write(author, RemoveMember(member, 7), upon)

    def leave(self, member: MemberId, *heirs: MemberId, upon: Iterable[EntryId] | None = None) -> EntryId:
        return self.write(member, LeaveRoom(5, heirs), upon)

    def heads(self) -> list[EntryId]:
        named = {parent for entry in self.entries.values() for parent in entry.parents}
        return [id for id in self.entries if id not in named]

    def read(self, order: Iterable[EntryId] | None = None, unproved: Collection[EntryId] = ()) -> RoomLog:
        """Return the log of a member that gets the entries in this order, with right MACs for all but
        ``unproved``."""
        founding, *others = self.entries
        log = RoomLog(self.entries[founding])
        for id in others if order is None else order:
            if id != founding:
                log.insert_entry(self.entries[id], proved=id not in unproved)
        return log

    def roster(
        self, order: Iterable[EntryId] | None = None, unproved: Collection[EntryId] = ()
    ) -> RoomRoster:
        return reckon_roster(self.read(order, unproved).graph)

    def roster_in_any_order(self, unproved: Collection[EntryId] = (), orders: int = 20) -> RoomRoster:
        """The roster, which must be the same in whatever order the entries come."""
        expected, random, order = (
            self.roster(unproved=unproved),
            Random(len(self.entries)),
            list(self.entries),
        )
        for _ in range(orders):
            random.shuffle(order)
            assert self.roster(order, unproved) == expected
        return expected

    def call(self, members: Iterable[MemberId | None]) -> list[str]:
        """The members' names."""
        return ["nobody" if member is None else self.names[member] for member in members]

    def keep(self, entry: RoomEntry) -> EntryId:
        id = entry_id(encode_entry(entry))
        self.entries[id] = entry
        return id


class Walkers(NamedTuple):
    """olga owns the room; adam, then bert are admins; mia and ned are members."""

    book: LogBook
    olga: MemberId
    adam: MemberId
    bert: MemberId
    mia: MemberId
    ned: MemberId

    @property
    def known(self) -> list[EntryId]:
        """The heads as of now."""
        return self.book.heads()

    @classmethod
    def begin(cls) -> Walkers:
        book = LogBook()
        adam, bert, mia, ned = (book.add(book.olga, name) for name in ("adam", "bert", "mia", "ned"))
        book.appoint(adam)
        book.appoint(bert)
        return cls(book, book.olga, adam, bert, mia, ned)

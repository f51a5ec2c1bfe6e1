"""Changes of a room's roster: entries as this member writes them and as they come, and what they do.

Knows: the log, the MACs beside its entries, the roster now and at given heads. Does not know: periods of keys
beyond the pairs' (``key_state``), or cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from p2pchat.core.kit.table import Table
from p2pchat.core.room.commits import Entries
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.log import EntryFork, Insertion, RoomLog
from p2pchat.core.room.outputs import OtherToldOtherwise, RoomNews, RosterChanged
from p2pchat.core.room.roster import RoomRoster, is_merge_due, reckon_roster, reckon_rosters_at
from p2pchat.core.room.views import MemberViews
from p2pchat.crypto.kdf import entry_id
from p2pchat.crypto.room_keys import are_equal
from p2pchat.data import dataclass
from p2pchat.errors import LimitError, Malformed
from p2pchat.types import EntryId, MemberId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_actions import (
    ID_BYTES,
    Action,
    AddMember,
    FoundRoom,
    HandOver,
    LeaveRoom,
    NewMember,
    RemoveMember,
    SetRole,
    StrikeEntries,
    split_ids,
)
from p2pchat.wire.room_cells import MEMBERS_MAX
from p2pchat.wire.room_log import (
    HEADS_MAX,
    RoomEntry,
    SentEntry,
    decode_sent_entry,
    encode_entry,
    encode_sent_entry,
    make_sent_entry,
)

ROSTERS_MAX: Final = 64
"""Rosters at given heads that are remembered."""

TABLES_MAX: Final = 512
"""Entries of which the MACs for all are kept: who asks for an older one has to find it named by others."""

UNPROVED_MAX: Final = 64
"""Entries that may be proved by a period to come."""

_ENTRY, _LOG = b"e", b"log"
_RECORD_LIMIT: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class RosterStep:
    """What entries have changed."""

    before: RoomRoster
    after: RoomRoster
    placed: tuple[EntryId, ...] = ()
    forks: tuple[EntryFork, ...] = ()


class RosterChanges:
    """One room's, as one member sees it."""

    def __init__(self, log: RoomLog, own: MemberId) -> None:
        self.log = log
        self.own = own
        self.roster = reckon_roster(log.graph)
        self.changed: set[EntryId] = set()
        """Entries whose record is to be written."""
        self.refused = 0
        self._merge_due: bool | None = None
        self._proofs = self._proofs_kept = len(log.graph.proofs)
        self._rosters: Table[bytes, tuple[Entries, ...]] = Table(ROSTERS_MAX)
        self._views = MemberViews()
        self._tables: Table[EntryId, SentEntry] = Table(TABLES_MAX)
        self._unproved: Table[EntryId, SentEntry] = Table(UNPROVED_MAX)
        """Entries with a MAC for us that is not right under the keys that are here."""

    # --- who is in

    @property
    def members(self) -> frozenset[MemberId]:
        """All who are in."""
        return frozenset(self.roster.members)

    @property
    def is_in(self) -> bool:
        """Whether we are."""
        return self.own in self.roster.members

    @property
    def heads(self) -> bytes:
        """The log's heads as commits and messages name them."""
        return b"".join(sorted(self.log.list_heads(self.roster.aside))[:HEADS_MAX])

    def roster_at(self, heads: bytes) -> Entries | None:
        """The roster at given heads, with the key of each member's entry; None where one is not here."""
        known = self._rosters.get(heads)
        return known[0] if known else next(iter(self.rosters_at(heads)), None)

    def rosters_at(self, heads: bytes) -> tuple[Entries, ...]:
        """The roster at given heads as we see it, and, where that is another, as a member sees it to whom
        each entry is proved; none at all where a head is not here."""
        known = self._rosters.get(heads)
        if known is None and heads and len(heads) % ID_BYTES == 0:
            found = reckon_rosters_at(self.log.graph, map(EntryId, split_ids(heads)))
            known = tuple(
                {member: self.find_member(member).key for member in roster.members} for roster in found
            )
            if known:
                self._rosters.put(heads, known)
        return known or ()

    def find_member(self, member: MemberId) -> NewMember:
        """What the entry has that let a member in. Raises KeyError."""
        match self.log.graph.entries[self.log.graph.index[EntryId(member)]].action:
            case AddMember(member=new) | FoundRoom(founder=new):
                return new
        raise KeyError(member)

    def find_inviter(self, member: MemberId) -> MemberId | None:
        """By whom a member was let in; None: it founded the room."""
        entry = self.log.find_entry(EntryId(member))
        return entry.author if entry is not None and isinstance(entry.action, AddMember) else None

    def is_merge_due(self) -> bool:
        """Whether a member was let in apart from what we or our juniors wrote, or goes on without it: it
        needs an entry of ours."""
        graph = self.log.graph
        if self._merge_due is None:
            self._merge_due = is_merge_due(graph, self.roster, self.own)
        return self._merge_due or self._views.is_merge_due(graph, self.roster, self.own)

    # --- what we write

    def may_write(self, action: Action) -> bool:
        """Whether an entry of ours that does this would count, as the log is here."""
        roster = self.roster
        if isinstance(action, LeaveRoom):
            return self.is_in
        if isinstance(action, AddMember) and len(roster.members) >= MEMBERS_MAX:
            return False
        if isinstance(action, RemoveMember | SetRole | HandOver) and (
            action.member == self.own or action.member not in roster.members
        ):
            return False
        if self.own == roster.owner:
            return True
        if self.own not in roster.admins:
            return False
        if isinstance(action, RemoveMember):
            seniors = roster.admins[: roster.admins.index(self.own)]
            return action.member != roster.owner and action.member not in seniors
        return isinstance(action, AddMember | StrikeEntries)

    def write_entry(self, action: Action, state: RoomKeyState) -> tuple[bytes, RosterStep]:
        """Write an entry upon all that counts here; as it is sent, and what it changes. Raises LimitError
        where the log does not take it."""
        entry = self.log.make_entry(self.own, action, self.roster.aside)
        id = entry_id(encode_entry(entry))
        shared = {member: state.periods.find_shared(member) for member in self.roster.members}
        macs = [
            (member, state.pairs.sending_key(period.bases[member], member).entry_mac(self.own, member, id))
            for member, period in shared.items()
            if period is not None
        ]
        macs.append((self.own, state.pairs.own_mac(id)))
        insertion = self.log.insert_entry(entry, proved=True)
        if insertion.refused:
            raise LimitError("the room's log does not take this")
        sent = make_sent_entry(entry, macs)
        self._tables.put(id, sent)
        return encode_sent_entry(sent), self._follow(insertion)

    # --- what comes

    def take_entry(self, sent: SentEntry, state: RoomKeyState, now: float) -> tuple[bool, RosterStep]:
        """Take an entry that somebody has sent; whether its MAC for us is right."""
        id = entry_id(encode_entry(sent.entry))
        proved = self._is_proved(sent, id, state, now)
        if not proved and sent.list_macs_for(self.own):
            self._unproved.put(id, sent)
        if proved or (id in self.log.graph.index and id not in self._tables):
            self._tables.put(id, sent)
        return proved, self._follow(self.log.insert_entry(sent.entry, proved=proved))

    def retry_unproved(self, state: RoomKeyState, now: float) -> RosterStep:
        """A period has begun here: MACs that were made under its keys can be right now."""
        step = RosterStep(self.roster, self.roster)
        for id, sent in list(self._unproved.items()):
            if self._is_proved(sent, id, state, now):
                del self._unproved[id]
                step = _join(step, self.take_entry(sent, state, now)[1])
        return step

    def read_entry(
        self, data: bytes, sender: MemberId, state: RoomKeyState, now: float
    ) -> tuple[bool, RosterStep]:
        """Take an entry that its author has sent to all. Raises Malformed."""
        sent = decode_sent_entry(data)
        if sent.entry.author != sender:
            raise Malformed("an entry in the name of another")
        return self.take_entry(sent, state, now)

    def note_view(self, member: MemberId, heads: bytes, now: float) -> RosterStep:
        """A member has named the heads of the log as it sees it, under a right MAC."""
        step = self.note_heads(heads)
        if len(heads) % ID_BYTES == 0:
            self._views.note_heads(member, heads, self.log.graph, self.roster, now)
        return step

    def note_heads(self, heads: bytes) -> RosterStep:
        """A member speaks for these entries under a right MAC: it has built upon them."""
        step = RosterStep(self.roster, self.roster)
        if len(heads) % ID_BYTES:
            return step
        for head in split_ids(heads):
            if head not in self.log.graph.index:
                step = _join(step, self._follow(self.log.note_head(EntryId(head))))
        return step

    def list_unknown_to(self, heads: bytes, most: int) -> list[SentEntry]:
        """List what counts here and is in the past of none of ``heads``, parents first, with its MACs."""
        graph, known = self.log.graph, 0
        for head in split_ids(heads) if len(heads) % ID_BYTES == 0 else ():
            at = graph.index.get(EntryId(head))
            known |= graph.pasts[at] | 1 << at if at is not None else 0
        unknown = [
            at
            for at, id in enumerate(graph.ids)
            if at and not known >> at & 1 and id not in self.roster.aside
        ]
        return [self.find_sent(graph.ids[at]) for at in unknown[:most]]

    def find_sent(self, id: EntryId) -> SentEntry:
        """An entry with its MACs, as far as they are kept. Raises KeyError."""
        return self._tables.get(id) or SentEntry(self.log.graph.entries[self.log.graph.index[id]], ())

    def has_entry(self, id: EntryId) -> bool:
        """Whether an entry is placed here."""
        return id in self.log.graph.index

    def give_up(self, missing: Iterable[EntryId]) -> list[MemberId]:
        """No member has these entries: forget what waits for them. Returns whose entries named them."""
        return sorted({author for id in missing for _, author in self.log.give_up(id)})

    # --- keeping

    def pop_records(self) -> dict[bytes, bytes | None]:
        """Records to be written: of entries, each with its MACs, and of the log."""
        records: dict[bytes, bytes | None] = {
            _ENTRY + id: encode_sent_entry(self.find_sent(id)) for id in self.changed
        }
        if records or self._proofs != self._proofs_kept:
            proofs = b"".join(self.log.list_proofs())
            records[_LOG] = codec.pack({"own": self.own, "proofs": proofs})
        self.changed, self._proofs_kept = set(), self._proofs
        return records

    def restore_tables(self, sent: Iterable[SentEntry]) -> None:
        """Have again the MACs that were kept."""
        for sent_entry in sent:
            if sent_entry.macs:
                self._tables.put(entry_id(encode_entry(sent_entry.entry)), sent_entry)
        self._proofs_kept = self._proofs

    # --- within

    def _is_proved(self, sent: SentEntry, id: EntryId, state: RoomKeyState, now: float) -> bool:
        """Whether the author has made a MAC for us, under the keys of any period that is here."""
        macs, author = sent.list_macs_for(self.own), sent.entry.author
        if author == self.own:
            return any(are_equal(state.pairs.own_mac(id), mac) for mac in macs)
        bases = {base for period in state.periods if (base := period.bases.get(author)) is not None}
        return any(
            are_equal(key.entry_mac(author, self.own, id), mac)
            for base in bases
            for key in state.pairs.possible_keys(base, author, now)
            for mac in macs
        )

    def _follow(self, insertion: Insertion) -> RosterStep:
        before = self.roster
        self.refused += len(insertion.refused)
        self.changed |= set(insertion.placed)
        proofs = len(self.log.graph.proofs)
        if insertion.placed or insertion.forks or proofs != self._proofs:
            self._proofs = proofs
            self._rosters.clear()
            self._merge_due = None
            self.roster = reckon_roster(self.log.graph)
            self._views.keep_only(self.roster.members)
        return RosterStep(before, self.roster, insertion.placed, insertion.forks)


def restore_changes(records: Mapping[bytes, bytes]) -> RosterChanges:
    """Undo ``pop_records``. Raises Malformed."""
    if _LOG not in records:
        raise Malformed("a room without a log")
    reader = Reader(codec.unpack(records[_LOG], _RECORD_LIMIT))
    own = MemberId(reader.get_bytes("own", ID_BYTES))
    proofs = split_ids(reader.get_bytes("proofs"))
    sent = [decode_sent_entry(record) for name, record in records.items() if name.startswith(_ENTRY)]
    log = RoomLog.restore_log(_order_entries(sent_entry.entry for sent_entry in sent), map(EntryId, proofs))
    changes = RosterChanges(log, own)
    changes.restore_tables(sent)
    return changes


def describe_step(step: RosterStep) -> list[RoomNews]:
    """What people are told of it."""
    before, after = step.before, step.after
    news: list[RoomNews] = [OtherToldOtherwise(fork.author, (fork.first, fork.second)) for fork in step.forks]
    changed = RosterChanged(
        tuple(member for member in after.members if member not in before.members),
        tuple(member for member in before.members if member not in after.members),
        after.owner,
        after.admins,
        after.name,
        after.retention_s,
        tuple(entry for entry in after.voided if entry not in before.voided),
    )
    kept = (before.owner, before.admins, before.name, before.retention_s)
    same = kept == (after.owner, after.admins, after.name, after.retention_s)
    return news if same and not (changed.joined or changed.left or changed.voided) else [*news, changed]


def _order_entries(entries: Iterable[RoomEntry]) -> list[RoomEntry]:
    """Put entries in an order with parents first. Raises Malformed where some are missing."""
    pending = {entry_id(encode_entry(entry)): entry for entry in entries}
    placed: dict[EntryId, RoomEntry] = {}
    while pending:
        ready = [id for id, entry in pending.items() if all(parent in placed for parent in entry.parents)]
        if not ready:
            raise Malformed("a log with an entry missing")
        placed |= {id: pending.pop(id) for id in ready}
    return list(placed.values())


def _join(one: RosterStep, other: RosterStep) -> RosterStep:
    return RosterStep(one.before, other.after, one.placed + other.placed, one.forks + other.forks)

"""All that a member remembers of a room's keys, and what is written of it.

Knows: how a period begins here, what is forgotten together, records for the store. Does not know: cells, or
when anything is said. Parent of ``periods``, ``pairs``, ``tag_keys``, ``kept_commits`` and ``commit_times``.

A caller that seals a cell commits ``pop_changes`` before the cell leaves: so nothing is written twice under
one key after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Final

from p2pchat.core.kit.table import Table
from p2pchat.core.room.commit_times import CommitTimes
from p2pchat.core.room.commits import CheckedHead, Entries
from p2pchat.core.room.kept_commits import KeptCommits
from p2pchat.core.room.pairs import MemberPairs
from p2pchat.core.room.period import Period
from p2pchat.core.room.periods import Periods
from p2pchat.core.room.tag_keys import BEFORE_EPOCHS, RoomTagKeys
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.exchange import KemKey
from p2pchat.crypto.kdf import digest
from p2pchat.crypto.room_keys import (
    MemberKey,
    confirmation_of,
    founding_branch,
    next_secret,
    period_id,
    rest_of_head,
    roster_digest,
)
from p2pchat.crypto.room_tags import RoomTagKey
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import MemberId, RoomId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import MEMBER_BYTES
from p2pchat.wire.room_commits import DEPTH_MAX, FOUNDING, CommitHead, PeriodGrant

UNEVEN_MAX: Final = 16
"""Commits whose share was wrong, and whose secret another member may still give us."""

DEPTHS_MAX: Final = 512
"""Members for which the depth of their last cell is kept."""

RoomRecords = Mapping[bytes, bytes]
"""What is kept: ``room``, ``pairs``, one for each period (``p`` and its id) and kept commit (``c``)."""

RostersAt = Callable[[bytes], Sequence[Entries]]
"""The roster at given heads of the log, and what else it may be to another; none where they are not known."""

_ROOM, _PAIRS, _PERIOD, _KEPT = b"room", b"pairs", b"p", b"c"
_LIMIT: Final = 1 << 20


def has_key_record(name: bytes) -> bool:
    """Whether a record is one of these, by its name."""
    return name in (_ROOM, _PAIRS) or (len(name) == 1 + len(FOUNDING) and name[:1] in (_PERIOD, _KEPT))


@dataclass(frozen=True, slots=True)
class RoomSelf:
    """Our own identity in a room."""

    room: RoomId
    member: MemberId
    rosters_at: RostersAt = field(repr=False)


class RoomKeyState:
    """One room's."""

    def __init__(self, who: RoomSelf, entropy: Entropy, pairs: MemberPairs, times: CommitTimes) -> None:
        self.who = who
        self.entropy = entropy
        self.pairs = pairs
        self.times = times
        self.periods = Periods(who.member)
        self.tags = RoomTagKeys()
        self.kept = KeptCommits()
        self.uneven: Table[bytes, CheckedHead] = Table(UNEVEN_MAX)
        self.moved = True

    # --- coming in

    @classmethod
    def found_room(
        cls, who: RoomSelf, key: MemberKey, kem: KemKey, heads: bytes, entropy: Entropy, now: float
    ) -> RoomKeyState:
        """Begin the first period of a room, in which we are alone with the keys of our entry."""
        state = cls(who, entropy, MemberPairs(who.room, who.member, kem), CommitTimes(entropy, now, 1))
        state.pairs.add_own(key)
        epoch = epoch_at(now) - BEFORE_EPOCHS
        head = CommitHead(FOUNDING, who.member, 0, heads, key.public, digest(b""), bytes(32), epoch)
        keys = {who.member: key.public}
        rest = rest_of_head(who.room, head, roster_digest(keys.items()))
        secret = next_secret(founding_branch(who.room), entropy.draw_bytes(32), rest)
        confirmation = confirmation_of(secret, rest)
        head = CommitHead(FOUNDING, who.member, 0, heads, key.public, head.shares, confirmation, epoch)
        state.begin_period(CheckedHead(head, period_id(rest, confirmation), rest, keys), secret, now)
        return state

    @classmethod
    def come_in(
        cls, who: RoomSelf, key: MemberKey, kem: KemKey, grant: PeriodGrant, entropy: Entropy, now: float
    ) -> RoomKeyState:
        """Begin with a period that a member gave us over a session of two. Raises Unreadable."""
        times = CommitTimes(entropy, now, len(grant.members))
        state = cls(who, entropy, MemberPairs(who.room, who.member, kem), times)
        state.pairs.add_own(key)
        state.take_grant(grant, now)
        return state

    def make_grant(self, period: Period) -> PeriodGrant | None:
        """Give a period to a member; None where its secret is forgotten."""
        tags = self.tags.find_key(period.tags_of)
        if not period.secret or tags is None:
            return None
        members = tuple((bytes(member), period.keys[member]) for member in period.members)
        return PeriodGrant(
            period.head, period.depth, period.secret, tags.key, tags.epoch, period.tags_of, members
        )

    def take_grant(self, grant: PeriodGrant, now: float) -> bytes:
        """Take a period that a member gave us: its id. Raises Unreadable where it does not fit its commit, or
        not the log."""
        keys = {MemberId(member): key for member, key in grant.members}
        rest = rest_of_head(self.who.room, grant.head, roster_digest(keys.items()))
        checked = CheckedHead(grant.head, period_id(rest, grant.head.confirmation), rest, keys)
        if not any(set(roster) == set(keys) for roster in self.who.rosters_at(grant.head.heads)):
            raise Unreadable("a period for a roster that is not the log's")
        if (
            not checked.fits_secret(grant.secret)
            or self.pairs.find_own(keys.get(self.who.member, b"")) is None
        ):
            raise Unreadable("a secret that is not the period's, or a period without our key")
        if grant.tag_epoch > epoch_at(now):
            raise Unreadable("a tag key of a time to come")
        if self.periods.find_period(checked.id) is not None:
            return checked.id
        self._add_tag_key(grant.tags_of, RoomTagKey(grant.tag_key, grant.tag_epoch))
        period = self._period_of(checked, grant.depth, grant.tags_of, now)
        self._add(period, grant.secret, now)
        return period.id

    # --- growing

    def begin_period(
        self, checked: CheckedHead, secret: bytes, now: float, requested: bool = False
    ) -> Period:
        """Begin the period of a commit. Raises Unreadable where it is known, or its author has too many
        unrequested ones."""
        parent = self.periods.find_period(checked.head.parent)
        depth = parent.depth + 1 if parent is not None else 0
        tags_of = parent.tags_of if parent is not None and not checked.head.tag_epoch else checked.id
        period = self._period_of(checked, depth, tags_of, now)
        if not self.periods.has_space_for(period, now, requested):
            raise Unreadable("a period that is known, or one too many")
        if checked.head.tag_epoch:
            self._add_tag_key(tags_of, RoomTagKey.from_secret(secret, checked.head.tag_epoch))
        self._add(period, secret, now)
        return period

    def _add_tag_key(self, period: bytes, key: RoomTagKey) -> None:
        """Listen for another key's tags. A key goes for one too many, but for those under which a member
        writes who has not been heard under a later one: else its asks would not be known as the room's."""
        self.tags.add_key(period, key)
        if not self.tags.has_space:
            members = {member for one in self.periods for member in one.members}
            shared = (self.periods.find_shared(member) for member in members)
            self.tags.forget_one({one.tags_of for one in shared if one is not None})

    def _period_of(self, checked: CheckedHead, depth: int, tags_of: bytes, now: float) -> Period:
        head, own = checked.head, self.who.member
        period = Period(checked.id, head, depth, checked.keys, checked.keys[own], tags_of, now)
        parent = self.periods.find_period(head.parent)
        for member in period.list_others(own):
            same = (
                parent is not None
                and parent.own == period.own
                and parent.keys.get(member) == period.keys[member]
                and member in parent.bases
            )
            period.bases[member] = (
                parent.bases[member]
                if parent is not None and same
                else self.pairs.make_base(period.own, member, period.keys[member])
            )
        return period

    def _add(self, period: Period, secret: bytes, now: float) -> None:
        period.derive_chains(secret, self.who.member)
        for key in period.keys.values():
            self.pairs.note_used(key)
        self.periods.add_period(period, now)
        self.uneven.pop(period.id, None)
        self.moved = True

    def note_reached(self, member: MemberId, period: Period, epoch: int, now: float) -> None:
        """A member was heard in a period, in a cell of ``epoch``, with a right MAC."""
        self.tags.confirm_epoch(epoch)
        if self.periods.note_reached(member, period, now):
            self.kept.note_reached(member, self.periods.list_line(period))
            self.moved = True

    def forget_old(self, now: float) -> list[bytes]:
        """Forget what no member needs any longer; return the periods of which nothing is left."""
        gone = self.periods.forget_old(now)
        self.kept.forget_old(now)
        self.pairs.keep_only(self.periods.own_keys())
        self.tags.keep_only(self.periods.tags_in_use())
        self.tags.follow_clock(epoch_at(now))
        return gone

    # --- keeping

    def pop_changes(self) -> dict[bytes, bytes | None]:
        """Records to be written, or, None, erased, before anything that was sealed leaves."""
        changes: dict[bytes, bytes | None] = {}
        for id in self.periods.changed:
            period = self.periods.find_period(id)
            changes[_PERIOD + id] = period.as_record() if period is not None else None
        for id in self.kept.changed:
            changes[_KEPT + id] = self.kept.as_record(id)
        if self.pairs.moved:
            changes[_PAIRS] = codec.pack(self.pairs.as_values())
        if self.moved or self.tags.moved:
            depths = [
                [member, depth, self.periods.latest.get(member, b"")]
                for member, depth in list(self.periods.depths.items())[-DEPTHS_MAX:]
            ]
            changes[_ROOM] = codec.pack({**self.times.as_values(), **self.tags.as_values(), "depths": depths})
        self.periods.changed, self.kept.changed = set(), set()
        self.moved = self.pairs.moved = self.tags.moved = False
        return changes

    @classmethod
    def from_records(cls, who: RoomSelf, records: RoomRecords, entropy: Entropy) -> RoomKeyState:
        """Rebuild from what was written. Raises Malformed."""
        room = Reader(codec.unpack(records[_ROOM], _LIMIT))
        pairs = MemberPairs.read_kept(who.room, who.member, Reader(codec.unpack(records[_PAIRS], _LIMIT)))
        state = cls(who, entropy, pairs, CommitTimes.read_kept(entropy, room))
        state.tags = RoomTagKeys.read_kept(room)
        for member, depth, latest in room.get_list("depths", DEPTHS_MAX):
            if len(member) == MEMBER_BYTES and 0 <= depth <= DEPTH_MAX:
                state.periods.depths[MemberId(member)] = depth
                state.periods.latest[MemberId(member)] = latest
        for name, record in records.items():
            if len(name) == 1 + len(FOUNDING) and name.startswith(_PERIOD):
                state.periods.restore_period(Period.from_record(name[1:], record))
            elif len(name) == 1 + len(FOUNDING):
                state.kept.read_record(name[1:], record)
        state.moved = False
        return state

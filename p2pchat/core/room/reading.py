"""What a member makes of the cells that come: messages, entries, commits, shares.

Knows: what is done in which order, and that nothing is used up before a MAC is right. Does not know: what
people say, or what an entry does.

Any member can seal a cell under any other's chain. So what opens has changed nothing yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Final, TypeVar

from p2pchat.core.kit.table import Table
from p2pchat.core.room.assembly import Assembly, Start, WholePayload
from p2pchat.core.room.commits import Entries, UnevenShare, open_commit, open_share
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.letters import LetterOpened, RoomLetters
from p2pchat.core.room.messages import RoomMessage, mac_of, read_message, read_whole
from p2pchat.core.room.period import Period
from p2pchat.core.room.tag_keys import BACK_EPOCHS
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.room_chains import open_room_cell, place_of
from p2pchat.crypto.room_keys import PairKey, are_equal
from p2pchat.data import dataclass
from p2pchat.errors import Malformed, RefusedInput, Unreadable
from p2pchat.types import MemberId
from p2pchat.wire.cell import Cell
from p2pchat.wire.room_cells import CHAIN_CELLS, RoomFragment, RoomHead, RoomKind, decode_room_fragment
from p2pchat.wire.room_commits import (
    CommitHead,
    KeptShare,
    PeriodGrant,
    RoomCommit,
    decode_commit,
    decode_kem_share,
)

_Opened = TypeVar("_Opened")

UNPLACED_MAX: Final = 256
"""Cells of periods that are not known yet: their commit may come later."""

EARLY_MAX: Final = 16
"""Commits whose heads of the log are not known yet."""


@dataclass(frozen=True, slots=True)
class MessageOpened:
    """A member said something; our MAC is right."""

    message: RoomMessage
    macs: bytes = field(repr=False)
    """Those for all other members, to be kept for members that miss it."""


@dataclass(frozen=True, slots=True)
class PeriodOpened:
    """A commit was opened."""

    id: bytes
    author: MemberId
    doubtful: bool
    """Its author has made another one upon the same parent."""


@dataclass(frozen=True, slots=True)
class CommittedUnevenly:
    """A commit with a right MAC, whose share for us is not what it confirms: its author made it so."""

    id: bytes
    author: MemberId


@dataclass(frozen=True, slots=True)
class EntryOpened:
    """An entry of the log, by some member; when its MAC is right, ``accept_entry`` it."""

    sender: MemberId
    data: bytes = field(repr=False)
    start: Start
    count: int


RoomEvent = MessageOpened | PeriodOpened | CommittedUnevenly | EntryOpened | LetterOpened


@dataclass(slots=True)
class _Early:
    """A commit that waits for the log, and where it stands."""

    whole: WholePayload
    commit: RoomCommit
    epoch: int


@dataclass(frozen=True, slots=True)
class _Proof:
    """A first fragment that has a right MAC, and the key that it is under."""

    key: PairKey
    message: RoomMessage
    head: RoomHead


class RoomReading:
    """One room's."""

    def __init__(self, state: RoomKeyState) -> None:
        self._state = state
        self.letters = RoomLetters(state.pairs, state.tags, state.entropy)
        self._assembly = Assembly()
        self._unplaced: Table[bytes, Cell] = Table(UNPLACED_MAX)
        self._early: Table[bytes, _Early] = Table(EARLY_MAX)
        self.counters: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Cells, fragments and commits that wait for something. They are not kept on disk."""
        return len(self._assembly) + len(self._unplaced) + len(self._early)

    @property
    def is_behind(self) -> bool:
        """Whether cells have come of periods that are not known here, or commits at heads that are not."""
        return bool(self._unplaced or self._early)

    def forget_unplaced(self) -> None:
        """No member can tell us of these periods and heads: they are from before our time, or invented."""
        self._unplaced.clear()
        self._early.clear()

    def recognizes_cell(self, cell: Cell, now: float) -> bool:
        """Whether a member of the room has made the cell: one hash, while there is one tag key."""
        return self._state.tags.key_of(cell, epoch_at(now)) is not None

    def open_cell(self, cell: Cell, now: float) -> list[RoomEvent]:
        """Open a cell, if it is the room's, and tell what follows. What is refused is counted, and changes
        nothing."""
        try:
            events = self._open(cell, now)
        except RefusedInput as error:
            self.counters[error.kind] += 1
            return []
        return self._with_waiting(events, now)

    def retry_early(self, now: float) -> list[RoomEvent]:
        """The log has grown: open the commits that waited for it."""
        events: list[RoomEvent] = []
        for id, early in list(self._early.items()):
            if self._state.who.rosters_at(early.commit.head.heads):
                del self._early[id]
                events += self._try(early.whole, early.epoch, now)
        return self._with_waiting(events, now)

    def accept_entry(self, entry: EntryOpened) -> None:
        """An entry's MAC is right: its place is used up."""
        self._use_up(entry.start, entry.count)

    def take_kept(self, kept: KeptShare, now: float) -> list[RoomEvent]:
        """Open a commit that another member has kept for us. Raises RefusedInput."""
        parent = self._state.periods.find_period(kept.head.parent)
        if parent is None or not parent.branch:
            raise Unreadable("a commit upon a period that is not known, or forgotten")
        rosters = self._list_rosters(kept.head, now)
        try:
            checked, secret, _ = _find_opening(
                rosters, lambda entries: open_share(parent, self._state.pairs, kept, entries, now)
            )
        except UnevenShare as error:
            return [self._uneven(error)]
        period = self._state.begin_period(checked, secret, now, requested=True)
        self._state.note_reached(period.author, period, 0, now)
        return self._with_waiting([PeriodOpened(period.id, period.author, period.doubtful)], now)

    def take_grant(self, grant: PeriodGrant, now: float) -> list[RoomEvent]:
        """Take a period that another member gives us. Raises Unreadable where it does not fit."""
        known = {period.id for period in self._state.periods}
        id = self._state.take_grant(grant, now)
        period = self._state.periods.find_period(id)
        if id in known or period is None:
            return []
        return self._with_waiting([PeriodOpened(id, period.author, period.doubtful)], now)

    def take_secret(self, id: bytes, secret: bytes, now: float) -> list[RoomEvent]:
        """Take the secret of a period whose share was wrong, from another member. Raises Unreadable where it
        does not give the confirmation."""
        checked = self._state.uneven.get(id)
        if checked is None or not checked.fits_secret(secret):
            raise Unreadable("a secret that is not the period's")
        period = self._state.begin_period(checked, secret, now, requested=True)
        return self._with_waiting([PeriodOpened(period.id, period.author, period.doubtful)], now)

    def is_authentic(self, message: RoomMessage, mac: bytes, now: float) -> bool:
        """Whether a message that another member gives us has its sender's MAC for us."""
        period = self._state.periods.find_period(message.period)
        return period is not None and self._right_key(period, message, mac, b"", now) is not None

    def forget_periods(self, gone: list[bytes]) -> None:
        """Cells of these can no longer be opened."""
        for period in gone:
            self._assembly.forget_period(period)
            self.letters.forget_period(period)

    # --- a cell

    def _open(self, cell: Cell, now: float) -> list[RoomEvent]:
        state = self._state
        tags = state.tags.key_of(cell, epoch_at(now))
        if tags is None:
            return []
        place = place_of(cell, tags)
        period = state.periods.find_named(place.period)
        if period is None:
            self._unplaced.put(cell.tag, cell)
            return []
        if place.sender >= len(period.members):
            raise Malformed("a cell by no member")
        sender = period.members[place.sender]
        if sender == state.who.member:
            return []  # ours, come back; or made up by another, and there is no MAC that could tell
        if place.index >= CHAIN_CELLS:
            return list(self.letters.open_cell(period, sender, place, cell, now))
        chain = period.chains.get(sender)
        key = chain.find_key(place.index) if chain is not None else None
        if key is None:
            raise Unreadable("a cell whose key is used up or forgotten")
        plain = open_room_cell(key, cell)
        fragment = decode_room_fragment(plain)
        if fragment.at > place.index:
            raise Malformed("a fragment from before its chain")
        start = (period.id, sender, place.index - fragment.at)
        events: list[RoomEvent] = []
        for whole in self._assembly.put_fragment(
            start, fragment, plain, lambda first: self._prove(period, start, first, now)
        ):
            events += self._try(whole, cell.epoch, now)
        return events

    def _prove(self, period: Period, start: Start, first: RoomFragment, now: float) -> _Proof | bool | None:
        """What shows that a first fragment is by its sender; False: it is not; None: it does not tell."""
        if first.kind not in (RoomKind.MESSAGE, RoomKind.WORD):
            return None
        message, head = read_message(period, start, first, first.data)
        mac = mac_of(head, period, start[1], self._state.who.member)
        key = self._right_key(period, message, mac, head.digest, now)
        if key is None:
            self.counters["wrong MAC"] += 1
            return False
        return _Proof(key, message, head)

    def _right_key(
        self, period: Period, message: RoomMessage, mac: bytes, hashed: bytes, now: float
    ) -> PairKey | None:
        own, sender, base = self._state.who.member, message.sender, period.bases.get(message.sender)
        if base is None:
            return None
        told = message.list_covered(self._state.who.room, hashed)
        for key in self._state.pairs.possible_keys(base, sender, now):
            if are_equal(key.message_mac(sender, own, told), mac):
                return key
        return None

    # --- what is whole

    def _try(self, whole: WholePayload, epoch: int, now: float) -> list[RoomEvent]:
        """Take what is whole; nothing is changed by what is refused."""
        period = self._state.periods.find_period(whole.start[0])
        if period is None:
            return []
        try:
            match whole.kind:
                case RoomKind.MESSAGE | RoomKind.WORD:
                    return self._take_message(period, whole, epoch, now)
                case RoomKind.COMMIT:
                    return self._take_commit(period, whole, epoch, now)
                case RoomKind.SHARE:
                    return self._take_share(period, whole, epoch, now)
                case RoomKind.ENTRY:
                    return [EntryOpened(whole.start[1], whole.data, whole.start, whole.count)]
        except RefusedInput as error:
            self.counters[error.kind] += 1
        return []

    def _take_message(self, period: Period, whole: WholePayload, epoch: int, now: float) -> list[RoomEvent]:
        proof = whole.proof
        assert isinstance(proof, _Proof), "only what is proved begins a message"
        message, head = read_whole(period, whole) if whole.count > 1 else (proof.message, proof.head)
        self._note_author(period, whole, proof.key, epoch, now)
        period.count += 1
        return [MessageOpened(message, head.macs)]

    def _take_commit(self, parent: Period, whole: WholePayload, epoch: int, now: float) -> list[RoomEvent]:
        state, (_, author, index) = self._state, whole.start
        commit = decode_commit(whole.data, parent.id, author, index)
        if not parent.branch:
            raise Unreadable("a commit upon a period that is forgotten")
        if not state.who.rosters_at(commit.head.heads):
            self._early.put(parent.id + author + commit.head.confirmation, _Early(whole, commit, epoch))
            return []
        rosters = self._list_rosters(commit.head, now)
        try:
            checked, secret, key = _find_opening(
                rosters, lambda entries: open_commit(parent, state.pairs, commit, entries, now)
            )
        except UnevenShare as error:
            self._use_up(whole.start, whole.count)
            return [self._uneven(error)]
        period = state.begin_period(checked, secret, now)
        others = period.list_others(author)
        state.kept.keep_commit(period.id, commit, period.depth, others, now)
        state.kept.note_reached(state.who.member, [period.id])
        self._note_author(period, whole, key, epoch, now)
        return [PeriodOpened(period.id, period.author, period.doubtful)]

    def _take_share(self, period: Period, whole: WholePayload, epoch: int, now: float) -> list[RoomEvent]:
        share, sender = decode_kem_share(whole.data), whole.start[1]
        if share.receiver == self._state.who.member and sender in period.bases:
            self._state.pairs.take_share(period.bases[sender], sender, share, now)
            self._use_up(whole.start, whole.count)
            self._state.note_reached(sender, period, epoch, now)
        return []

    def _list_rosters(self, head: CommitHead, now: float) -> Sequence[Entries]:
        """What the roster of a commit may be. Raises Unreadable."""
        rosters = self._state.who.rosters_at(head.heads)
        if not rosters:
            raise Unreadable("a commit at heads that are not known")
        if head.tag_epoch and not 0 <= epoch_at(now) - head.tag_epoch <= BACK_EPOCHS:
            raise Unreadable("a tag key of another time")
        return rosters

    def _uneven(self, error: UnevenShare) -> RoomEvent:
        checked = error.checked
        self._state.uneven.put(checked.id, checked)
        return CommittedUnevenly(checked.id, MemberId(checked.head.author))

    def _note_author(self, period: Period, whole: WholePayload, key: PairKey, epoch: int, now: float) -> None:
        """What is whole is by its sender: that place is used up, and the sender is there."""
        self._state.pairs.on_key_used(whole.start[1], key, now)
        self._use_up(whole.start, whole.count)
        self._state.note_reached(whole.start[1], period, epoch, now)

    def _use_up(self, start: Start, count: int) -> None:
        period_id, sender, index = start
        self._assembly.forget_start(start)
        period = self._state.periods.find_period(period_id)
        chain = period.chains.get(sender) if period is not None else None
        if period is not None and chain is not None:
            for place in range(index, index + count):
                chain.use_up(place)
            if len(chain.skipped) > count:
                period.bound_skipped()
            self._state.periods.changed.add(period_id)

    def _with_waiting(self, events: list[RoomEvent], now: float) -> list[RoomEvent]:
        """Open the cells that waited for periods that have begun, and so on."""
        told, more = list(events), events
        while any(isinstance(event, PeriodOpened) for event in more):
            waited, more = list(self._unplaced.values()), []
            self._unplaced.clear()
            for cell in waited:
                try:
                    more += self._open(cell, now)
                except RefusedInput as error:
                    self.counters[error.kind] += 1
            told += more
        return told


def _find_opening(rosters: Sequence[Entries], opens: Callable[[Entries], _Opened]) -> _Opened:
    """Open a commit with the roster that its author saw: with any other its MAC is wrong. Raises what the
    last one does, or UnevenShare."""
    for entries in rosters[:-1]:
        try:
            return opens(entries)
        except UnevenShare:
            raise
        except RefusedInput:
            continue
    return opens(rosters[-1])

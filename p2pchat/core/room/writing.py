"""What a member writes to a room: messages, words, entries, shares, commits.

Knows: under which period, and at which place. Does not know: what people say, or how cells leave.
"""

from __future__ import annotations

from dataclasses import field

from p2pchat.core.room.assembly import cut_payload
from p2pchat.core.room.commit_times import CELLS, WEEK_S
from p2pchat.core.room.commits import CommitPlan, Entries, MadeCommit, make_commit
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.messages import NewMessage, RoomMessage, macs_of, write_message
from p2pchat.core.room.period import Period
from p2pchat.core.room.tag_keys import BEFORE_EPOCHS
from p2pchat.crypto.envelope import EPOCH_SECONDS, epoch_at
from p2pchat.crypto.room_chains import seal_room_cell
from p2pchat.crypto.room_keys import MemberKey
from p2pchat.data import dataclass
from p2pchat.types import Epoch, MemberId
from p2pchat.wire.room_cells import CHAIN_CELLS, NONCE_BYTES, RoomKind, RoomPlace
from p2pchat.wire.room_commits import commit_cells, encode_commit, encode_kem_share


@dataclass(frozen=True, slots=True)
class SealedMessage:
    """Cells that may leave once the state's changes are kept."""

    message: RoomMessage
    cells: list[bytes] = field(repr=False)
    macs: bytes = field(repr=False)
    """For all other members of the period, to be kept for those who miss it."""


class RoomWriting:
    """One room's."""

    def __init__(self, state: RoomKeyState) -> None:
        self._state = state

    def may_write(self, roster: frozenset[MemberId], cells: int = 1) -> bool:
        """Whether there is a period for that roster, and room in our chain; else one commits first."""
        return self._period_for(roster, cells) is not None

    def is_commit_due(self, now: float) -> bool:
        """Whether we commit, even if nothing is to be said."""
        period = self._state.periods.choose_period()
        return period is not None and self._state.times.is_due(now, period.count, period.index)

    def seal_message(self, new: NewMessage, roster: frozenset[MemberId], now: float) -> SealedMessage | None:
        """Seal a message for the members of ``roster``; None where one commits first. Raises ValueError on a
        payload that is too long."""
        state, period = self._state, self._period_for(roster, 1)
        if period is None:
            return None
        own = state.who.member
        message, plains = write_message(
            state.who.room,
            period,
            own,
            new,
            lambda other: state.pairs.sending_key(period.bases[other], other),
        )
        if period.index + len(plains) > CELLS:
            return None
        period.count += 1
        return SealedMessage(message, self._seal(period, plains, now), macs_of(period, plains[0]))

    def seal_entry(self, data: bytes, now: float) -> list[bytes] | None:
        """Seal an entry of the log, with its MACs, for all earlier members."""
        period = self._state.periods.choose_period()
        return self._seal_data(period, RoomKind.ENTRY, data, now)

    def seal_share(self, other: MemberId, encapsulation_key: bytes, now: float) -> list[bytes] | None:
        """Send a newcomer our ML-KEM share, or send it again. Raises Unreadable on a bad key."""
        period = self._state.periods.choose_period()
        if period is None or other not in period.bases:
            return None
        share = self._state.pairs.make_share(period.bases[other], other, encapsulation_key)
        return self._seal_data(period, RoomKind.SHARE, encode_kem_share(share), now)

    def make_commit(self, heads: bytes, entries: Entries, now: float) -> list[bytes] | None:
        """Begin a period for the roster of ``entries`` with a new key of ours; its cells. None where our
        chain is at its end. Raises Unreadable on a key of a newcomer that is refused."""
        state, parent = self._state, self._state.periods.choose_period()
        if parent is None:
            return None
        if parent.index + commit_cells(len(entries) - 1, len(heads)) > CHAIN_CELLS:
            return None
        made = self._make(parent, heads, entries, now)
        cells = self._seal(parent, cut_payload(RoomKind.COMMIT, encode_commit(made.commit)), now)
        period = state.begin_period(made.checked, made.secret, now)
        state.kept.keep_commit(
            period.id, made.commit, period.depth, period.list_others(state.who.member), now
        )
        state.times.draw_next(now, len(entries))
        return cells

    def on_restored(self) -> None:
        """Another copy of this home may have written since: nothing but a commit is written where it may have
        been."""
        for period in self._state.periods:
            if period.sending is not None and period.index < CELLS:
                self._use(period, CELLS - period.index)

    def _make(self, parent: Period, heads: bytes, entries: Entries, now: float) -> MadeCommit:
        state = self._state
        new = MemberKey.generate(state.entropy)
        removes = not set(parent.keys) <= set(entries)
        old = state.tags.begun_at(parent.tags_of) * EPOCH_SECONDS < now - WEEK_S
        epoch = epoch_at(now) - BEFORE_EPOCHS if removes or old else 0
        plan = CommitPlan(parent.index, heads, entries, epoch)
        made = make_commit(parent, state.pairs, new, state.entropy.draw_bytes(32), plan)
        state.pairs.add_own(new)
        return made

    def _period_for(self, roster: frozenset[MemberId], cells: int) -> Period | None:
        period = self._state.periods.choose_period(roster)
        return period if period is not None and period.index + cells <= CELLS else None

    def _seal_data(
        self, period: Period | None, kind: RoomKind, data: bytes, now: float
    ) -> list[bytes] | None:
        plains = cut_payload(kind, data)
        if period is None or period.index + len(plains) > CELLS:
            return None
        return self._seal(period, plains, now)

    def _seal(self, period: Period, plains: list[bytes], now: float) -> list[bytes]:
        state = self._state
        tags, chain = state.tags.find_key(period.tags_of), period.sending
        assert tags is not None and chain is not None, "a period that is written under"
        epoch, sender, cells = (
            max(epoch_at(now), Epoch(tags.epoch)),
            period.members.index(state.who.member),
            [],
        )
        for index, plain in enumerate(plains, period.index):
            key = chain.find_key(index)
            assert key is not None, "there is room in the chain"
            nonce, place = state.entropy.draw_bytes(NONCE_BYTES), RoomPlace(period.name, sender, index)
            cells.append(seal_room_cell(key, nonce, tags, epoch, place, plain))
        self._use(period, len(plains))
        return cells

    def _use(self, period: Period, count: int) -> None:
        assert period.sending is not None, "a period that is written under"
        for index in range(period.index, period.index + count):
            period.sending.use_up(index)
        period.index += count
        self._state.periods.changed.add(period.id)

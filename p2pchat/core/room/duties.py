"""What a member does unasked: commits, frontiers, ML-KEM shares for newcomers.

Knows: when each is due. Does not know: what people say, or what comes.

All of it goes at random times, and none of it because a message came; but for a frontier that was asked for,
which goes at a random moment soon.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from p2pchat.core.kit.budget import Budget
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.room.changes import RosterChanges, describe_step
from p2pchat.core.room.flow import MessageFlow, mean_frontier_gap
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.messages import NO_PARENTS, NewMessage
from p2pchat.core.room.outputs import RoomOutput, SendRoomCell
from p2pchat.core.room.writing import RoomWriting
from p2pchat.errors import LimitError, RefusedInput
from p2pchat.ports import Entropy, exponential, uniform
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import Action, LeaveRoom, StrikeEntries
from p2pchat.wire.room_cells import RoomKind
from p2pchat.wire.room_words import FrontierWord, encode_room_word

MERGE_S: Final = (60.0, 600.0)
"""Somebody commits for a roster that came of merging, after a random time of this."""

MERGES_AT_ONCE: Final = 4
MERGES_DAILY: Final = 8
"""So many entries we write unasked: an admin that gives others wrong MACs, or lets in members apart from what
we wrote, uses up few of our 512 numbers by it."""

LEAVES_S: Final = ((60.0, 120.0), (300.0, 900.0), (1800.0, 3600.0))
"""A leave is written again after so long each time: if it was lost on all, no member would ever name it."""

COMMIT_GAP_S: Final = 60.0
"""A commit that could not be made is tried again after so long."""

IN_USE_S: Final = 86_400.0
"""A room is in use so long after something was said."""

REPLY_PER_MEMBER_S: Final = 2.0
"""Who is asked for its frontier tells it within so long for each member."""

REPLY_GAP_S: Final = 60.0
REPLIES_AT_ONCE: Final = 8
"""In the long run a member answers once in so long, however many ask; a few times in a row it does so at
once, as people write a few messages in a row."""

SHARE_S: Final = 86_400.0
SHARE_MAX_S: Final = 7 * 86_400.0
"""A newcomer is sent an ML-KEM share within so long."""


class RoomDuties:
    """One room's. Each method returns what is to be done."""

    def __init__(
        self,
        changes: RosterChanges,
        state: RoomKeyState,
        flow: MessageFlow,
        writing: RoomWriting,
        entropy: Entropy,
        counters: Counter[str],
        now: float,
    ) -> None:
        self._changes = changes
        self._state = state
        self._flow = flow
        self._writing = writing
        self._entropy = entropy
        self._counters = counters
        self._merge_at = NEVER
        self._leaves: list[tuple[float, bytes]] = []
        """When our leave is written again."""
        self._merges = Budget(now, MERGES_DAILY / 86_400.0, MERGES_AT_ONCE)
        self._commit_after = 0.0
        self._frontier_at = NEVER
        self._reply_at = NEVER
        self._replies = Budget(now, 1 / REPLY_GAP_S, REPLIES_AT_ONCE)
        self._share_at: dict[MemberId, float] = {}
        self._used_at = now
        self.note_use(now)

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        commit = max(self._state.times.at, self._commit_after)
        return min(self._merge_at, commit, self._frontier_at, self._reply_at, *self._share_at.values())

    def tick(self, now: float) -> list[RoomOutput]:
        """Do what is due."""
        outputs: list[RoomOutput] = []
        if now >= self._merge_at and self._changes.is_merge_due():
            outputs += self._merge(now)
        unready = not self._writing.may_write(self._changes.members)
        if (now >= self._merge_at and unready) or (
            now >= self._commit_after and self._writing.is_commit_due(now)
        ):
            outputs += self.make_commit(now)
        if now >= min(self._frontier_at, self._reply_at):
            outputs += self.say_frontier(now)
        return outputs + self._send_shares(now)

    def next_leave(self) -> float:
        """When ``repeat_leave`` has something to do."""
        return self._leaves[0][0] if self._leaves else NEVER

    def repeat_leave(self, now: float) -> list[RoomOutput]:
        """Write our leave again, if it is time."""
        if now < self.next_leave():
            return []
        cells = self._writing.seal_entry(self._leaves.pop(0)[1], now) or []
        return [SendRoomCell(cell, patient=True) for cell in cells]

    def follow_changes(self, now: float) -> None:
        """The roster may have changed: where there is no period for it, somebody commits, and where others
        were let in apart from what we wrote, we merge."""
        if self._writing.may_write(self._changes.members) and not self._changes.is_merge_due():
            self._merge_at = NEVER
        elif self._merge_at == NEVER:
            self._merge_at = now + uniform(self._entropy, *MERGE_S)

    def note_use(self, now: float) -> None:
        """Something was said."""
        self._used_at = now
        if self._frontier_at == NEVER:
            self._draw_frontier(now)

    def note_frontier_left(self, now: float) -> None:
        """Our frontier is in what we have just written."""
        self._draw_frontier(now)

    def reply_soon(self, now: float) -> None:
        """A member asks all how far they have read: we answer, a few times in a row."""
        if self._reply_at == NEVER:
            spread = REPLY_PER_MEMBER_S * len(self._changes.members)
            self._replies.tokens_left(now)
            earliest = self._replies.available_at() or now
            self._replies.spend_tokens(1.0)
            self._reply_at = earliest + uniform(self._entropy, 0.0, spread)

    def make_commit(self, now: float) -> list[RoomOutput]:
        """Begin a period for the roster as we know it."""
        self._commit_after = now + COMMIT_GAP_S
        heads = self._changes.heads
        entries = self._changes.roster_at(heads)
        if entries is None or self._changes.own not in entries:
            return []
        try:
            cells = self._writing.make_commit(heads, entries, now)
        except RefusedInput as error:
            self._counters[error.kind] += 1
            return []
        self._merge_at = NEVER
        return [SendRoomCell(cell) for cell in cells or ()]

    def write_entry(self, action: Action, now: float) -> list[RoomOutput]:
        """Write an entry of the log, and commit where it changes who is in. Raises LimitError where we have
        no number left."""
        outputs: list[RoomOutput] = []
        data, step = self._changes.write_entry(action, self._state)
        cells = self._writing.seal_entry(data, now)
        if cells is None:
            outputs += self.make_commit(now)
            cells = self._writing.seal_entry(data, now) or []
        outputs += [*describe_step(step), *(SendRoomCell(cell) for cell in cells)]
        if isinstance(action, LeaveRoom):
            self._leaves = [(now + uniform(self._entropy, *span), data) for span in LEAVES_S]
        if self._changes.is_in and not self._writing.may_write(self._changes.members):
            outputs += self.make_commit(now)
        return [*outputs, *self._flow.on_departures()]

    def on_restored(self) -> None:
        """The home was put back to a copy: nothing but a commit is written in the periods that are here."""
        self._writing.on_restored()

    def _merge(self, now: float) -> list[RoomOutput]:
        self._merge_at = NEVER
        if self._flow.own.is_unsure or not self._merges.take_token(now):
            return []
        try:
            return self.write_entry(StrikeEntries(), now)
        except LimitError as error:
            self._counters[type(error).__name__] += 1
            return []

    def say_frontier(self, now: float) -> list[RoomOutput]:
        """Tell all who are in how far we have read."""
        self._draw_frontier(now)
        self._reply_at = NEVER
        period = self._state.periods.choose_period(self._changes.members)
        if period is None:
            return []
        word = encode_room_word(FrontierWord(self._flow.make_frontier(period, self._flow.own.last)))
        new = NewMessage(RoomKind.WORD, 0, self._changes.heads, NO_PARENTS, word)
        sealed = self._writing.seal_message(new, self._changes.members, now)
        return [SendRoomCell(cell, patient=True) for cell in sealed.cells] if sealed is not None else []

    def _draw_frontier(self, now: float) -> None:
        in_use = now - self._used_at < IN_USE_S
        gap_s = mean_frontier_gap(len(self._changes.members))
        self._frontier_at = now + exponential(self._entropy, gap_s) if in_use else NEVER

    def _send_shares(self, now: float) -> list[RoomOutput]:
        """Send newcomers our ML-KEM shares, each at a random time of its first week."""
        self._share_at = {one: at for one, at in self._share_at.items() if one in self._changes.members}
        outputs: list[RoomOutput] = []
        order = self._changes.log.graph.index
        for member in self._changes.roster.members:
            if order[EntryId(member)] <= order[EntryId(self._changes.own)]:
                continue
            if not self._state.pairs.lacks_share(member):
                self._share_at.pop(member, None)
            elif member not in self._share_at:
                self._share_at[member] = now + min(exponential(self._entropy, SHARE_S), SHARE_MAX_S)
            elif now >= self._share_at[member]:
                self._share_at[member] = now + SHARE_MAX_S
                outputs += self._send_share(member, now)
        return outputs

    def _send_share(self, member: MemberId, now: float) -> list[RoomOutput]:
        try:
            key = self._changes.find_member(member).encapsulation_key
            cells = self._writing.seal_share(member, key, now) or []
        except RefusedInput as error:
            self._counters[error.kind] += 1
            return []
        return [SendRoomCell(cell, patient=True) for cell in cells]

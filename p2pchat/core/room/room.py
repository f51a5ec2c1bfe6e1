"""One room, as one member's home sees it.

Knows: which part takes what the person does, what comes, and what is due. Does not know: meshes, contacts,
what payloads say, or where records are. Parent of ``changes``, ``flow``, ``repair``, ``duties``, ``intake``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from p2pchat.core.room.accusations import Accusations
from p2pchat.core.room.answers import MessageName
from p2pchat.core.room.arrival import MemberKeys, make_welcome
from p2pchat.core.room.changes import RosterChanges, restore_changes
from p2pchat.core.room.duties import RoomDuties
from p2pchat.core.room.flow import MessageFlow
from p2pchat.core.room.intake import RoomIntake
from p2pchat.core.room.key_state import RoomKeyState, RoomSelf, has_key_record
from p2pchat.core.room.log import RoomLog
from p2pchat.core.room.outputs import KeepRecords, RoomOutput, SendRoomCell
from p2pchat.core.room.reading import RoomReading
from p2pchat.core.room.repair import RoomRepair
from p2pchat.core.room.roster import list_strikes_due
from p2pchat.core.room.writing import RoomWriting
from p2pchat.crypto.room_keys import check_member_key
from p2pchat.errors import LimitError
from p2pchat.ports import Entropy
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.cell import Cell
from p2pchat.wire.introductions import IntroductionWord
from p2pchat.wire.room_actions import (
    STRUCK_MAX,
    Action,
    AddMember,
    LeaveRoom,
    NewMember,
    RemoveMember,
    StrikeEntries,
)
from p2pchat.wire.room_log import found_room
from p2pchat.wire.room_welcome import RoomWelcome

FORGET_S: Final = 3600.0
"""Between two looks at what is old."""

_WAITS: Final = b"waits"
"""The name of a record: there is one while cells wait here that are not on disk."""

AWAY_S: Final = 86_400.0
"""So long cells are held by the mesh: who was away for longer asks a member."""


class Room:
    """Each method returns what is to be done, in order: records before cells."""

    def __init__(self, changes: RosterChanges, state: RoomKeyState, entropy: Entropy, now: float) -> None:
        self.changes = changes
        self.state = state
        self.counters: Counter[str] = Counter()
        reading, writing = RoomReading(state), RoomWriting(state)
        self._reading, self._writing = reading, writing
        self.flow = MessageFlow(changes, state, writing)
        self.repair = RoomRepair(changes, state, self.flow, reading, entropy, self.counters, now)
        self._duties = RoomDuties(changes, state, self.flow, writing, entropy, self.counters, now)
        self._intake = RoomIntake(
            changes, state, self.flow, reading, self.repair, self._duties, self.counters
        )
        self._accusations = Accusations()
        self._waits = False
        """Whether it is on disk that cells wait."""
        self._forget_at = now + FORGET_S

    # --- coming in

    @classmethod
    def found_room(cls, name: str, keys: MemberKeys, entropy: Entropy, now: float) -> Room:
        """Begin a room, in which we are alone. Raises Malformed on what cannot be a name."""
        log = RoomLog(found_room(name, keys.public))
        changes = RosterChanges(log, log.founder)
        who = RoomSelf(log.room, log.founder, changes.rosters_at)
        state = RoomKeyState.found_room(who, keys.key, keys.kem, changes.heads, entropy, now)
        changes.changed |= set(log.graph.ids)
        return cls(changes, state, entropy, now)

    @classmethod
    def enter_room(cls, welcome: RoomWelcome, keys: MemberKeys, entropy: Entropy, now: float) -> Room:
        """Come in. Raises RefusedInput where the welcome does not fit our keys, or itself."""
        log = RoomLog.begin_log(welcome.entries, welcome.member)
        changes = RosterChanges(log, welcome.member)
        who = RoomSelf(log.room, welcome.member, changes.rosters_at)
        state = RoomKeyState.come_in(who, keys.key, keys.kem, welcome.grant, entropy, now)
        changes.changed |= set(log.graph.ids)
        room = cls(changes, state, entropy, now)
        for member, number in welcome.numbers:
            room.flow.numbers.begin_after(member, number)
        return room

    @classmethod
    def restore_room(cls, records: Mapping[bytes, bytes], entropy: Entropy, now: float) -> Room:
        """Go on from what was kept; of messages only those are needed that wait. Raises Malformed."""
        changes = restore_changes(records)
        who = RoomSelf(changes.log.room, changes.own, changes.rosters_at)
        keys = {name: record for name, record in records.items() if has_key_record(name)}
        room = cls(changes, RoomKeyState.from_records(who, keys, entropy), entropy, now)
        room.flow.read_kept(records, now)
        if _WAITS in records:
            room._waits = True
            room.repair.asks.note_return()  # what waited is lost: a member tells what it was
        room.repair.asks.look_at_needs(now)
        return room

    # --- what the parent asks

    @property
    def own(self) -> MemberId:
        """Our id here."""
        return self.changes.own

    def owns_cell(self, cell: Cell, now: float) -> bool:
        """Whether a member of the room has made a cell: one keyed hash, as a rule."""
        return self._reading.recognizes_cell(cell, now)

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        due = min(self._forget_at, self.flow.next_wakeup())
        if not self.changes.is_in:
            return min(due, self._duties.next_leave())
        return min(due, self._duties.next_wakeup(), self.repair.next_wakeup())

    # --- what the person wants

    def greet_members(self, now: float) -> list[RoomOutput]:
        """Show all that we are here: a newcomer's first word."""
        return self._finish(self._duties.say_frontier(now), now)

    def say_payload(self, payload: bytes, wants: bool, now: float) -> list[RoomOutput]:
        """Say something to all who are in. ``wants``: they are to tell whether it is there. Raises LimitError
        where we are out, or were put back to a copy; ValueError on what is too long."""
        self._check_in()
        outputs: list[RoomOutput] = []
        written = self.flow.write_message(payload, wants, now)
        if written is None:
            outputs += self._duties.make_commit(now)
            written = self.flow.write_message(payload, wants, now)
        if written is None:
            raise LimitError("there is no period to write under")
        self._duties.note_use(now)
        self._duties.note_frontier_left(now)
        outputs += [written.line, *(SendRoomCell(cell) for cell in written.sealed.cells)]
        return self._finish(outputs, now)

    def change_roster(self, action: Action, now: float) -> list[RoomOutput]:
        """Write an entry, and commit where it changes who is in. Raises LimitError where we may not."""
        self._check_in()
        if not self.changes.may_write(action):
            raise LimitError("this member may not do that in this room")
        return self._finish([*self._write_strikes(now), *self._duties.write_entry(action, now)], now)

    def remove_member(self, member: MemberId, now: float) -> list[RoomOutput]:
        """Put somebody out; what it wrote up to now counts, as far as we have it."""
        return self.change_roster(RemoveMember(member, self.flow.numbers.frontier_of(member) + 1), now)

    def leave_room(self, heirs: tuple[MemberId, ...], now: float) -> list[RoomOutput]:
        """Go. ``heirs``: where we are the owner, who is to be."""
        return self.change_roster(LeaveRoom(self.flow.own.last + 1, heirs), now)

    def admit_member(self, new: NewMember, now: float) -> tuple[RoomWelcome, list[RoomOutput]]:
        """Let somebody in, and make what it is to be given. Raises LimitError, and Unreadable on a key that
        is refused."""
        self.state.pairs.check_new(new.key)
        check_member_key(new.recovery_key)
        outputs = self.change_roster(AddMember(new), now)
        entry = self.changes.log.graph.ids[-1]
        return make_welcome(entry, self.changes, self.state, self.flow), outputs

    def tell_member(self, member: MemberId, word: IntroductionWord, now: float) -> list[RoomOutput]:
        """Write a word of an introduction to one member alone, if it and we are in."""
        if not self.changes.is_in or member not in self.changes.members:
            return []
        return self._finish(self.repair.seal_word(member, word, now), now)

    # --- what happens

    def open_cell(self, cell: Cell, now: float) -> list[RoomOutput]:
        """Open a cell that is the room's."""
        return self._finish([*self._intake.take_events(self._reading.open_cell(cell, now), now)], now)

    def take_fetched(
        self, receiver: MemberId, records: Mapping[MessageName, bytes | None], now: float
    ) -> list[RoomOutput]:
        """Messages were read for a member who asked for them."""
        self.repair.take_fetched(receiver, records, now)
        return []

    def return_after(self, away_s: float, now: float) -> list[RoomOutput]:
        """We were away for so long."""
        if away_s > AWAY_S:
            self.repair.asks.note_return()
        return self._finish([], now)

    def on_restored(self, now: float) -> list[RoomOutput]:
        """This home was put back to a copy, or may have been: no key or number is used twice. Until others
        have said how many messages of ours they have, which takes 20 minutes at least, nothing is written but
        commits and asks; ``say_payload`` and ``change_roster`` raise LimitError. A member that has committed
        since the copy has lost its key, and has to be let in anew."""
        self.flow.on_restored(now)
        self._duties.on_restored()
        self.repair.asks.note_return()
        return self._finish([], now)

    def tick(self, now: float) -> list[RoomOutput]:
        """Do what is due."""
        outputs: list[RoomOutput] = []
        if self.changes.is_in:
            outputs += self._duties.tick(now)
            outputs += self.repair.tick(now)
        else:
            outputs += self._duties.repeat_leave(now)
        outputs += self.flow.give_up_old(now)
        if now >= self._forget_at:
            self._forget_at = now + FORGET_S
            self._reading.forget_periods(self.state.forget_old(now))
            self.flow.forget_old(now)
        return self._finish(outputs, now)

    # --- within

    def _check_in(self) -> None:
        if not self.changes.is_in:
            raise LimitError("this home is not in the room any more")
        if self.flow.own.is_unsure and len(self.changes.members) > 1:
            raise LimitError("this home was put back to a copy, and waits for the others")

    def _write_strikes(self, now: float) -> list[RoomOutput]:
        """Strike what we do not apply: what we write next would take it in."""
        outputs, before = list[RoomOutput](), list[EntryId]()
        due = list_strikes_due(self.changes.log.graph, self.changes.roster, self.own)
        while due != before:
            outputs += self._duties.write_entry(StrikeEntries(tuple(due[:STRUCK_MAX])), now) if due else []
            before, due = due, list_strikes_due(self.changes.log.graph, self.changes.roster, self.own)
        return outputs

    def _finish(self, outputs: list[RoomOutput], now: float) -> list[RoomOutput]:
        """Put what is to be kept in front, and see what is due next."""
        self.repair.asks.look_at_needs(now)
        if self.changes.is_in:
            self._duties.follow_changes(now)
        records: dict[bytes, bytes | None] = {
            **self.state.pop_changes(),
            **self.flow.pop_records(),
            **self.changes.pop_records(),
        }
        if self._waits is not bool(self._reading.waiting):
            self._waits = not self._waits
            records[_WAITS] = b"1" if self._waits else None
        told = self._accusations.pace_news(outputs, now)
        return [KeepRecords(records), *told] if records else told

"""One room of this home, between its machine and the rest of the node.

Knows: what follows from what the machine wants and tells, when it has its turn. Does not know: other rooms,
how somebody is let in, or what happens within the machine. Parent of ``cell_queue``, ``own_messages`` and
``lines``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.messaging.outputs import IntroductionReported, Routed, SendInto
from p2pchat.core.messaging.retention import Purge
from p2pchat.core.room.flow import MESSAGE_RECORD, name_record, split_record_name
from p2pchat.core.room.outputs import (
    FetchMessages,
    KeepRecords,
    MemberWrote,
    ReachedMember,
    RoomLine,
    RoomNews,
    RoomOutput,
    RosterChanged,
    SendRoomCell,
)
from p2pchat.core.room.room import Room
from p2pchat.core.rooms.cell_queue import CellQueue
from p2pchat.core.rooms.lines import RoomLines
from p2pchat.core.rooms.own_messages import OwnMessages, Unwritten
from p2pchat.core.rooms.turns import list_turns
from p2pchat.core.values.effects import FetchRoomRecords, Notify, Persist
from p2pchat.core.values.introductions import MemberOf
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_events import RoomTurn
from p2pchat.core.values.room_inputs import RoomRecordsFetched
from p2pchat.core.values.room_records import PutRoom, PutRoomRecords, RoomRecord
from p2pchat.core.values.user_inputs import CellFate
from p2pchat.data import dataclass
from p2pchat.errors import LimitError, RefusedInput
from p2pchat.types import ConversationId, MemberId, MeshId, Tag
from p2pchat.wire.cell import Cell
from p2pchat.wire.content import Referring, Text
from p2pchat.wire.introductions import IntroductionWord
from p2pchat.wire.payload import encode_payload

AWAY_S: Final = 600.0
"""A room without a link for so long has its first turn at a random time, as contacts are greeted then."""

RETRY_S: Final = 30.0
"""Between two tries to write what cannot be written yet."""


@dataclass(frozen=True, slots=True)
class RoomSurroundings:
    """What all rooms of a home share."""

    purge: Purge
    keeps_earlier: bool
    """Whether what a line said before is kept."""
    counters: Counter[str]
    free_name: Callable[[str, ConversationId], str]
    """A name that no other room here has."""
    choose_meshes: Callable[[MeshId], Sequence[MeshId]]
    """Where the cells of a room in a mesh go."""


class HomeRoom:
    """Each method returns what is to be steps, in order: what is kept before what leaves."""

    def __init__(
        self,
        record: RoomRecord,
        room: Room,
        records: Mapping[bytes, bytes],
        around: RoomSurroundings,
        alone_since: float,
    ) -> None:
        """``records``: what was kept; ``alone_since``: since when the room was not listened to."""
        self.record = record
        self.room = room
        self._cells = CellQueue(records)
        self._own = OwnMessages(record.id, records, room.flow.reached)
        self._lines = RoomLines(record.id, room, around.purge, around.keeps_earlier, around.counters)
        self._around = around
        self._told = room.changes.roster
        """What people were last told of who is in."""
        self._connected = False
        self._alone_since: float | None = alone_since
        self._resume_at = NEVER
        self._retry_at = NEVER

    @property
    def id(self) -> ConversationId:
        """Its conversation."""
        return self.record.id

    @property
    def waiting(self) -> int:
        """Messages accepted and not yet on their way."""
        return len(self._own) + self._cells.messages

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        if not self._connected:
            return NEVER
        if self._alone_since is not None:
            return self._resume_at
        return min(self.room.next_wakeup(), self._cells.next_wakeup(), self._retry_at)

    def refuse_writing(self) -> Reason | None:
        """Why nothing may be written now; None: it may."""
        if not self.room.changes.is_in:
            return Reason.NOT_IN_ROOM
        if self.room.flow.own.is_unsure and len(self.room.changes.members) > 1:
            return Reason.ROOM_WAITS
        return None

    # --- what the person wants

    def accept_content(self, content: Text | Referring, wants: bool, now: float) -> list[Routed]:
        """Accept what the person says: durable first, then on its way."""
        lines = self._lines.keep_own(content, now)
        is_line = isinstance(content, Text)
        queued = self._own.accept_payload(content.id, encode_payload(content), wants, is_line, now)
        return self._finish([*lines, *queued, *self._write_waiting(now)], now)

    def change_roster(self, does: Callable[[], list[RoomOutput]], now: float) -> list[Routed]:
        """Change who is in, what an office is, or what holds for all; or refuse it."""
        refused = self.refuse_writing()
        if refused is not None:
            return [Rejected(refused)]
        try:
            outputs = does()
        except LimitError:
            return [Rejected(Reason.MAY_NOT)]
        return self.run_outputs(outputs, now)

    def tell_member(self, member: MemberId, word: IntroductionWord, now: float) -> list[Routed]:
        """Say a word of an introduction to one member alone."""
        return self.run_outputs(self.room.tell_member(member, word, now), now)

    def change_record(self, record: RoomRecord) -> list[Routed]:
        """Something is decided here that concerns no other member."""
        self.record = record
        return [Persist(PutRoom(record))]

    # --- what happens

    def on_links(self, links: int, resume_at: float, now: float) -> None:
        """The room's meshes have so many links now. While there is none nothing is due; after a longer time
        the first turn is at ``resume_at``: a neighbour would count the rooms of a home that comes back."""
        before, self._connected = self._connected, links > 0
        if not self._connected:
            self._alone_since = now if self._alone_since is None else self._alone_since
        elif not before and self._alone_since is not None:
            away = now - self._alone_since > AWAY_S
            self._resume_at = resume_at if away else now

    def open_cells(self, cells: Iterable[Cell], now: float) -> list[Routed]:
        """Open cells of the room, in the order in which they came."""
        steps: list[Routed] = []
        for cell in cells:
            steps += self._run_outputs(self.room.open_cell(cell, now), now)
        return self._finish([*steps, *self._write_waiting(now)], now)

    def take_fetched(self, fetched: RoomRecordsFetched, now: float) -> list[Routed]:
        """Messages were read for a member who asked for them."""
        found = {split_record_name(name): data for name, data in fetched.records.items()}
        return self.run_outputs(self.room.take_fetched(fetched.receiver, found, now), now)

    def on_restored(self, now: float) -> list[Routed]:
        """This home was put back to a copy."""
        return self.run_outputs(self.room.on_restored(now), now)

    def follow_cell(self, tag: Tag, fate: CellFate, now: float) -> list[Routed]:
        """Something became of a cell of ours. Where it has left, others may leave in its place."""
        match fate:
            case CellFate.RETURNED:
                number = self._cells.on_cell_returned(tag)
                return self._finish([*(self._own.note_relayed(number, now) if number else ())], now)
            case CellFate.LOST:
                self._cells.on_cell_lost(tag)
                return self._finish([], now)
            case CellFate.LEFT:
                self._cells.on_cell_left(tag, now)
                return self._finish(self._write_waiting(now), now)

    def tick(self, now: float) -> list[Routed]:
        """Do what is due."""
        if not self._connected or now < self.next_wakeup():
            return []
        steps: list[Routed] = []
        if self._alone_since is not None:
            away_s, self._alone_since = now - self._alone_since, None
            steps += self._run_outputs(self.room.return_after(away_s, now), now)
        if now >= self.room.next_wakeup():
            steps += self._run_outputs(self.room.tick(now), now)
        return self._finish([*steps, *self._write_waiting(now)], now)

    def run_outputs(self, outputs: Iterable[RoomOutput], now: float) -> list[Routed]:
        """Do what the machine wants."""
        return self._finish(self._run_outputs(outputs, now), now)

    # --- within

    def _run_outputs(
        self, outputs: Iterable[RoomOutput], now: float, writing: Unwritten | None = None
    ) -> list[Routed]:
        """``writing``: what of ours is written by it."""
        steps: list[Routed] = []
        number = 0
        for output in outputs:
            match output:
                case KeepRecords(records):
                    steps += self._keep(records, now)
                case SendRoomCell(cell, patient):
                    self._cells.put_cell(cell, number, patient)
                case FetchMessages(receiver, places):
                    names = tuple(name_record(MESSAGE_RECORD, *place) for place in places)
                    steps.append(FetchRoomRecords(self.id, receiver, names))
                case RoomLine() if writing is not None and output.sender == self.room.own:
                    number = output.number
                    others = self.room.changes.members - {self.room.own}
                    steps += self._own.note_written(writing, number, others)
                case RoomLine():
                    steps += self._lines.take_line(output, now)
                case MemberWrote(member, word):
                    steps.append(IntroductionReported(MemberOf(self.id, member), word))
                case ReachedMember(member, upto):
                    steps += self._own.note_reached(member, upto, now)
                case _:
                    steps += self._tell(output, now)
        return steps

    def _keep(self, records: Mapping[bytes, bytes | None], now: float) -> list[Routed]:
        """Keep records of the machine; messages for others no longer than lines last."""
        retention_s = self.room.changes.roster.retention_s
        messages = {name: data for name, data in records.items() if name.startswith(MESSAGE_RECORD)}
        if not retention_s or not messages:
            return [Persist(PutRoomRecords(self.id, records))]
        others = {name: data for name, data in records.items() if name not in messages}
        kept = [PutRoomRecords(self.id, others), PutRoomRecords(self.id, messages, now + retention_s)]
        return [Persist(change) for change in kept if change.records]

    def _tell(self, news: RoomNews, now: float) -> list[Routed]:
        before, self._told = self._told, self.room.changes.roster
        steps: list[Routed] = []
        for turn in list_turns(self.id, news, self.room.changes, before):
            if turn.turn is RoomTurn.RENAMED:
                turn = replace(turn, before=self.record.name)
                name = self._around.free_name(self.room.changes.roster.name, self.id)
                steps += self.change_record(replace(self.record, name=name))
            steps.append(Notify(turn))
        if isinstance(news, RosterChanged):
            if not self.room.changes.is_in:
                steps += self._own.give_up(now)
            steps += self._own.note_gone(self.room.changes.members, now)
        return steps

    def _write_waiting(self, now: float) -> list[Routed]:
        """Write what was accepted, while there is a link and the room lets us."""
        self._retry_at = NEVER
        steps: list[Routed] = []
        while (one := self._own.first) is not None and self._may_write():
            try:
                outputs = self.room.say_payload(one.payload, one.wants, now)
            except (LimitError, RefusedInput):
                break
            self._own.drop_first()
            steps += self._run_outputs(outputs, now, writing=one)
        if self._own.first is not None:
            self._retry_at = now + RETRY_S
        return steps

    def _may_write(self) -> bool:
        here = self._connected and self._alone_since is None
        return here and self._cells.has_space and self.refuse_writing() is None

    def _finish(self, steps: list[Routed], now: float) -> list[Routed]:
        """Hand over what may leave, behind what is to be kept before."""
        handed = self._cells.hand_over(now) if self._connected else []
        records = {**self._own.records, **self._cells.records}
        self._own.records, self._cells.records = {}, {}
        kept: list[Routed] = [Persist(PutRoomRecords(self.id, records))] if records else []
        sent = [
            SendInto(mesh, cell, haste)
            for cell, haste in handed
            for mesh in self._around.choose_meshes(self.record.mesh)
        ]
        return [*kept, *steps, *sent]

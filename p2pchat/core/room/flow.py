"""Messages of a room, both ways: as they are written, as they come, and how far each member has read.

Knows: numbers, order, frontiers, what is kept of a message. Does not know: cells, commits, or how what is
missing is asked for. Parent of ``numbers``, ``timeline`` and ``kept_messages``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.room.changes import RosterChanges
from p2pchat.core.room.kept_days import KeptDays
from p2pchat.core.room.kept_messages import MessageRecord, as_message, encode_record, record_message
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.messages import NewMessage, RoomMessage, name_sender
from p2pchat.core.room.numbers import SeenNumbers
from p2pchat.core.room.outputs import HomePutBack, OtherToldOtherwise, ReachedMember, RoomLine, RoomNews
from p2pchat.core.room.own_number import OwnNumber
from p2pchat.core.room.period import Period
from p2pchat.core.room.timeline import MessagePlace, MessageShown, Timeline
from p2pchat.core.room.writing import RoomWriting, SealedMessage
from p2pchat.data import dataclass
from p2pchat.errors import RefusedInput
from p2pchat.types import MemberId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import MEMBER_BYTES, NUMBER_MAX, RoomKind
from p2pchat.wire.room_letters import decode_kept_message, encode_kept_message
from p2pchat.wire.room_words import FrontierWord, encode_told, split_told

HEARSAY_MAX: Final = 256
"""Messages that are here as another member has them, and that their sender may still show us itself."""

WAITS_S: Final = 3600.0
"""So long a message waits for parents."""

CLAIM_AHEAD: Final = 1024
"""So far beyond a member's own word others are believed about what it has written."""

MESSAGE_RECORD: Final = b"m"
"""With this begin the names of records that are messages for others."""

FRONTIER_PER_MEMBER_S: Final = 60.0
FRONTIER_S: Final = (300.0, 1800.0)
"""The mean of the exponential gaps between frontiers that go alone, with its bounds: all members together
tell theirs about once a minute, and so what was lost is noticed as soon in a room of thirty as in one of
five."""

_FLOW, _WAITING, _DAY = b"flow", b"w", b"d"
_LIMIT: Final = 1 << 20


def mean_frontier_gap(members: int) -> float:
    """Seconds between frontiers of one member that go alone, in a room of so many."""
    least, most = FRONTIER_S
    return min(max(FRONTIER_PER_MEMBER_S * members, least), most)


@dataclass(frozen=True, slots=True)
class MessageWritten:
    """A message of ours, sealed."""

    sealed: SealedMessage
    line: RoomLine


class MessageFlow:
    """One room's."""

    def __init__(self, changes: RosterChanges, state: RoomKeyState, writing: RoomWriting) -> None:
        self._changes = changes
        self._state = state
        self._writing = writing
        self.numbers = SeenNumbers()
        self.timeline = Timeline(state.who.room)
        self.own = OwnNumber()
        self.reached: dict[MemberId, int] = {}
        """Up to which of ours each other member has all."""
        self.spoken: set[MemberId] = set()
        """Who was heard at all."""
        self.claims: dict[MemberId, dict[MemberId, int]] = {}
        """How far each other member says that it has read each other."""
        self.records: dict[bytes, bytes | None] = {}
        """To be written."""
        self.counters: Counter[str] = Counter()
        self._days = KeptDays()
        self._hearsay: Table[MessagePlace, MemberId] = Table(HEARSAY_MAX)
        self._through: dict[MessagePlace, MemberId] = {}
        """Of waiting messages, as whom they are here."""
        self._moved = False

    # --- what we write

    def write_message(self, payload: bytes, wants: bool, now: float) -> MessageWritten | None:
        """Write a message to all who are in; None where one commits first. ``wants``: others are to tell how
        far they have read. Raises ValueError on a payload that is too long."""
        roster, number = self._changes.members, self.own.last + 1
        period = self._state.periods.choose_period(roster)
        if period is None:
            return None
        front = encode_told(FrontierWord(self.make_frontier(period, number), wants))
        new = NewMessage(
            RoomKind.MESSAGE,
            number,
            self._changes.heads,
            self.timeline.make_parents(),
            front + payload,
        )
        sealed = self._writing.seal_message(new, roster, now)
        if sealed is None:
            return None
        self.own.last = number
        self.timeline.note_own(sealed.message)
        self.numbers.note_number(self._changes.own, number)
        self._keep(record_message(sealed.message, period.members, sealed.macs), now)
        return MessageWritten(sealed, RoomLine(self._changes.own, number, payload))

    def make_frontier(self, period: Period, number: int) -> tuple[int, ...]:
        """How far we have read each member of a period, but no further than it has said itself to have
        written: what others invent in its name would look like its own. ``number``: of our last message."""
        told = {member: claims[member] for member, claims in self.claims.items() if member in claims}
        read = self.numbers.frontier_of
        return tuple(
            number if member == self._changes.own else min(read(member), told.get(member, NUMBER_MAX))
            for member in period.members
        )

    # --- what comes

    def take_message(self, message: RoomMessage, macs: bytes, through: MemberId | None, now: float) -> bool:
        """Whether a message is new, and counts; if so it is kept. ``through``: as this member has it."""
        sender, number = message.sender, message.number
        if self._is_beyond(sender, number):
            self.counters["messages of who is out"] += 1
            return False
        place = name_sender(sender), number
        confirms = through is None and place in self._hearsay
        late = through is None and self.numbers.is_settled(sender, number)
        if self.numbers.has_number(sender, number) and not (confirms or late):
            return False
        period = self._state.periods.find_period(message.period)
        members = period.members if period is not None else ()
        self.numbers.note_number(sender, number)
        self._keep(record_message(message, members, macs), now)
        if through is not None:
            self._hearsay.put(place, through)
        return True

    def order_message(self, message: RoomMessage, through: MemberId | None, now: float) -> list[RoomNews]:
        """Show a message that was taken, if its turn is come, and what has waited for it."""
        place = name_sender(message.sender), message.number
        news: list[RoomNews] = []
        if through is None and place in self._hearsay:
            teller = self._hearsay.pop(place)
            if not self.timeline.is_told_otherwise(message):
                return []
            news.append(OtherToldOtherwise(teller))
        if through is not None:
            self._through[place] = through
        shown = self.timeline.put_message(message, self._is_here, now)
        if not any(line.message is message for line in shown):
            self._note_waiting(message, through)
            self._claim_awaited()
        return news + self.show_lines(shown)

    def find_fork(self, message: RoomMessage) -> list[RoomNews]:
        """Say who has given two messages one number."""
        place = name_sender(message.sender), message.number
        if self.timeline.is_told_otherwise(message) and place not in self._hearsay:
            return [OtherToldOtherwise(message.sender)]
        return []

    def show_lines(self, shown: list[MessageShown]) -> list[RoomNews]:
        """What people are told of messages whose turn it is."""
        self._moved = True
        return [self._show_line(line) for line in shown]

    def on_restored(self, now: float) -> None:
        """The home was put back to a copy: there may be later messages of ours."""
        self.own.begin_doubt(now)
        self._moved = True

    def note_spoken(self, member: MemberId) -> bool:
        """A member was heard; whether it was never before."""
        if member in self.spoken:
            return False
        self.spoken.add(member)
        self._moved = True
        return True

    def take_frontier(
        self, sender: MemberId, period: bytes, word: FrontierWord, now: float
    ) -> list[RoomNews]:
        """A member says how far it has read the members of a period."""
        known = self._state.periods.find_period(period)
        if known is None or len(word.numbers) != len(known.members):
            return []
        news: list[RoomNews] = []
        claims = self.claims.setdefault(sender, {})
        if sender in known.places:
            self.numbers.withdraw_settled(sender, word.numbers[known.places[sender]])
        for member, number in zip(known.members, word.numbers, strict=True):
            if member == self._changes.own:
                news += self._note_reached(sender, number, now)
            elif member == sender or member in self._changes.members:
                told = self.claims.get(member, {}).get(member)
                if member != sender and told is not None:
                    number = min(number, told + CLAIM_AHEAD)
                claims[member] = max(number, claims.get(member, 0))
                self.numbers.note_claim(member, number)
        self._moved = True
        return news

    def _note_reached(self, sender: MemberId, number: int, now: float) -> list[RoomNews]:
        """A member says up to which number it has all of ours."""
        news: list[RoomNews] = []
        if self.own.note_told(sender, number, len(self._changes.members) - 1, now):
            self.numbers.begin_after(self._changes.own, self.own.last)
            news += [HomePutBack()] if self.own.is_unsure else []
        if self.reached.get(sender, 0) < number <= self.own.last:
            self.reached[sender] = number
            news.append(ReachedMember(sender, number))
        return news

    def settle_numbers(self, member: MemberId, first: int, count: int, given_up: bool) -> list[RoomNews]:
        """Messages that are none for us, or, ``given_up``, that no member has: of these only those count that
        the member says to have written."""
        self.numbers.note_settled(member, first, count)
        told = self.claims.get(member, {}).get(member)
        if given_up and told is not None:
            self.numbers.withdraw_settled(member, told)
        settle = self.timeline.give_up_parent if given_up else self.timeline.settle_parent
        awaited = [
            place
            for place in self.timeline.list_awaited()
            if place[0] == name_sender(member) and first <= place[1] < first + count
        ]
        return self.show_lines([one for place in awaited for one in settle(place)])

    def list_senders(self) -> list[MemberId]:
        """All who are or were in."""
        return [*self._changes.roster.members, *self._changes.roster.departures]

    def on_departures(self) -> list[RoomNews]:
        """Who is out says nothing more, and what waits for what does not count need not."""
        for member in set(self.claims) - self._changes.members:
            del self.claims[member]
        for member, departure in self._changes.roster.departures.items():
            self.numbers.note_claim(member, departure.next_number - 1)
            self.numbers.withdraw_claim(member, departure.next_number - 1)
        self._claim_awaited()
        beyond = [place for place in self.timeline.list_awaited() if self._is_here(place)]
        return self.show_lines([one for place in beyond for one in self.timeline.settle_parent(place)])

    def next_wakeup(self) -> float:
        """When ``give_up_old`` has something to do."""
        return self.timeline.next_wakeup(WAITS_S)

    def give_up_old(self, now: float) -> list[RoomNews]:
        """Show what has waited for too long."""
        return self.show_lines(self.timeline.give_up_old(now - WAITS_S))

    def forget_old(self, now: float) -> None:
        """Erase what was kept for others for thirty days."""
        for member, number in self._days.forget_old(now):
            self.records[name_record(MESSAGE_RECORD, member, number)] = None

    # --- keeping

    def pop_records(self) -> dict[bytes, bytes | None]:
        """Records to be written, or, None, erased."""
        self.records |= {_DAY + day: record for day, record in self._days.pop_records().items()}
        if self._moved or self.records:
            values = {
                **self.numbers.as_values(),
                "number": self.own.last,
                "unsure": self.own.is_unsure,
                "tips": [list(tip) for tip in self.timeline.list_tips()],
                "spoken": sorted(self.spoken)[:512],
                "reached": [[member, number] for member, number in self.reached.items()],
            }
            self.records[_FLOW] = codec.pack(values)
        records, self.records, self._moved = self.records, {}, False
        return records

    def read_kept(self, records: Mapping[bytes, bytes], now: float) -> None:
        """Undo ``pop_records``; of messages those that wait are needed. Raises Malformed."""
        if _FLOW not in records:
            return
        reader = Reader(codec.unpack(records[_FLOW], _LIMIT))
        self.numbers = SeenNumbers.read_kept(reader)
        unsure = reader.get_flag("unsure")
        self.own = OwnNumber(reader.get_integer("number", 0, NUMBER_MAX), now if unsure else NEVER)
        self.timeline.restore_tips((one[0], one[1], one[2]) for one in reader.get_list("tips", 64))
        self.reached = {
            MemberId(member): number
            for member, number in reader.get_list("reached", 512)
            if len(member) == MEMBER_BYTES
        }
        self.spoken = {MemberId(member) for member in reader.get_list("spoken", 512)}
        waiting: list[RoomMessage] = []
        for name, record in records.items():
            if name.startswith(_DAY) and len(name) == 1 + 4:
                self._days.read_record(name[1:], record)
            if name.startswith(_WAITING) and len(name) == 1 + MEMBER_BYTES + 4:
                kept = Reader(codec.unpack(record, _LIMIT))
                message = as_message(decode_kept_message(kept.get_bytes("message")))
                through = kept.get_bytes("through", limit=MEMBER_BYTES)
                if through:
                    self._through[name_sender(message.sender), message.number] = MemberId(through)
                waiting.append(message)
        self.timeline.restore_waiting(waiting, self._is_here, now)

    # --- within

    def _claim_awaited(self) -> None:
        """What others build upon was written: it is asked for, if it does not come."""
        members = {name_sender(member): member for member in self.list_senders()}
        for place in self.timeline.list_awaited():
            if place[0] in members and not self._is_here(place):
                self.numbers.note_claim(members[place[0]], place[1])

    def _note_waiting(self, message: RoomMessage, through: MemberId | None) -> None:
        kept = encode_kept_message(record_message(message, (), b"").kept)
        self.records[name_record(_WAITING, message.sender, message.number)] = codec.pack(
            {"message": kept, "through": through or b""}
        )

    def _show_line(self, shown: MessageShown) -> RoomLine:
        message = shown.message
        place = name_sender(message.sender), message.number
        self.records[name_record(_WAITING, message.sender, message.number)] = None
        period = self._state.periods.find_period(message.period)
        readers = frozenset(period.members) if period is not None else frozenset()
        try:
            _, payload = split_told(message.payload)
        except RefusedInput:
            payload = b""
        return RoomLine(
            message.sender,
            message.number,
            payload,
            self._through.pop(place, None),
            shown.lacks,
            shown.differs,
            readers - self._changes.members - {message.sender},
        )

    def _is_here(self, place: MessagePlace) -> bool:
        name, number = place
        return any(
            self.numbers.has_number(member, number) or self._is_beyond(member, number)
            for member in self.list_senders()
            if name_sender(member) == name
        )

    def _is_beyond(self, member: MemberId, number: int) -> bool:
        """Whether a message was written after its sender was out, so that it does not count."""
        departure = self._changes.roster.departures.get(member)
        return departure is not None and number >= departure.next_number

    def _keep(self, record: MessageRecord, now: float) -> None:
        kept = record.kept
        if self._days.note_kept(MemberId(kept.sender), kept.number, now):
            self.records[name_record(MESSAGE_RECORD, kept.sender, kept.number)] = encode_record(record)
        self._moved = True


def name_record(kind: bytes, sender: bytes, number: int) -> bytes:
    """Name the record of a message."""
    return kind + sender + number.to_bytes(4, "big")


def split_record_name(name: bytes) -> tuple[MemberId, int]:
    """Undo ``name_record``: sender and number."""
    return MemberId(name[1:-4]), int.from_bytes(name[-4:], "big")

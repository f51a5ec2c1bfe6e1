"""What the person here says in one room: until it is written, and until all others have it.

Knows: order, states, who has what. Does not know: how a message is written or sealed, or how lines are kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from p2pchat.core.kit.table import Table
from p2pchat.core.values.changes import SetMessageState
from p2pchat.core.values.effects import Effect, MessageMoved, Notify, Persist
from p2pchat.core.values.room_events import MessageReached
from p2pchat.core.values.room_records import NarrowRoomLine, PlaceRoomLine, ReachRoomLines
from p2pchat.data import dataclass
from p2pchat.types import ConversationId, MemberId, MessageId, MessageState
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.payload import PAYLOAD_LIMIT
from p2pchat.wire.room_cells import MEMBER_BYTES, MEMBERS_MAX

UNREACHED_MAX: Final = 1024
"""Messages of which it is noted who has them: the last ones."""

_WAITING: Final = b"~w"
_WRITTEN: Final = b"~s"


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Something that was accepted."""

    order: int
    id: MessageId
    payload: bytes
    wants: bool
    is_line: bool
    """Whether it has a line of its own."""


@dataclass(slots=True)
class Written:
    """A message that not all have."""

    id: MessageId
    others: set[MemberId]
    """To whom it goes: those who were in when it was written, without those who went before they had it."""
    missing: set[MemberId]
    is_line: bool

    @property
    def to(self) -> int:
        """To how many it goes."""
        return len(self.others)

    @property
    def reached(self) -> int:
        """How many have it."""
        return len(self.others) - len(self.missing)


class OwnMessages:
    """One room's. Each method returns what is to be steps."""

    def __init__(
        self,
        room: ConversationId,
        records: Mapping[bytes, bytes],
        reached: Mapping[MemberId, int],
    ) -> None:
        """``records``: what an earlier run has kept; ``reached``: up to which of ours each member has all.
        Raises Malformed."""
        self.records: dict[bytes, bytes | None] = {}
        """To be written."""
        self._room = room
        self._order = 0
        self._waiting: deque[Unwritten] = deque()
        self._written = Table[int, Written](UNREACHED_MAX)
        for name in sorted(records):
            if name.startswith(_WAITING):
                self._order = int.from_bytes(name[len(_WAITING) :], "big")
                self._waiting.append(_read_waiting(self._order, records[name]))
            elif name.startswith(_WRITTEN):
                number = int.from_bytes(name[len(_WRITTEN) :], "big")
                written = _read_written(records[name])
                written.missing -= {who for who in written.missing if reached.get(who, 0) >= number}
                self._written.put(number, written)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> Unwritten | None:
        """What is to be written next."""
        return self._waiting[0] if self._waiting else None

    # --- what happens

    def accept_payload(
        self, id: MessageId, payload: bytes, wants: bool, is_line: bool, now: float
    ) -> list[Effect]:
        """Have it durable."""
        self._order += 1
        self._waiting.append(Unwritten(self._order, id, payload, wants, is_line))
        fields = {"id": bytes.fromhex(id), "payload": payload, "wants": wants, "line": is_line}
        self.records[_WAITING + self._order.to_bytes(8, "big")] = codec.pack(fields)
        return self._report(id, MessageState.QUEUED, now)

    def drop_first(self) -> Unwritten:
        """The first has been written, or never will be."""
        one = self._waiting.popleft()
        self.records[_WAITING + one.order.to_bytes(8, "big")] = None
        return one

    def note_written(self, one: Unwritten, number: int, others: Collection[MemberId]) -> list[Effect]:
        """It has a number, and goes to so many others."""
        self._put(number, Written(one.id, set(others), set(others), one.is_line))
        return [Persist(PlaceRoomLine(one.id, number, len(others)))] if one.is_line else []

    def note_relayed(self, number: int, now: float) -> list[Effect]:
        """The last cell of a message came back from the mesh."""
        written = self._written.get(number)
        if written is None:
            return []
        if not written.to:
            del self._written[number]
            self.records[_WRITTEN + number.to_bytes(4, "big")] = None
        return self._report(written.id, MessageState.RELAYED, now)

    def note_reached(self, member: MemberId, upto: int, now: float) -> list[Effect]:
        """A member has all of ours up to a number."""
        effects: list[Effect] = []
        reached = [
            number
            for number, written in self._written.items()
            if number <= upto and member in written.missing
        ]
        for first, last in _as_spans(sorted(reached)):
            effects.append(Persist(ReachRoomLines(self._room, first, last)))
        for number in sorted(reached):
            written = self._written[number]
            written.missing.discard(member)
            effects += self._tell_reached(number, written, now)
        return effects

    def note_gone(self, members: Collection[MemberId], now: float) -> list[Effect]:
        """These are the members now: nothing is awaited of others, and who went without it is not counted.
        What is left with no member at all is cancelled: it was delivered to none."""
        effects: list[Effect] = []
        for number, written in list(self._written.items()):
            gone = written.missing - set(members)
            if not gone:
                continue
            written.missing -= gone
            written.others -= gone
            self._put(number, written)
            if written.is_line:
                effects.append(Persist(NarrowRoomLine(written.id, written.to)))
            effects += self._tell_reached(number, written, now)
        return effects

    def give_up(self, now: float) -> list[Effect]:
        """We are out: nothing that waits will be written."""
        effects: list[Effect] = []
        while self._waiting:
            effects += self._report(self.drop_first().id, MessageState.CANCELLED, now)
        return effects

    # --- within

    def _put(self, number: int, written: Written) -> None:
        fields = {
            "id": bytes.fromhex(written.id),
            "to": b"".join(sorted(written.others)),
            "line": written.is_line,
        }
        self.records[_WRITTEN + number.to_bytes(4, "big")] = codec.pack(fields)
        gone = self._written.put(number, written)
        if gone is not None:
            self.records[_WRITTEN + gone.to_bytes(4, "big")] = None

    def _tell_reached(self, number: int, written: Written, now: float) -> list[Effect]:
        if not written.to:
            told: list[Effect] = []
        else:
            told = [Notify(MessageReached(written.id, self._room, written.reached, written.to, now))]
        if written.missing:
            return told
        del self._written[number]
        self.records[_WRITTEN + number.to_bytes(4, "big")] = None
        state = MessageState.DELIVERED if written.to else MessageState.CANCELLED
        return [*told, *self._report(written.id, state, now)]

    def _report(self, id: MessageId, state: MessageState, now: float) -> list[Effect]:
        moved = Notify(MessageMoved(id, self._room, state, now))
        return [Persist(SetMessageState(id, state)), moved]


def _read_waiting(order: int, record: bytes) -> Unwritten:
    reader = Reader(codec.unpack(record, PAYLOAD_LIMIT + 256))
    id = MessageId(reader.get_bytes("id", 16).hex())
    payload = reader.get_bytes("payload", limit=PAYLOAD_LIMIT)
    return Unwritten(order, id, payload, reader.get_flag("wants"), reader.get_flag("line"))


def _read_written(record: bytes) -> Written:
    reader = Reader(codec.unpack(record, MEMBERS_MAX * MEMBER_BYTES + 256))
    to = reader.get_bytes("to", limit=MEMBERS_MAX * MEMBER_BYTES)
    members = {MemberId(to[at : at + MEMBER_BYTES]) for at in range(0, len(to), MEMBER_BYTES)}
    id = MessageId(reader.get_bytes("id", 16).hex())
    return Written(id, members, set(members), reader.get_flag("line"))


def _as_spans(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = 0
    for number in numbers:
        if last and number == last + 1:
            last = number
            continue
        if last:
            yield first, last
        first = last = number
    if last:
        yield first, last

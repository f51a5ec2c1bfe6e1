"""What is said in one room, as it is kept and told.

Knows: which record follows from what a member says. Does not know: how it came, or how far it gets.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from p2pchat.core.messaging.content_records import make_line, make_reference
from p2pchat.core.messaging.referring import WAITS_S
from p2pchat.core.messaging.retention import Purge
from p2pchat.core.room.outputs import RoomLine
from p2pchat.core.room.room import Room
from p2pchat.core.values.changes import PutMessage, PutReference
from p2pchat.core.values.effects import Effect, LineReferred, MessageArrived, MessageSent, Notify, Persist
from p2pchat.core.values.room_records import LinePlace
from p2pchat.errors import RefusedInput
from p2pchat.types import ContactId, ConversationId, MessageState, person_of
from p2pchat.wire.content import Content, Correction, Reaction, Referring, Text, UnknownContent, Withdrawal
from p2pchat.wire.payload import decode_payload


class RoomLines:
    """One room's. Each method returns what is to be steps."""

    def __init__(
        self,
        conversation: ConversationId,
        room: Room,
        purge: Purge,
        keeps_earlier: bool,
        counters: Counter[str],
    ) -> None:
        self._conversation = conversation
        self._room = room
        self._purge = purge
        self._counters = counters
        self._keeps_earlier = keeps_earlier

    def keep_own(self, content: Text | Referring, now: float) -> list[Effect]:
        """Keep what the person here says."""
        return self._keep(content, None, None, now)

    def take_line(self, line: RoomLine, now: float) -> list[Effect]:
        """Keep what a member says. What is nonsense, or none of what people say, is counted."""
        try:
            content = decode_payload(line.payload)
        except RefusedInput:
            self._counters["payloads of a room refused"] += 1
            return []
        if not isinstance(content, Text | Reaction | Correction | Withdrawal | UnknownContent):
            self._counters["payloads of a room not understood"] += 1
            return []
        place = LinePlace(
            line.number,
            through=line.through,
            lacks=len(line.lacks),
            differs=line.differs,
            could_read=tuple(sorted(line.could_read)),
        )
        # Ours comes back to a home that was put back to a copy.
        author = None if line.sender == self._room.own else person_of(line.sender)
        return self._keep(content, author, place, now)

    def _keep(
        self, content: Content, author: ContactId | None, place: LinePlace | None, now: float
    ) -> list[Effect]:
        own = person_of(self._room.own)
        state = MessageState.QUEUED if place is None else MessageState.RELAYED
        if author is not None:
            state = MessageState.DELIVERED
        mentions = author is not None and own in getattr(content, "mentions", ())
        if isinstance(content, Text | UnknownContent):
            made = make_line(content, self._conversation, author, self._expire(now), now)
            line = replace(made, state=state, room=place, mentions=mentions)
            told = MessageSent(line) if line.outgoing else MessageArrived(line)
            return [Persist(PutMessage(line, self._keeps_earlier)), Notify(told)]
        expires = None if isinstance(content, Withdrawal) else self._expire(now)
        reference = make_reference(content, self._conversation, author, own, expires, now)
        reference = replace(reference, state=state, mentions=mentions)
        until = self._purge.schedule_wait(now + WAITS_S)
        kept = PutReference(reference, until, self._keeps_earlier)
        return [Persist(kept), Notify(LineReferred(reference))]

    def _expire(self, now: float) -> float | None:
        return self._purge.schedule_line(self._room.changes.roster.retention_s, now)

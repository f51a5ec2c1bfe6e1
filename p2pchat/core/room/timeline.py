"""The order in which messages are shown: each after its parents.

Knows: what waits for which parents, what the next message names, that two messages may not have one number.
Does not know: how messages come, or how what is missing is asked for.

A message names up to four others that its sender had seen last, and one hash over theirs. So a reader of a
message knows whether its sender was told the same as we were.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import field
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.room.messages import RoomMessage, hash_message, name_sender
from p2pchat.crypto.kdf import digest
from p2pchat.data import dataclass
from p2pchat.types import MemberId, RoomId
from p2pchat.wire.room_cells import PARENTS_MAX, Parents

WAITING_MAX: Final = 256
"""Messages that wait for parents; one more than that, and the oldest is shown without."""

HASHES_MAX: Final = 4096
"""Messages of which the hash is known: parents are among the last ones."""

TIPS_MAX: Final = 64
"""Messages that no other has named yet: as many as can be written at once, and some."""

MessagePlace = tuple[bytes, int]
"""A message's sender, as ``name_sender``, and its number."""


@dataclass(frozen=True, slots=True)
class MessageShown:
    """A message whose turn it is."""

    message: RoomMessage
    lacks: tuple[MessagePlace, ...] = ()
    """Parents that no member has: they were invented, or are kept from us."""
    differs: bool = False
    """Its sender was told something else than we were, where all parents are here."""


@dataclass(slots=True)
class _Waiting:
    message: RoomMessage
    since: float
    lacks: set[MessagePlace]
    gone: list[MessagePlace] = field(default_factory=list)


class Timeline:
    """One room's."""

    def __init__(self, room: RoomId) -> None:
        self._room = room
        self._hashes: Table[MessagePlace, bytes] = Table(HASHES_MAX)
        self._tips: dict[MessagePlace, bytes] = {}
        """Messages that no other names, in the order in which they were shown, with their hashes."""
        self._waiting: dict[MessagePlace, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def has_message(self, sender: MemberId, number: int) -> bool:
        """Whether a message of that number waits here, or was shown lately."""
        return (name_sender(sender), number) in self._hashes

    def is_told_otherwise(self, message: RoomMessage) -> bool:
        """Whether another message has the number of this one."""
        known = self._hashes.get(_place_of(message))
        return known is not None and known != hash_message(self._room, message)

    # --- what is written

    def make_parents(self) -> Parents:
        """What a message that is written now names."""
        tips = list(self._tips.items())[-PARENTS_MAX:]
        if not tips:
            return Parents()
        return Parents(tuple(place for place, _ in tips), _hash_parents(hashed for _, hashed in tips))

    def note_own(self, message: RoomMessage) -> None:
        """We have written a message upon all that was shown."""
        self._note_shown(message)

    # --- what comes

    def put_message(
        self, message: RoomMessage, is_here: Callable[[MessagePlace], bool], now: float
    ) -> list[MessageShown]:
        """Put in a message that is new; return what is shown by it. ``is_here``: whether a message that does
        not wait is here, or is known not to be for us."""
        place = _place_of(message)
        self._hashes.put(place, hash_message(self._room, message))
        lacks = {one for one in message.parents.messages if one in self._waiting or not is_here(one)}
        lacks.discard(place)
        if not lacks:
            return [self._show(message, ()), *self._release(place, given_up=False)]
        self._waiting[place] = _Waiting(message, now, lacks)
        return self._give_up_oldest() if len(self._waiting) > WAITING_MAX else []

    def settle_parent(self, place: MessagePlace) -> list[MessageShown]:
        """A message is here and is not shown, or is none for us: what waits for it need not."""
        return self._release(place, given_up=False)

    def give_up_parent(self, place: MessagePlace) -> list[MessageShown]:
        """No member has a message: what waits for it is shown without."""
        return self._release(place, given_up=True)

    def give_up_old(self, before: float) -> list[MessageShown]:
        """Show what has waited since ``before``."""
        shown: list[MessageShown] = []
        while self._waiting and min(waiting.since for waiting in self._waiting.values()) <= before:
            shown += self._give_up_oldest()
        return shown

    def next_wakeup(self, waits_s: float) -> float:
        """When ``give_up_old`` has something to do that may wait so long."""
        return min((waiting.since + waits_s for waiting in self._waiting.values()), default=NEVER)

    def list_awaited(self) -> list[MessagePlace]:
        """The parents that others wait for and that do not wait themselves, the longest awaited first."""
        awaited = dict.fromkeys(
            place for waiting in self._waiting.values() for place in sorted(waiting.lacks)
        )
        return [place for place in awaited if place not in self._waiting]

    # --- keeping

    def list_waiting(self) -> list[RoomMessage]:
        """What waits for parents."""
        return [waiting.message for waiting in self._waiting.values()]

    def list_tips(self) -> list[tuple[bytes, int, bytes]]:
        """What the next message would name, and some more: senders, numbers and hashes."""
        return [(*place, hashed) for place, hashed in self._tips.items()]

    def restore_waiting(
        self, messages: Collection[RoomMessage], is_here: Callable[[MessagePlace], bool], now: float
    ) -> None:
        """Undo ``list_waiting``."""
        places = set(map(_place_of, messages))
        for message in messages:
            place = _place_of(message)
            lacks = {one for one in message.parents.messages if one in places or not is_here(one)}
            self._hashes.put(place, hash_message(self._room, message))
            self._waiting[place] = _Waiting(message, now, lacks - {place})

    def restore_tips(self, tips: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Undo ``list_tips``."""
        for sender, number, hashed in tips:
            self._tips[sender, number] = hashed
            self._hashes.put((sender, number), hashed)

    # --- within

    def _release(self, place: MessagePlace, given_up: bool) -> list[MessageShown]:
        """Show what has waited for a message alone, then what has waited for that."""
        shown: list[MessageShown] = []
        settled = [(place, given_up)]
        while settled:
            place, gone = settled.pop(0)
            for own, waiting in list(self._waiting.items()):
                if place not in waiting.lacks:
                    continue
                waiting.lacks.discard(place)
                waiting.gone += [place] if gone else []
                if not waiting.lacks:
                    del self._waiting[own]
                    shown.append(self._show(waiting.message, tuple(waiting.gone)))
                    settled.append((own, False))
        return shown

    def _give_up_oldest(self) -> list[MessageShown]:
        own, oldest = min(self._waiting.items(), key=lambda one: one[1].since)
        del self._waiting[own]
        shown = self._show(oldest.message, (*oldest.gone, *sorted(oldest.lacks)))
        return [shown, *self._release(own, given_up=False)]

    def _show(self, message: RoomMessage, lacks: tuple[MessagePlace, ...]) -> MessageShown:
        shown = MessageShown(message, lacks, self._differs(message))
        self._note_shown(message)
        return shown

    def _differs(self, message: RoomMessage) -> bool:
        hashes = [self._hashes.get(place) for place in message.parents.messages]
        known = [hashed for hashed in hashes if hashed is not None]
        return 0 < len(hashes) == len(known) and _hash_parents(known) != message.parents.digest

    def _note_shown(self, message: RoomMessage) -> None:
        place = _place_of(message)
        hashed = self._hashes.get(place) or hash_message(self._room, message)
        self._hashes.put(place, hashed)
        for parent in message.parents.messages:
            self._tips.pop(parent, None)
        self._tips[place] = hashed
        while len(self._tips) > TIPS_MAX:
            del self._tips[next(iter(self._tips))]


def _place_of(message: RoomMessage) -> MessagePlace:
    return name_sender(message.sender), message.number


def _hash_parents(hashes: Iterable[bytes]) -> bytes:
    return digest(b"".join(hashes))

"""On which day each message was kept for members who miss it: after thirty days it is erased.

Knows: senders and numbers, by day. Does not know: what a message says, or how it is stored.

A day's messages of one sender are spans of numbers, so that a day takes a kilobyte or two, and only the
present one is written again with each message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from p2pchat.core.room.pairs import KEPT_S
from p2pchat.types import MemberId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.room_cells import MEMBER_BYTES, NUMBER_MAX

SPANS_MAX: Final = 256
"""Of one sender in a day: what one that leaves out numbers at will writes beyond them is not kept."""

SENDERS_MAX: Final = 512

_DAY_S: Final = 86_400.0
_DAYS: Final = int(KEPT_S / _DAY_S)
_LIMIT: Final = 8 << 20

MessagePlace = tuple[MemberId, int]


class KeptDays:
    """One room's."""

    def __init__(self) -> None:
        self._days: dict[int, dict[MemberId, list[tuple[int, int]]]] = {}
        """Of each day and sender first and last numbers, in order."""
        self.changed: set[int] = set()
        """Days to be written, or erased."""

    def note_kept(self, member: MemberId, number: int, now: float) -> bool:
        """A message is kept; False: it must not be, for there are too many gaps in what its sender wrote."""
        day = int(now // _DAY_S)
        senders = self._days.setdefault(day, {})
        if member not in senders and len(senders) >= SENDERS_MAX:
            return False
        spans = _join_spans([*senders.get(member, ()), (number, number)])
        if len(spans) > SPANS_MAX:
            return False
        senders[member] = spans
        self.changed.add(day)
        return True

    def forget_old(self, now: float) -> Iterator[MessagePlace]:
        """Forget the days that are over; yields what is to be erased."""
        today = int(now // _DAY_S)
        for day in [kept for kept in self._days if kept > today]:  # by a clock that was ahead
            for member, spans in self._days.pop(day).items():
                present = self._days.setdefault(today, {})
                present[member] = _join_spans([*present.get(member, ()), *spans])
            self.changed |= {day, today}
        for day in [kept for kept in self._days if kept < today - _DAYS]:
            self.changed.add(day)
            for member, spans in self._days.pop(day).items():
                for first, last in spans:
                    yield from ((member, number) for number in range(first, last + 1))

    def pop_records(self) -> dict[bytes, bytes | None]:
        """Records to be written, or erased, by the day, 4 bytes."""
        records: dict[bytes, bytes | None] = {}
        for day in self.changed:
            senders = self._days.get(day)
            records[day.to_bytes(4, "big")] = (
                codec.pack({"kept": [[member, *map(list, spans)] for member, spans in senders.items()]})
                if senders
                else None
            )
        self.changed = set()
        return records

    def read_record(self, day: bytes, record: bytes) -> None:
        """Undo ``pop_records``. Raises Malformed."""
        kept = Reader(codec.unpack(record, _LIMIT)).get_list("kept", SENDERS_MAX)
        self._days[int.from_bytes(day, "big")] = {
            MemberId(member): [(first, last) for first, last in spans if 1 <= first <= last <= NUMBER_MAX]
            for member, *spans in kept
            if len(member) == MEMBER_BYTES
        }


def _join_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return joined

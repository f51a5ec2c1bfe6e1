"""What members' nodes say in a room beside messages: how far each has read, what one asks of another.

Knows: the layouts and their limits. Does not know: the members, or which member still needs which message.

::

    frontier  size 1 | for each member of the period, in order of the ids: number, in groups of 7 bits, the
              lowest first, the highest bit set in all but the last
    told      wants 1 | frontier: wants is 1 where others are to tell theirs
    message   told | payload
    word      kind 1 | body: 0 told
    ask       count 1, heads 32 each | count 1, entries 32 each | count 1, spans 16 each |
              count 1, periods 8 each | uneven period 32, or nothing
    span      sender 8 | first 4 | count 4

With 50 members who have said thousands of things each, a frontier takes 101 bytes.
"""

from __future__ import annotations

import struct
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import EntryId
from p2pchat.wire.room_actions import ID_BYTES, split_ids
from p2pchat.wire.room_cells import (
    HEADS_BYTES_MAX,
    MEMBERS_MAX,
    NUMBER_MAX,
    PERIOD_BYTES,
    PERIOD_NAME_BYTES,
    SENDER_NAME_BYTES,
)

ASK_ENTRIES_MAX: Final = 8
ASK_SPANS_MAX: Final = 16
ASK_PERIODS_MAX: Final = 32

_SPAN: Final = struct.Struct(f">{SENDER_NAME_BYTES}sII")
_NUMBER_BYTES: Final = 5
"""Of a number below 2³², in groups of 7 bits."""

FRONTIER_MAX: Final = MEMBERS_MAX * _NUMBER_BYTES


@dataclass(frozen=True, slots=True)
class NumberSpan:
    """Messages of one sender that follow each other. Raises Malformed."""

    sender: bytes
    """The first ``SENDER_NAME_BYTES`` of its id."""
    first: int
    count: int

    def __post_init__(self) -> None:
        if len(self.sender) != SENDER_NAME_BYTES:
            raise Malformed("the name of a sender of another size")
        if self.first < 1 or self.count < 1 or self.first + self.count - 1 > NUMBER_MAX:
            raise Malformed("a span of impossible numbers")


@dataclass(frozen=True, slots=True)
class FrontierWord:
    """How far a member has read. Raises Malformed."""

    numbers: tuple[int, ...]
    """For each member of the period, in order of their ids, the number up to which all its messages are here;
    the writer's own: its last."""
    wants: bool = False
    """Whether others are to say theirs, soon."""

    def __post_init__(self) -> None:
        _check_numbers(self.numbers)


@dataclass(frozen=True, slots=True)
class RepairAsk:
    """What one member asks of one other, in a letter. Raises Malformed."""

    heads: bytes
    """The log's, as the asking member knows them."""
    entries: tuple[EntryId, ...] = ()
    """Of the log; at most ``ASK_ENTRIES_MAX``."""
    spans: tuple[NumberSpan, ...] = ()
    """At most ``ASK_SPANS_MAX``."""
    periods: tuple[bytes, ...] = ()
    """Names of those upon which the asking member can open a commit; at most ``ASK_PERIODS_MAX``."""
    uneven: bytes = b""
    """A period whose share was wrong, and whose secret is asked for."""

    def __post_init__(self) -> None:
        if len(self.heads) > HEADS_BYTES_MAX or len(self.heads) % ID_BYTES:
            raise Malformed("an ask with a part of a head, or too many")
        if (
            len(self.entries) > ASK_ENTRIES_MAX
            or len(self.spans) > ASK_SPANS_MAX
            or len(self.periods) > ASK_PERIODS_MAX
        ):
            raise Malformed("an ask for too much")
        if any(len(entry) != ID_BYTES for entry in self.entries) or len(self.uneven) not in (0, PERIOD_BYTES):
            raise Malformed("an ask for what cannot be")
        if any(len(period) != PERIOD_NAME_BYTES for period in self.periods):
            raise Malformed("an ask for what cannot be")


def encode_frontier(numbers: tuple[int, ...]) -> bytes:
    """Return at most ``1 + FRONTIER_MAX`` bytes."""
    data = b"".join(map(_encode_number, numbers))
    return bytes([len(data)]) + data


def split_frontier(data: bytes) -> tuple[tuple[int, ...], bytes]:
    """Undo ``encode_frontier``; return also what follows. Raises Malformed."""
    end = 1 + (data[0] if data else 0)
    if not data or len(data) < end:
        raise Malformed("a frontier that is cut off")
    numbers: list[int] = []
    number = width = 0
    for byte in data[1:end]:
        number |= (byte & 0x7F) << 7 * width
        width += 1
        if byte & 0x80:
            continue
        if width > 1 and not byte:
            raise Malformed("a number with zeros in front")
        numbers.append(number)
        number = width = 0
    if width:
        raise Malformed("a number without an end")
    _check_numbers(tuple(numbers))
    return tuple(numbers), data[end:]


def encode_told(word: FrontierWord) -> bytes:
    """Return at most ``2 + FRONTIER_MAX`` bytes: what stands in front of a message's payload."""
    return bytes([word.wants]) + encode_frontier(word.numbers)


def split_told(data: bytes) -> tuple[FrontierWord, bytes]:
    """Undo ``encode_told``; return also what follows. Raises Malformed."""
    if data[:1] not in (b"\0", b"\1"):
        raise Malformed("a frontier that wants and does not")
    numbers, rest = split_frontier(data[1:])
    return FrontierWord(numbers, data[0] == 1), rest


def encode_room_word(word: FrontierWord) -> bytes:
    """Return at most ``3 + FRONTIER_MAX`` bytes."""
    return bytes([0]) + encode_told(word)


def encode_ask(ask: RepairAsk) -> bytes:
    """Return at most 1060 bytes."""
    heads = bytes([len(ask.heads) // ID_BYTES]) + ask.heads
    entries = bytes([len(ask.entries)]) + b"".join(ask.entries)
    spans = bytes([len(ask.spans)]) + b"".join(map(encode_span, ask.spans))
    periods = bytes([len(ask.periods)]) + b"".join(ask.periods)
    return heads + entries + spans + periods + ask.uneven


def decode_ask(data: bytes) -> RepairAsk:
    """Undo ``encode_ask``. Raises Malformed."""
    heads, at = _take_list(data, 0, ID_BYTES)
    entries, at = _take_list(data, at, ID_BYTES)
    spans, at = _take_list(data, at, _SPAN.size)
    periods, at = _take_list(data, at, PERIOD_NAME_BYTES)
    return RepairAsk(
        heads,
        tuple(map(EntryId, split_ids(entries))),
        tuple(decode_span(spans[start : start + _SPAN.size]) for start in range(0, len(spans), _SPAN.size)),
        tuple(
            periods[start : start + PERIOD_NAME_BYTES] for start in range(0, len(periods), PERIOD_NAME_BYTES)
        ),
        data[at:],
    )


def decode_room_word(data: bytes) -> FrontierWord | None:
    """Undo ``encode_room_word``; None: something a later version says. Raises Malformed."""
    if not data:
        raise Malformed("a word that says nothing")
    if data[0] == 0:
        word, rest = split_told(data[1:])
        if rest:
            raise Malformed("a frontier with something behind it")
        return word
    return None


def encode_span(span: NumberSpan) -> bytes:
    """Return 16 bytes."""
    return _SPAN.pack(span.sender, span.first, span.count)


def decode_span(data: bytes) -> NumberSpan:
    """Undo ``encode_span``. Raises Malformed."""
    if len(data) != _SPAN.size:
        raise Malformed("a part of a span")
    return NumberSpan(*_SPAN.unpack(data))


def _take_list(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    if len(data) <= at:
        raise Malformed("an ask that is cut off")
    end = at + 1 + data[at] * size
    if len(data) < end:
        raise Malformed("an ask with a list that is cut off")
    return data[at + 1 : end], end


def _encode_number(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def _check_numbers(numbers: tuple[int, ...]) -> None:
    if len(numbers) > MEMBERS_MAX or any(not 0 <= number <= NUMBER_MAX for number in numbers):
        raise Malformed("a frontier of too many, or of impossible numbers")

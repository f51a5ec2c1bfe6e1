"""What one member of a room writes to another alone: what it asks for, answers, words of an introduction.

Knows: the layouts and their limits. Does not know: keys, or who is owed what.

::

    letter   items, each kind 1 | length 4 | body
    entry    0   an entry of the log with its MACs (``room_log``)
    share    1   a commit that was kept (``room_commits``)
    message  2   sender 32 | period 32 | index 2 | number 4 | count 1 | link 16 | length 1, MAC |
                 length 2, heads | count 1, parents 12 each | hash of the parents 32, if any | payload
    not ours 3   span 16: these are not for the asker
    missing  4   span 16: these are not here
    secret   5   period 32 | secret 32
    end      6   letters 4, this one among them: all that was asked for is answered
    ask      7   what is asked for (``room_words``)
    grant    8   a period (``room_commits``)
    word     9   of an introduction (``introductions``)

The MAC of a message is the one that its sender made for the asker, or none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.wire.introductions import IntroductionWord, decode_word, encode_word
from p2pchat.wire.room_cells import (
    CHAIN_CELLS,
    HEADS_BYTES_MAX,
    LINK_BYTES,
    MEMBER_BYTES,
    MESSAGE_MAC_BYTES,
    NUMBER_MAX,
    PERIOD_BYTES,
    Parents,
    encode_parents,
    take_parents,
)
from p2pchat.wire.room_commits import (
    KEY_BYTES,
    KeptShare,
    PeriodGrant,
    decode_grant,
    decode_kept,
    encode_grant,
    encode_kept,
)
from p2pchat.wire.room_log import SentEntry, decode_sent_entry, encode_sent_entry
from p2pchat.wire.room_words import NumberSpan, RepairAsk, decode_ask, decode_span, encode_ask, encode_span

_FRONT: Final = 5
_FIXED: Final = MEMBER_BYTES + PERIOD_BYTES + 2 + 4 + 1 + LINK_BYTES


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as its sender wrote it, for one who asked for it. Raises Malformed."""

    sender: bytes
    period: bytes
    index: int
    number: int
    count: int
    """Of its cells."""
    link: bytes
    heads: bytes
    parents: Parents
    payload: bytes = field(repr=False)
    mac: bytes = field(default=b"", repr=False)
    """That of its sender for the asker; empty where the one who answers has none."""

    def __post_init__(self) -> None:
        if (len(self.sender), len(self.period), len(self.link)) != (MEMBER_BYTES, PERIOD_BYTES, LINK_BYTES):
            raise Malformed("a message of an impossible sender or period")
        if not (0 <= self.index < CHAIN_CELLS and 1 <= self.number <= NUMBER_MAX and 1 <= self.count <= 255):
            raise Malformed("a message of an impossible place")
        if len(self.heads) > HEADS_BYTES_MAX or len(self.mac) not in (0, MESSAGE_MAC_BYTES):
            raise Malformed("a message with too many heads, or a MAC of another size")


@dataclass(frozen=True, slots=True)
class NotForMember:
    """These messages were written to a roster without the asker."""

    span: NumberSpan


@dataclass(frozen=True, slots=True)
class NotHere:
    """These messages are not here, or not any more."""

    span: NumberSpan


@dataclass(frozen=True, slots=True)
class PeriodSecret:
    """The secret of a period whose share was wrong. Raises Malformed."""

    period: bytes
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if (len(self.period), len(self.secret)) != (PERIOD_BYTES, KEY_BYTES):
            raise Malformed("a secret of another size")


@dataclass(frozen=True, slots=True)
class AnswerEnd:
    """All is answered. Raises Malformed."""

    letters: int
    """In so many of them, this one among them."""

    def __post_init__(self) -> None:
        if not 1 <= self.letters <= NUMBER_MAX:
            raise Malformed("an answer of an impossible number of letters")


LetterItem = (
    SentEntry
    | KeptShare
    | KeptMessage
    | NotForMember
    | NotHere
    | PeriodSecret
    | AnswerEnd
    | RepairAsk
    | PeriodGrant
    | IntroductionWord
)


def encode_letter(items: Iterable[LetterItem]) -> bytes:
    """Join items, of which one takes ``_FRONT`` bytes more than it has."""
    return b"".join(map(encode_item, items))


def encode_item(item: LetterItem) -> bytes:
    """Return one, as it stands in a letter."""
    kind, body = _encode_body(item)
    return bytes([kind]) + len(body).to_bytes(4, "big") + body


def decode_letter(data: bytes) -> list[LetterItem]:
    """Undo ``encode_letter``; items of later versions are left out. Raises Malformed."""
    items: list[LetterItem] = []
    at = 0
    while at < len(data):
        start = at + _FRONT
        end = start + int.from_bytes(data[at + 1 : start], "big")
        if end > len(data) or start > len(data):
            raise Malformed("an item that is cut off")
        item = _decode_body(data[at], data[start:end])
        items += [item] if item is not None else []
        at = end
    return items


def encode_kept_message(kept: KeptMessage) -> bytes:
    """Return one message."""
    place = kept.index.to_bytes(2, "big") + kept.number.to_bytes(4, "big") + bytes([kept.count])
    heads = len(kept.heads).to_bytes(2, "big") + kept.heads
    mac = bytes([len(kept.mac)]) + kept.mac
    head = kept.sender + kept.period + place + kept.link + mac + heads
    return head + encode_parents(kept.parents) + kept.payload


def decode_kept_message(data: bytes) -> KeptMessage:
    """Undo ``encode_kept_message``. Raises Malformed."""
    if len(data) <= _FIXED:
        raise Malformed("a message that is cut off")
    sender, period, at = data[:MEMBER_BYTES], data[MEMBER_BYTES : MEMBER_BYTES + PERIOD_BYTES], 64
    index, number = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 6], "big")
    count, link = data[at + 6], data[at + 7 : _FIXED]
    mac, at = _take(data, _FIXED, 1)
    heads, at = _take(data, at, 2)
    parents, payload = take_parents(data[at:])
    return KeptMessage(sender, period, index, number, count, link, heads, parents, payload, mac)


def _encode_body(item: LetterItem) -> tuple[int, bytes]:
    match item:
        case SentEntry():
            return 0, encode_sent_entry(item)
        case KeptShare():
            return 1, encode_kept(item)
        case KeptMessage():
            return 2, encode_kept_message(item)
        case NotForMember(span=span):
            return 3, encode_span(span)
        case NotHere(span=span):
            return 4, encode_span(span)
        case PeriodSecret(period=period, secret=secret):
            return 5, period + secret
        case AnswerEnd(letters=letters):
            return 6, letters.to_bytes(4, "big")
        case RepairAsk():
            return 7, encode_ask(item)
        case PeriodGrant():
            return 8, encode_grant(item)
        case _:
            return 9, encode_word(item)


def _decode_body(kind: int, body: bytes) -> LetterItem | None:
    match kind:
        case 0:
            return decode_sent_entry(body)
        case 1:
            return decode_kept(body)
        case 2:
            return decode_kept_message(body)
        case 3:
            return NotForMember(decode_span(body))
        case 4:
            return NotHere(decode_span(body))
        case 5:
            return PeriodSecret(body[:PERIOD_BYTES], body[PERIOD_BYTES:])
        case 6:
            if len(body) != 4:
                raise Malformed("an end with a part of a number")
            return AnswerEnd(int.from_bytes(body, "big"))
        case 7:
            return decode_ask(body)
        case 8:
            return decode_grant(body)
        case 9:
            return decode_word(body)
        case _:
            return None


def _take(data: bytes, at: int, width: int) -> tuple[bytes, int]:
    end = at + width + int.from_bytes(data[at : at + width], "big")
    if end > len(data):
        raise Malformed("a part that is cut off")
    return data[at + width : end], end

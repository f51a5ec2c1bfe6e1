"""What people say to each other: texts, and what refers to a message.

Knows: these payloads and their limits. Does not know: what a node says of its own accord (``payload``), or
what is shown.

A message is named in two ways. A *name* is made of its author and of the id that its author gave it
(``crypto.identity.received_id``), so all readers of the message compute the same name, and no author can
give two messages one name. A correction and a withdrawal have the *id* alone: together with the sender it
makes a name, so that no contact can correct another's message.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final, assert_never

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import ContactId, MessageId, MessageName
from p2pchat.wire.codec import Reader

TEXT_LIMIT: Final = 65536
"""Bytes of UTF-8 in one text: 77 cells, a longer one is a file."""

TIME_MAX: Final = 253402300799.0
"""The last second of the year 9999: what calendars can show."""

SIGN_LIMIT: Final = 64
"""Bytes of UTF-8 of a reaction: the longest emoji, four people with skin tones, has 41."""

MENTIONS_MAX: Final = 50
"""People whom one text can mention: as many as a room has."""

TURN_MAX: Final = 2**32 - 1
"""Corrections of one message, and reactions of one person to it, are numbered up to this."""

CONTENT_TYPES: Final = range(32, 64)
"""Types of payloads, beside ``Text``, that people see: each has an id and a time. One that is not known is
shown as such."""

_TEXT: Final = 1
_REACTION: Final = 32
_CORRECTION: Final = 33
_WITHDRAWAL: Final = 34

_ID_BYTES: Final = 16
_PERSON_BYTES: Final = 32


def text_size(text: str) -> int:
    """Bytes of UTF-8. Raises Malformed on lone surrogates, which have none."""
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise Malformed("a text with characters that have no encoding") from error


@dataclass(frozen=True, slots=True)
class Text:
    """A line of the conversation. Raises Malformed beyond its limits, or on lone surrogates."""

    id: MessageId
    at: float
    """When it was written, by its writer's clock; Unix seconds, 0 to ``TIME_MAX``."""
    text: str = field(repr=False)
    answers: MessageName | None = None
    """Which message it is a reply to."""
    mentions: tuple[ContactId, ...] = ()
    """Fingerprints of people, ``MENTIONS_MAX`` at most."""

    def __post_init__(self) -> None:
        _check_text(self.text)
        _check_time(self.at)
        _check_mentions(self.mentions)


@dataclass(frozen=True, slots=True)
class Reaction:
    """A person's reaction to a message, in one sign. Raises Malformed."""

    id: MessageId
    at: float
    to: MessageName
    sign: str
    """At most ``SIGN_LIMIT`` bytes; empty: taken back."""
    turn: int
    """1 to ``TURN_MAX``: of one person's reactions to a message the one with the highest counts."""

    def __post_init__(self) -> None:
        if text_size(self.sign) > SIGN_LIMIT:
            raise Malformed(f"a reaction of more than {SIGN_LIMIT} bytes")
        _check_time(self.at)
        _check_turn(self.turn)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a message of the sender's own says instead. Raises Malformed."""

    id: MessageId
    at: float
    of: MessageId
    """The id that the sender gave the message."""
    text: str = field(repr=False)
    turn: int
    """1 to ``TURN_MAX``: the one with the highest counts."""
    mentions: tuple[ContactId, ...] = ()

    def __post_init__(self) -> None:
        _check_text(self.text)
        _check_time(self.at)
        _check_turn(self.turn)
        _check_mentions(self.mentions)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The sender's own message should no longer be shown. Raises Malformed."""

    id: MessageId
    at: float
    of: MessageId
    """The id that the sender gave the message."""

    def __post_init__(self) -> None:
        _check_time(self.at)


@dataclass(frozen=True, slots=True)
class UnknownContent:
    """Something that a later version lets people say; its ``type`` is one of ``CONTENT_TYPES``."""

    type: int
    id: MessageId
    at: float


Content = Text | Reaction | Correction | Withdrawal | UnknownContent

Referring = Reaction | Correction | Withdrawal
"""What has no line of its own."""


def is_content(type: int) -> bool:
    """Whether a payload of that type is for people."""
    return type == _TEXT or type in CONTENT_TYPES


def content_fields(content: Content) -> dict[str, object]:
    """What is encoded of it."""
    match content:
        case Text(text=text, answers=answers, mentions=mentions):
            refers = {"re": bytes.fromhex(answers)} if answers is not None else {}
            return {**_head(_TEXT, content.id, content.at), "text": text, **refers, **_whom(mentions)}
        case Reaction(to=to, sign=sign, turn=turn):
            head = _head(_REACTION, content.id, content.at)
            return {**head, "re": bytes.fromhex(to), "sign": sign, "turn": turn}
        case Correction(of=of, text=text, turn=turn, mentions=mentions):
            head = _head(_CORRECTION, content.id, content.at)
            return {**head, "of": bytes.fromhex(of), "text": text, "turn": turn, **_whom(mentions)}
        case Withdrawal(of=of):
            return {**_head(_WITHDRAWAL, content.id, content.at), "of": bytes.fromhex(of)}
        case UnknownContent(type=unknown):
            return _head(unknown, content.id, content.at)
    assert_never(content)


def read_content(type: int, reader: Reader) -> Content:
    """Undo ``content_fields``. Raises Malformed."""
    id, at = _read_id(reader, "id"), reader.get_float("at", 0, TIME_MAX)
    match type:
        case 1:
            answers = _read_name(reader) if "re" in reader else None
            return Text(id, at, reader.get_text("text", TEXT_LIMIT), answers, _read_whom(reader))
        case 32:
            sign, turn = reader.get_text("sign", SIGN_LIMIT), reader.get_integer("turn", 1, TURN_MAX)
            return Reaction(id, at, _read_name(reader), sign, turn)
        case 33:
            text, turn = reader.get_text("text", TEXT_LIMIT), reader.get_integer("turn", 1, TURN_MAX)
            return Correction(id, at, _read_id(reader, "of"), text, turn, _read_whom(reader))
        case 34:
            return Withdrawal(id, at, _read_id(reader, "of"))
        case unknown:
            return UnknownContent(unknown, id, at)


def _head(type: int, id: MessageId, at: float) -> dict[str, object]:
    return {"t": type, "id": bytes.fromhex(id), "at": float(at)}


def _whom(mentions: tuple[ContactId, ...]) -> dict[str, object]:
    return {"who": b"".join(map(bytes.fromhex, mentions))} if mentions else {}


def _read_id(reader: Reader, key: str) -> MessageId:
    return MessageId(reader.get_bytes(key, _ID_BYTES).hex())


def _read_name(reader: Reader) -> MessageName:
    return MessageName(reader.get_bytes("re", _ID_BYTES).hex())


def _read_whom(reader: Reader) -> tuple[ContactId, ...]:
    if "who" not in reader:
        return ()
    who = reader.get_bytes("who", limit=MENTIONS_MAX * _PERSON_BYTES)
    if not who or len(who) % _PERSON_BYTES:
        raise Malformed("a mention of no one, or of a part of a fingerprint")
    starts = range(0, len(who), _PERSON_BYTES)
    return tuple(ContactId(who[at : at + _PERSON_BYTES].hex()) for at in starts)


def _check_text(text: str) -> None:
    if text_size(text) > TEXT_LIMIT:
        raise Malformed(f"a text of more than {TEXT_LIMIT} bytes")


def _check_time(at: float) -> None:
    if not 0 <= at <= TIME_MAX:
        raise Malformed("from outside the calendar")


def _check_turn(turn: int) -> None:
    if not 1 <= turn <= TURN_MAX:
        raise Malformed("a correction or reaction without a number")


def _check_mentions(mentions: tuple[ContactId, ...]) -> None:
    if len(mentions) > MENTIONS_MAX:
        raise Malformed(f"a text that mentions more than {MENTIONS_MAX} people")

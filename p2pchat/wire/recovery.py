"""What two ends say to each other outside their session, when it is of no use any more.

Knows: the messages and their limits. Does not know: keys, cells, or what follows from a message.

All are msgpack maps with a type under ``t``. An unknown one is a value too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, assert_never

from p2pchat.errors import Malformed
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.payload import CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES

CELLS_MAX: Final = 3
"""Cells of one message."""

MESSAGE_LIMIT: Final = CELLS_MAX * GEOMETRY.data

ASK_BYTES: Final = 16
"""By which an ask is called."""

NAME_BYTES: Final = 8
"""By which a session is called."""

_OLM_LIMIT: Final = 512
_U32: Final = 2**32 - 1
_TYPE_MAX: Final = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Ask:
    """Our session is of no use: let us begin anew."""

    ciphertext: bytes = field(repr=False)
    """For the other's recovery key; its secret seals the rest."""
    box: bytes = field(repr=False)
    """``AskKeys``."""


@dataclass(frozen=True, slots=True)
class AskKeys:
    """Fresh public keys of the asker."""

    one_time: bytes
    """For an Olm session, 32 bytes."""
    encapsulation_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """This is how we begin anew."""

    ask: bytes
    box: bytes = field(repr=False)
    """``AnswerKeys``."""


@dataclass(frozen=True, slots=True)
class AnswerKeys:
    """What the asker makes the new session of."""

    epoch: int
    ciphertext: bytes = field(repr=False)
    """For the ML-KEM key of the ask."""
    olm: bytes = field(repr=False)
    """The first message of an Olm session with the asker's identity key, as it was known before."""


@dataclass(frozen=True, slots=True)
class Living:
    """We are talking with another home that has your keys."""

    ask: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """Where we are in that session."""

    session: bytes
    next: int
    """All your payloads below this were counted."""
    sent: int
    """All ours below this have their numbers."""


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """Something a later version says."""

    type: int


Word = Ask | Answer | Living | Standing | UnknownWord


def encode_word(word: Word) -> bytes:
    """Return at most ``MESSAGE_LIMIT`` bytes."""
    match word:
        case Ask(ciphertext=ciphertext, box=box):
            return pack({"t": 1, "ct": ciphertext, "box": box})
        case Answer(ask=ask, box=box):
            return pack({"t": 2, "ask": ask, "box": box})
        case Living(ask=ask):
            return pack({"t": 3, "ask": ask})
        case Standing(session=session, next=following, sent=sent):
            return pack({"t": 4, "session": session, "next": following, "sent": sent})
        case UnknownWord(type=unknown):
            return pack({"t": unknown})
    assert_never(word)


def decode_word(data: bytes) -> Word:
    """Undo ``encode_word``. Raises Malformed."""
    read = Reader(unpack(data, MESSAGE_LIMIT))
    match read.integer("t", 0, _TYPE_MAX):
        case 1:
            return Ask(read.bytes("ct", CIPHERTEXT_BYTES), read.bytes("box", limit=MESSAGE_LIMIT))
        case 2:
            return Answer(read.bytes("ask", ASK_BYTES), read.bytes("box", limit=MESSAGE_LIMIT))
        case 3:
            return Living(read.bytes("ask", ASK_BYTES))
        case 4:
            numbers = read.integer("next", 0, _U32), read.integer("sent", 0, _U32)
            return Standing(read.bytes("session", NAME_BYTES), *numbers)
        case unknown:
            return UnknownWord(unknown)


def encode_ask_keys(keys: AskKeys) -> bytes:
    """For the box of an ask."""
    return keys.one_time + keys.encapsulation_key


def decode_ask_keys(data: bytes) -> AskKeys:
    """Undo ``encode_ask_keys``. Raises Malformed."""
    if len(data) != 32 + ENCAPSULATION_KEY_BYTES:
        raise Malformed(f"keys of {len(data)} bytes")
    return AskKeys(data[:32], data[32:])


def encode_answer_keys(keys: AnswerKeys) -> bytes:
    """For the box of an answer."""
    return pack({"epoch": keys.epoch, "ct": keys.ciphertext, "olm": keys.olm})


def decode_answer_keys(data: bytes) -> AnswerKeys:
    """Undo ``encode_answer_keys``. Raises Malformed."""
    read = Reader(unpack(data, MESSAGE_LIMIT))
    epoch, ciphertext = read.integer("epoch", 0, _U32), read.bytes("ct", CIPHERTEXT_BYTES)
    return AnswerKeys(epoch, ciphertext, read.bytes("olm", limit=_OLM_LIMIT))

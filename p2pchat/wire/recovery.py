"""The messages of two ends outside their session, when it no longer works.

Knows: the messages and their limits. Does not know: keys, cells, or what follows from a message.

All are msgpack maps with a type under ``t``. An unknown one is a value too.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final, assert_never

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import Epoch
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.geometry import CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES, GEOMETRY

CELLS_MAX: Final = 2
"""Cells of one message."""

MESSAGE_LIMIT: Final = CELLS_MAX * GEOMETRY.data

ASK_BYTES: Final = 16
"""By which a knock or an ask is called."""

NAME_BYTES: Final = 8
"""By which a session is called."""

KEY_NAME_BYTES: Final = 8
"""By which a recovery key is called."""

KEYS_NAMED_MAX: Final = 8
"""Keys of its own that an end names when it knocks."""

_OLM_LIMIT: Final = 512
_U32: Final = 2**32 - 1
_TYPE_MAX: Final = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Knock:
    """Something is wrong with our session: are you there?"""

    ciphertext: bytes = field(repr=False)
    """For the other's recovery key; its secret seals the reply."""
    key: bytes
    """Which of the other's keys that is, by name."""
    own: bytes
    """Names of keys of our own, one after the other: one of them the other may know, and accept."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """We are; and are you?"""

    knock: bytes
    box: bytes = field(repr=False)
    """A ciphertext for the recovery key of the end that knocked; both secrets together seal the rest."""


@dataclass(frozen=True, slots=True)
class RecoveryAsk:
    """Our session is of no use: let us make a new session."""

    knock: bytes
    box: bytes = field(repr=False)
    """``AskKeys``."""


@dataclass(frozen=True, slots=True)
class AskKeys:
    """New public keys of the end that asks."""

    one_time: bytes
    """For an Olm session, 32 bytes."""
    encapsulation_key: bytes = field(repr=False)
    unheard: bytes
    """The session into which the asking end changed over without an answer there; zero if there is none."""


@dataclass(frozen=True, slots=True)
class RecoveryAnswer:
    """This is the new session."""

    ask: bytes
    box: bytes = field(repr=False)
    """``AnswerKeys``."""


@dataclass(frozen=True, slots=True)
class AnswerKeys:
    """The values from which the asking end makes the new session."""

    epoch: Epoch
    ciphertext: bytes = field(repr=False)
    """For the ML-KEM key of the ask."""
    olm: bytes = field(repr=False)
    """The first message of an Olm session with the asker's identity key, as it was known before."""


@dataclass(frozen=True, slots=True)
class Living:
    """We are talking with another home that has your keys."""

    ask: bytes
    box: bytes = field(repr=False)
    """Empty, and sealed: its sender has read the ask."""


@dataclass(frozen=True, slots=True)
class SessionPosition:
    """Where we are in that session."""

    session: bytes
    next: int
    """All your payloads below this were counted."""
    sent: int
    """All ours below this have their numbers."""


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A message of a later version."""

    type: int


Word = Knock | Challenge | RecoveryAsk | RecoveryAnswer | Living | SessionPosition | UnknownWord


def encode_word(word: Word) -> bytes:
    """Return at most ``MESSAGE_LIMIT`` bytes."""
    match word:
        case Knock(ciphertext=ciphertext, key=key, own=own):
            return pack({"t": 1, "ct": ciphertext, "key": key, "own": own})
        case Challenge(knock=knock, box=box):
            return pack({"t": 2, "knock": knock, "box": box})
        case RecoveryAsk(knock=knock, box=box):
            return pack({"t": 3, "knock": knock, "box": box})
        case RecoveryAnswer(ask=ask, box=box):
            return pack({"t": 4, "ask": ask, "box": box})
        case Living(ask=ask, box=box):
            return pack({"t": 5, "ask": ask, "box": box})
        case SessionPosition(session=session, next=following, sent=sent):
            return pack({"t": 6, "session": session, "next": following, "sent": sent})
        case UnknownWord(type=unknown):
            return pack({"t": unknown})
    assert_never(word)


def decode_word(data: bytes) -> Word:
    """Undo ``encode_word``. Raises Malformed."""
    reader = Reader(unpack(data, MESSAGE_LIMIT))
    match reader.get_integer("t", 0, _TYPE_MAX):
        case 1:
            own = reader.get_bytes("own", limit=KEYS_NAMED_MAX * KEY_NAME_BYTES)
            if len(own) % KEY_NAME_BYTES:
                raise Malformed("a part of a name")
            return Knock(
                reader.get_bytes("ct", CIPHERTEXT_BYTES), reader.get_bytes("key", KEY_NAME_BYTES), own
            )
        case 2:
            return Challenge(
                reader.get_bytes("knock", ASK_BYTES), reader.get_bytes("box", limit=MESSAGE_LIMIT)
            )
        case 3:
            return RecoveryAsk(
                reader.get_bytes("knock", ASK_BYTES), reader.get_bytes("box", limit=MESSAGE_LIMIT)
            )
        case 4:
            return RecoveryAnswer(
                reader.get_bytes("ask", ASK_BYTES), reader.get_bytes("box", limit=MESSAGE_LIMIT)
            )
        case 5:
            return Living(reader.get_bytes("ask", ASK_BYTES), reader.get_bytes("box", limit=MESSAGE_LIMIT))
        case 6:
            numbers = reader.get_integer("next", 0, _U32), reader.get_integer("sent", 0, _U32)
            return SessionPosition(reader.get_bytes("session", NAME_BYTES), *numbers)
        case unknown:
            return UnknownWord(unknown)


def encode_ask_keys(keys: AskKeys) -> bytes:
    """Encode what is in the box of an ask."""
    return keys.one_time + keys.encapsulation_key + keys.unheard


def decode_ask_keys(data: bytes) -> AskKeys:
    """Undo ``encode_ask_keys``. Raises Malformed."""
    if len(data) != 32 + ENCAPSULATION_KEY_BYTES + NAME_BYTES:
        raise Malformed(f"keys of {len(data)} bytes")
    return AskKeys(data[:32], data[32:-NAME_BYTES], data[-NAME_BYTES:])


def encode_answer_keys(keys: AnswerKeys) -> bytes:
    """Encode what is in the box of an answer."""
    return pack({"epoch": keys.epoch, "ct": keys.ciphertext, "olm": keys.olm})


def decode_answer_keys(data: bytes) -> AnswerKeys:
    """Undo ``encode_answer_keys``. Raises Malformed."""
    reader = Reader(unpack(data, MESSAGE_LIMIT))
    epoch, ciphertext = Epoch(reader.get_integer("epoch", 0, _U32)), reader.get_bytes("ct", CIPHERTEXT_BYTES)
    return AnswerKeys(epoch, ciphertext, reader.get_bytes("olm", limit=_OLM_LIMIT))

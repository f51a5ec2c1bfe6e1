"""How two who have no code between them become contacts: what their nodes say to each other.

Knows: the words of an introduction, and their limits. Does not know: by which way they go (a letter within a
room, or a friend's hands), keys, or what follows.

::

    guest                                               host
      │ ── IntroductionAsk(seed) ───────────────────────► │  a room: the guest asks, the host's person answers
      │ ◄─────────────── IntroductionKeys(identity, …) ── │  the host's person has agreed
      │ ── IntroductionAnswer(identity, …, Olm: hello) ─► │  contacts, at the host
      │ ◄──────────────── IntroductionWelcome(Olm: …) ─── │  contacts, at the guest

A friend who introduces two asks both, draws the seed, and passes the other words on when both have agreed.
"""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import Epoch, IntroductionId
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.content import TIME_MAX
from p2pchat.wire.geometry import CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES
from p2pchat.wire.pairing import HELLO_MAX, NICK_CHARS, WELCOME_MAX, check_nick

ASK_TYPE: Final = 37
WORD_TYPES: Final = frozenset({ASK_TYPE, 22, 23, 24, 25, 26})
WORD_LIMIT: Final = 2048
"""Bytes of one word: the longest has an ML-KEM ciphertext and an Olm message."""

_ID: Final = 16
_KEY: Final = 32
_U32: Final = 2**32 - 1


class IntroductionEnd(IntEnum):
    """Why an introduction is over."""

    DECLINED = 0
    WITHDRAWN = 1
    VOID = 2
    """One of them is out of the room, or is no contact of the friend any more, or knows of none."""
    FULL = 3
    """A home has no place for another question."""
    FAILED = 4
    """What was said does not fit together."""


@dataclass(frozen=True, slots=True)
class IntroductionAsk:
    """Shall two people be contacts? Raises Malformed."""

    id: IntroductionId
    at: float
    host: bool
    """Whether the receiver is the host."""
    seed: bytes = field(repr=False)
    """32 bytes that both have, and who introduces them; all keys depend on them."""
    name: str = ""
    """How the friend calls the other; empty in a room, where the roster says who writes."""

    def __post_init__(self) -> None:
        if self.name:
            check_nick(self.name)
        if not 0 <= self.at <= TIME_MAX:
            raise Malformed("an introduction from outside the calendar")


@dataclass(frozen=True, slots=True)
class IntroductionAgreed:
    """The guest's person agrees."""

    id: IntroductionId


@dataclass(frozen=True, slots=True)
class IntroductionKeys:
    """The host's person agrees: its identity, and keys for a session."""

    id: IntroductionId
    identity: bytes
    """Olm identity key, 32 bytes."""
    one_time: bytes
    """Olm one-time key, 32 bytes."""
    encapsulation_key: bytes = field(repr=False)
    """ML-KEM-768, 1184 bytes."""
    epoch: Epoch
    """In which the envelope's chains begin; 32 bits."""


@dataclass(frozen=True, slots=True)
class IntroductionAnswer:
    """The guest's identity, and its half of the session."""

    id: IntroductionId
    identity: bytes
    """Olm identity key, 32 bytes."""
    ciphertext: bytes = field(repr=False)
    """ML-KEM-768, 1088 bytes."""
    olm: bytes = field(repr=False)
    """First Olm message, at most ``HELLO_MAX`` bytes; it says which introduction it is part of."""


@dataclass(frozen=True, slots=True)
class IntroductionWelcome:
    """The session works both ways."""

    id: IntroductionId
    olm: bytes = field(repr=False)
    """At most ``WELCOME_MAX`` bytes; it says the same."""


@dataclass(frozen=True, slots=True)
class IntroductionEnded:
    """Nothing comes of it."""

    id: IntroductionId
    end: IntroductionEnd


IntroductionWord = (
    IntroductionAsk
    | IntroductionAgreed
    | IntroductionKeys
    | IntroductionAnswer
    | IntroductionWelcome
    | IntroductionEnded
)


def encode_word(word: IntroductionWord) -> bytes:
    """Return a word as it stands in a letter: the same bytes as in a session of two."""
    return pack(word_fields(word))


def decode_word(data: bytes) -> IntroductionWord | None:
    """Undo ``encode_word``; None for a word of a later version. Raises Malformed."""
    reader = Reader(unpack(data, WORD_LIMIT))
    type = reader.get_integer("t", 0, 2**16 - 1)
    return read_word(type, reader) if type in WORD_TYPES else None


def word_fields(word: IntroductionWord) -> dict[str, object]:
    """What is encoded of it."""
    match word:
        case IntroductionAsk(id=id, at=at, host=host, seed=seed, name=name):
            return {"t": ASK_TYPE, "id": id, "at": float(at), "host": host, "seed": seed, "name": name}
        case IntroductionAgreed(id=id):
            return {"t": 22, "id": id}
        case IntroductionKeys(id=id, identity=identity, one_time=one_time, encapsulation_key=key):
            return {"t": 23, "id": id, "who": identity, "otk": one_time, "ek": key, "epoch": word.epoch}
        case IntroductionAnswer(id=id, identity=identity, ciphertext=ciphertext, olm=olm):
            return {"t": 24, "id": id, "who": identity, "ct": ciphertext, "olm": olm}
        case IntroductionWelcome(id=id, olm=olm):
            return {"t": 25, "id": id, "olm": olm}
        case IntroductionEnded(id=id, end=end):
            return {"t": 26, "id": id, "end": int(end)}


def read_word(type: int, reader: Reader) -> IntroductionWord:
    """Undo ``word_fields``; ``type`` is one of ``WORD_TYPES``. Raises Malformed."""
    id = IntroductionId(reader.get_bytes("id", _ID))
    match type:
        case 22:
            return IntroductionAgreed(id)
        case 23:
            identity, one_time = reader.get_bytes("who", _KEY), reader.get_bytes("otk", _KEY)
            key = reader.get_bytes("ek", ENCAPSULATION_KEY_BYTES)
            return IntroductionKeys(id, identity, one_time, key, Epoch(reader.get_integer("epoch", 0, _U32)))
        case 24:
            identity, ciphertext = reader.get_bytes("who", _KEY), reader.get_bytes("ct", CIPHERTEXT_BYTES)
            return IntroductionAnswer(id, identity, ciphertext, reader.get_bytes("olm", limit=HELLO_MAX))
        case 25:
            return IntroductionWelcome(id, reader.get_bytes("olm", limit=WELCOME_MAX))
        case 26:
            end = reader.get_integer("end", 0, 255)
            known = end in list(IntroductionEnd)
            return IntroductionEnded(id, IntroductionEnd(end) if known else IntroductionEnd.VOID)
        case _:
            at, host = reader.get_float("at", 0, TIME_MAX), reader.get_flag("host")
            seed, name = reader.get_bytes("seed", _KEY), reader.get_text("name", 4 * NICK_CHARS)
            return IntroductionAsk(id, at, host, seed, name)

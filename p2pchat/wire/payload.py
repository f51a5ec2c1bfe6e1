"""What contacts' nodes say to each other: payloads inside Olm, and notices that need no ratchet.

Knows: the messages and their limits. Does not know: what is for people (``content``), fragments, keys, or
what follows from a message.

All are msgpack maps with a type under ``t``. An unknown one is a value too: later versions may talk to us.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final, assert_never

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import Epoch
from p2pchat.wire import files, introductions
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.content import (
    Content,
    Correction,
    Reaction,
    Text,
    UnknownContent,
    Withdrawal,
    content_fields,
    is_content,
    read_content,
)
from p2pchat.wire.fragment import COUNT_MAX
from p2pchat.wire.geometry import CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES, GEOMETRY
from p2pchat.wire.room_offers import (
    WORD_TYPES,
    RoomAccepted,
    RoomOffer,
    RoomOfferEnded,
    RoomWelcomePart,
    RoomWord,
    read_word,
    word_fields,
)

PAYLOAD_LIMIT: Final = COUNT_MAX * GEOMETRY.data
"""Bytes of one encoded payload: what its fragments can carry."""

RETENTION_MIN_S: Final = 10.0
"""What lasts less is gone before it is read."""

RETENTION_MAX_S: Final = 10 * 366 * 86_400.0
"""Ten years: what lasts longer lasts for ever."""

RETENTION_TURN_MAX: Final = 2**48 - 1
"""Decisions are numbered up to this."""

MESH_SECRET_BYTES: Final = 32
MESH_GENERATION_MAX: Final = 2**31
"""A renewal a second for seventy years."""

NAME_BYTES: Final = 6
"""Of what a receipt calls a payload by: no accident makes two alike, and an author of payloads gains nothing
by making two alike."""

NAMES_MAX: Final = 128
"""Payloads that a receipt names: as many as can be under way (``core.messaging.outbox.SEALED_CAP``). They
take 768 of the 860 bytes of a cell that would else be padding."""

_U32: Final = 2**32 - 1
_TYPE_MAX: Final = 2**16 - 1


@dataclass(frozen=True, slots=True)
class RekeyOffer:
    """A fresh ML-KEM-768 key to renew the envelope's roots with."""

    generation: int
    epoch: Epoch
    """The epoch at which the new roots begin; 32 bits."""
    encapsulation_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RekeyAnswer:
    """The ciphertext for the key of the same generation."""

    generation: int
    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Retention:
    """Both ends forget each later message so long after it was written. Raises Malformed."""

    seconds: float
    """0: never; else ``RETENTION_MIN_S`` to ``RETENTION_MAX_S``."""
    turn: int
    """Decisions are numbered, 1 to ``RETENTION_TURN_MAX``: each one more than the last its maker knew of."""

    def __post_init__(self) -> None:
        if self.seconds and not RETENTION_MIN_S <= self.seconds <= RETENTION_MAX_S:
            raise Malformed(
                f"messages last from {RETENTION_MIN_S:g} to {RETENTION_MAX_S:g} seconds, or for ever"
            )
        if not 1 <= self.turn <= RETENTION_TURN_MAX:
            raise Malformed("a decision without a number")


@dataclass(frozen=True, slots=True)
class RecoveryOffer:
    """The public half of the recovery key, by which its sender is found when the session is lost."""

    x25519: bytes
    encapsulation_key: bytes = field(repr=False)
    alone: bool = False
    """All keys that were told before are invalid."""


@dataclass(frozen=True, slots=True)
class MeshRenewed:
    """The mesh in which we talk has another secret now, and the sender is there. Raises Malformed."""

    generation: int
    """How many came before it in this mesh; 1 to ``MESH_GENERATION_MAX``."""
    secret: bytes = field(repr=False)
    """32 bytes."""

    def __post_init__(self) -> None:
        if not 1 <= self.generation <= MESH_GENERATION_MAX:
            raise Malformed("a mesh of an impossible generation")


@dataclass(frozen=True, slots=True)
class UnknownPayload:
    """Something a later version says."""

    type: int


Payload = (
    Content
    | RekeyOffer
    | RekeyAnswer
    | Retention
    | RecoveryOffer
    | MeshRenewed
    | RoomWord
    | files.FileWord
    | introductions.IntroductionWord
    | UnknownPayload
)


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """What became of the ordered payloads that came. A number tells only how far they were counted: what was
    delivered is named."""

    next: int
    """All below this were opened, or will no longer come."""
    partial: bytes
    """Bitmap of the fragments held of ``next``: bit ``i`` of byte ``i // 8``, lowest first; may be empty."""
    opened: bytes = b""
    """Names (``opened_name``) of those opened last, at most ``NAMES_MAX``."""


@dataclass(frozen=True, slots=True)
class PresenceNotice:
    """Says that the writer is here, or leaves."""

    here: bool
    asks: bool
    """Whether an answer is wanted."""
    receipt: DeliveryReceipt


@dataclass(frozen=True, slots=True)
class Copied:
    """Another home that has your keys asked to be taken for you."""


@dataclass(frozen=True, slots=True)
class UnknownNotice:
    """Something a later version says."""

    type: int


Notice = DeliveryReceipt | PresenceNotice | Copied | files.FileNotice | UnknownNotice


def encode_payload(payload: Payload) -> bytes:
    """Return at most ``PAYLOAD_LIMIT`` bytes, ready for the ratchet."""
    match payload:
        case Text() | Reaction() | Correction() | Withdrawal() | UnknownContent():
            return pack(content_fields(payload))
        case RekeyOffer(generation=generation, epoch=epoch, encapsulation_key=key):
            return pack({"t": 2, "generation": generation, "epoch": epoch, "ek": key})
        case RekeyAnswer(generation=generation, ciphertext=ciphertext):
            return pack({"t": 3, "generation": generation, "ct": ciphertext})
        case Retention(seconds=seconds, turn=turn):
            return pack({"t": 4, "seconds": float(seconds), "turn": turn})
        case RecoveryOffer(x25519=x25519, encapsulation_key=key, alone=alone):
            return pack({"t": 5, "x25519": x25519, "ek": key, "alone": alone})
        case MeshRenewed(generation=generation, secret=secret):
            return pack({"t": 16, "generation": generation, "secret": secret})
        case RoomOffer() | RoomAccepted() | RoomOfferEnded() | RoomWelcomePart():
            return pack(word_fields(payload))
        case files.FileOffer() | files.FileAccepted() | files.FileEnded():
            return pack(files.word_fields(payload))
        case UnknownPayload(type=unknown):
            return pack({"t": unknown})
        case _:
            return introductions.encode_word(payload)


def decode_payload(data: bytes) -> Payload:
    """Undo ``encode_payload``. Raises Malformed."""
    reader = Reader(unpack(data, PAYLOAD_LIMIT))
    match reader.get_integer("t", 0, _TYPE_MAX):
        case type if type in WORD_TYPES:
            return read_word(type, reader)
        case type if type in introductions.WORD_TYPES:
            return introductions.read_word(type, reader)
        case type if type in files.WORD_TYPES:
            return files.read_word(type, reader)
        case type if is_content(type):
            return read_content(type, reader)
        case 2:
            generation, epoch = (
                reader.get_integer("generation", 0, _U32),
                Epoch(reader.get_integer("epoch", 0, _U32)),
            )
            return RekeyOffer(generation, epoch, reader.get_bytes("ek", ENCAPSULATION_KEY_BYTES))
        case 3:
            return RekeyAnswer(
                reader.get_integer("generation", 0, _U32), reader.get_bytes("ct", CIPHERTEXT_BYTES)
            )
        case 4:
            seconds = reader.get_float("seconds", 0, RETENTION_MAX_S)
            return Retention(seconds, reader.get_integer("turn", 1, RETENTION_TURN_MAX))
        case 5:
            key = reader.get_bytes("ek", ENCAPSULATION_KEY_BYTES)
            return RecoveryOffer(
                reader.get_bytes("x25519", 32), key, "alone" in reader and reader.get_flag("alone")
            )
        case 16:
            generation = reader.get_integer("generation", 1, MESH_GENERATION_MAX)
            return MeshRenewed(generation, reader.get_bytes("secret", MESH_SECRET_BYTES))
        case unknown:
            return UnknownPayload(unknown)


def encode_notice(notice: Notice) -> bytes:
    """Return at most ``GEOMETRY.data`` bytes: a notice is a single fragment."""
    match notice:
        case DeliveryReceipt():
            return pack({"t": 1, **_receipt(notice)})
        case PresenceNotice(here=here, asks=asks, receipt=receipt):
            return pack({"t": 2, "here": here, "asks": asks, **_receipt(receipt)})
        case Copied():
            return pack({"t": 3})
        case files.FileRequest() | files.FileBlock():
            return pack(files.notice_fields(notice))
        case UnknownNotice(type=unknown):
            return pack({"t": unknown})
    assert_never(notice)


def decode_notice(data: bytes) -> Notice:
    """Undo ``encode_notice``. Raises Malformed."""
    reader = Reader(unpack(data, GEOMETRY.data))
    match reader.get_integer("t", 0, _TYPE_MAX):
        case 1:
            return _read_receipt(reader)
        case 2:
            return PresenceNotice(reader.get_flag("here"), reader.get_flag("asks"), _read_receipt(reader))
        case 3:
            return Copied()
        case type if type in (files.REQUEST_TYPE, files.BLOCK_TYPE):
            return files.read_notice(type, reader)
        case unknown:
            return UnknownNotice(unknown)


def names(opened: bytes) -> list[bytes]:
    """The names in a receipt."""
    return [opened[at : at + NAME_BYTES] for at in range(0, len(opened), NAME_BYTES)]


def _receipt(receipt: DeliveryReceipt) -> dict[str, object]:
    return {"next": receipt.next, "partial": receipt.partial, "opened": receipt.opened}


def _read_receipt(reader: Reader) -> DeliveryReceipt:
    opened = reader.get_bytes("opened", limit=NAMES_MAX * NAME_BYTES)
    if len(opened) % NAME_BYTES:
        raise Malformed("a part of a name")
    return DeliveryReceipt(
        reader.get_integer("next", 0, _U32), reader.get_bytes("partial", limit=COUNT_MAX // 8), opened
    )

"""What contacts say to each other: payloads inside Olm, and notices that need no ratchet.

Knows: the messages and their limits. Does not know: fragments, keys, or what follows from a message.

All are msgpack maps with a type under ``t``. An unknown one is a value too: later versions may talk to us.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, assert_never

from p2pchat.errors import Malformed
from p2pchat.types import MessageId
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.fragment import COUNT_MAX
from p2pchat.wire.geometry import GEOMETRY

TEXT_LIMIT: Final = 65536
"""Bytes of UTF-8 in one text: 77 cells, a longer one is a file."""

PAYLOAD_LIMIT: Final = COUNT_MAX * GEOMETRY.data
"""Bytes of one encoded payload: what its fragments can carry."""

TIME_MAX: Final = 253402300799.0
"""The last second of the year 9999: what calendars can show."""

LASTING_MIN_S: Final = 10.0
"""What lasts less is gone before it is read."""

LASTING_MAX_S: Final = 10 * 366 * 86_400.0
"""Ten years: what lasts longer lasts for ever."""

LASTING_TURN_MAX: Final = 2**48 - 1
"""Decisions are numbered up to this."""

MESH_SECRET_BYTES: Final = 32
MESH_GENERATION_MAX: Final = 2**31
"""A renewal a second for seventy years."""

ENCAPSULATION_KEY_BYTES: Final = 1184
CIPHERTEXT_BYTES: Final = 1088
"""Of ML-KEM-768 (FIPS 203, table 3)."""

NAME_BYTES: Final = 6
"""Of what a receipt calls a payload by: no accident makes two alike, and who made the payload needs none."""

NAMES_MAX: Final = 128
"""Payloads that a receipt names: as many as can be under way (``core.messaging.outbox.SEALED_CAP``). They
take 768 of the 860 bytes of a cell that would else be padding."""

_U32: Final = 2**32 - 1
_ID_BYTES: Final = 16
_TYPE_MAX: Final = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Text:
    """A line of the conversation. Raises Malformed beyond ``TEXT_LIMIT``, or on lone surrogates."""

    id: MessageId
    at: float
    """When it was written, by its writer's clock; Unix seconds, 0 to ``TIME_MAX``."""
    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if text_size(self.text) > TEXT_LIMIT:
            raise Malformed(f"a text of more than {TEXT_LIMIT} bytes")
        if not 0 <= self.at <= TIME_MAX:
            raise Malformed("a text from outside the calendar")


@dataclass(frozen=True, slots=True)
class RekeyOffer:
    """A fresh ML-KEM-768 key to renew the envelope's roots with."""

    generation: int
    epoch: int
    """The epoch at which the new roots begin; 32 bits."""
    encapsulation_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RekeyAnswer:
    """The ciphertext for the key of the same generation."""

    generation: int
    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lasting:
    """What is said from now on shall be forgotten, by both, so long after it was written.

    Raises Malformed.
    """

    seconds: float
    """0: never; else ``LASTING_MIN_S`` to ``LASTING_MAX_S``."""
    turn: int
    """Decisions are numbered, 1 to ``LASTING_TURN_MAX``: each one more than the last its maker knew of."""

    def __post_init__(self) -> None:
        if self.seconds and not LASTING_MIN_S <= self.seconds <= LASTING_MAX_S:
            raise Malformed(f"messages last from {LASTING_MIN_S:g} to {LASTING_MAX_S:g} seconds, or for ever")
        if not 1 <= self.turn <= LASTING_TURN_MAX:
            raise Malformed("a decision without a number")


@dataclass(frozen=True, slots=True)
class RecoveryOffer:
    """The public half of the key by which its sender can be found when the session is of no use any more."""

    x25519: bytes
    encapsulation_key: bytes = field(repr=False)


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


Payload = Text | RekeyOffer | RekeyAnswer | Lasting | RecoveryOffer | MeshRenewed | UnknownPayload


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the ordered payloads that came. A number tells only how far they were counted: what was
    delivered is named."""

    next: int
    """All below this were opened, or will not come any more."""
    partial: bytes
    """Bitmap of the fragments held of ``next``: bit ``i`` of byte ``i // 8``, lowest first; may be empty."""
    opened: bytes = b""
    """Names (``opened_name``) of those opened last, at most ``NAMES_MAX``."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Here, or leaving."""

    here: bool
    asks: bool
    """Whether an answer is wanted."""
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Copied:
    """Another home that has your keys asked to be taken for you."""


@dataclass(frozen=True, slots=True)
class UnknownNotice:
    """Something a later version says."""

    type: int


Notice = Receipt | Presence | Copied | UnknownNotice


def text_size(text: str) -> int:
    """Bytes of UTF-8. Raises Malformed on lone surrogates, which have none."""
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise Malformed("a text with characters that have no encoding") from error


def encode_payload(payload: Payload) -> bytes:
    """Return at most ``PAYLOAD_LIMIT`` bytes, ready for the ratchet."""
    match payload:
        case Text(id=message, at=at, text=text):
            return pack({"t": 1, "id": bytes.fromhex(message), "at": float(at), "text": text})
        case RekeyOffer(generation=generation, epoch=epoch, encapsulation_key=key):
            return pack({"t": 2, "generation": generation, "epoch": epoch, "ek": key})
        case RekeyAnswer(generation=generation, ciphertext=ciphertext):
            return pack({"t": 3, "generation": generation, "ct": ciphertext})
        case Lasting(seconds=seconds, turn=turn):
            return pack({"t": 4, "seconds": float(seconds), "turn": turn})
        case RecoveryOffer(x25519=x25519, encapsulation_key=key):
            return pack({"t": 5, "x25519": x25519, "ek": key})
        case MeshRenewed(generation=generation, secret=secret):
            return pack({"t": 16, "generation": generation, "secret": secret})
        case UnknownPayload(type=unknown):
            return pack({"t": unknown})
    assert_never(payload)


def decode_payload(data: bytes) -> Payload:
    """Undo ``encode_payload``. Raises Malformed."""
    read = Reader(unpack(data, PAYLOAD_LIMIT))
    match read.integer("t", 0, _TYPE_MAX):
        case 1:
            message = MessageId(read.bytes("id", _ID_BYTES).hex())
            return Text(message, read.number("at", 0, TIME_MAX), read.text("text", TEXT_LIMIT))
        case 2:
            generation, epoch = read.integer("generation", 0, _U32), read.integer("epoch", 0, _U32)
            return RekeyOffer(generation, epoch, read.bytes("ek", ENCAPSULATION_KEY_BYTES))
        case 3:
            return RekeyAnswer(read.integer("generation", 0, _U32), read.bytes("ct", CIPHERTEXT_BYTES))
        case 4:
            seconds = read.number("seconds", 0, LASTING_MAX_S)
            return Lasting(seconds, read.integer("turn", 1, LASTING_TURN_MAX))
        case 5:
            return RecoveryOffer(read.bytes("x25519", 32), read.bytes("ek", ENCAPSULATION_KEY_BYTES))
        case 16:
            generation = read.integer("generation", 1, MESH_GENERATION_MAX)
            return MeshRenewed(generation, read.bytes("secret", MESH_SECRET_BYTES))
        case unknown:
            return UnknownPayload(unknown)


def encode_notice(notice: Notice) -> bytes:
    """Return at most ``GEOMETRY.data`` bytes: a notice is a single fragment."""
    match notice:
        case Receipt():
            return pack({"t": 1, **_receipt(notice)})
        case Presence(here=here, asks=asks, receipt=receipt):
            return pack({"t": 2, "here": here, "asks": asks, **_receipt(receipt)})
        case Copied():
            return pack({"t": 3})
        case UnknownNotice(type=unknown):
            return pack({"t": unknown})
    assert_never(notice)


def decode_notice(data: bytes) -> Notice:
    """Undo ``encode_notice``. Raises Malformed."""
    read = Reader(unpack(data, GEOMETRY.data))
    match read.integer("t", 0, _TYPE_MAX):
        case 1:
            return _read_receipt(read)
        case 2:
            return Presence(read.flag("here"), read.flag("asks"), _read_receipt(read))
        case 3:
            return Copied()
        case unknown:
            return UnknownNotice(unknown)


def names(opened: bytes) -> list[bytes]:
    """The names in a receipt."""
    return [opened[at : at + NAME_BYTES] for at in range(0, len(opened), NAME_BYTES)]


def _receipt(receipt: Receipt) -> dict[str, object]:
    return {"next": receipt.next, "partial": receipt.partial, "opened": receipt.opened}


def _read_receipt(read: Reader) -> Receipt:
    opened = read.bytes("opened", limit=NAMES_MAX * NAME_BYTES)
    if len(opened) % NAME_BYTES:
        raise Malformed("a part of a name")
    return Receipt(read.integer("next", 0, _U32), read.bytes("partial", limit=COUNT_MAX // 8), opened)

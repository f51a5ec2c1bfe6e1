"""What nodes say of themselves, so that others can lead a stem over them: short-lived records.

Knows: a record's layout, and the messages that carry records. Does not know: signatures, or who needs which
record.

Types 48 to 50 of a control frame. A record's body, which its owner's short-lived key signs:

::

    verify key 32 | onion key 32 | epoch 4 | serial 4 | links, 8 each        72 to 200 bytes
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final, assert_never

from p2pchat.errors import Malformed
from p2pchat.wire.codec import Reader

TYPES: Final = range(48, 51)

ID_BYTES: Final = 8
"""How a record's owner is named: BLAKE2b-64 of its verify key."""

LINKS_MAX: Final = 10
"""Links in one record, and so of one node: three that it seeks, six that it accepts, and one for a newcomer.
Whoever has more cannot list them all, and is let go by those it leaves out."""

DEPTH: Final = 5
"""Hops that a record travels: with two, 85 % of the nodes of a mesh of 1000 find no stem of three hops
(docs/protocol/README.md#61-vicinity)."""

SIGNATURE_BYTES: Final = 64

_HEAD: Final = struct.Struct(">32s32sII")

_EPOCH: Final = slice(SIGNATURE_BYTES + 64, SIGNATURE_BYTES + 68)

RECORD_MAX: Final = SIGNATURE_BYTES + _HEAD.size + LINKS_MAX * ID_BYTES

FILL: Final = 1060
"""Bytes of records in one message, with a few bytes beside each; the rest of a body's 1120 is the map."""

_BESIDE: Final = 4
_COUNT_MAX: Final = FILL // (SIGNATURE_BYTES + _HEAD.size)


@dataclass(frozen=True, slots=True)
class Record:
    """One node during one epoch. Raises Malformed on other sizes."""

    verify_key: bytes
    """Ed25519, 32 bytes, of this node and epoch alone."""
    onion_key: bytes
    """X25519, 32 bytes, of this node and epoch alone."""
    epoch: int
    serial: int
    """Counts the owner's records of this epoch: the highest holds. 32 bits."""
    links: tuple[bytes, ...] = field(repr=False)
    """Ids of its neighbours, at most ``LINKS_MAX``."""

    def __post_init__(self) -> None:
        if len(self.links) > LINKS_MAX or any(len(link) != ID_BYTES for link in self.links):
            raise Malformed("a record with too many links, or an id of another size")


def encode_record(record: Record) -> bytes:
    """Return the body to be signed."""
    head = _HEAD.pack(record.verify_key, record.onion_key, record.epoch, record.serial)
    return head + b"".join(record.links)


def decode_record(body: bytes) -> Record:
    """Undo ``encode_record``. Raises Malformed."""
    links = len(body) - _HEAD.size
    if links < 0 or links % ID_BYTES:
        raise Malformed(f"a record of {len(body)} bytes")
    names = tuple(body[at : at + ID_BYTES] for at in range(_HEAD.size, len(body), ID_BYTES))
    verify_key, onion_key, epoch, serial = _HEAD.unpack_from(body)
    return Record(verify_key, onion_key, epoch, serial, names)


def epoch_of(signed: bytes) -> int:
    """Which epoch a signed record names, unchecked. Raises Malformed."""
    if not SIGNATURE_BYTES + _HEAD.size <= len(signed) <= RECORD_MAX:
        raise Malformed(f"a signed record of {len(signed)} bytes")
    return int.from_bytes(signed[_EPOCH], "big")


@dataclass(frozen=True, slots=True)
class Mine:
    """The sender's own record, signed, and its signature of the link's secret: no node can send another's."""

    record: bytes = field(repr=False)
    proof: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.proof) != SIGNATURE_BYTES:
            raise Malformed("a proof of another size")


@dataclass(frozen=True, slots=True)
class Records:
    """Others' records, signed, and how many hops each may go on; ``FILL`` bytes at most (``batches``)."""

    records: tuple[tuple[int, bytes], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskRecords:
    """Send all records of an epoch that may still travel: the sender comes from elsewhere."""

    epoch: int


Vicinal = Mine | Records | AskRecords


def batches(records: list[tuple[int, bytes]]) -> list[Records]:
    """So many messages as it takes to send them all."""
    messages: list[Records] = []
    batch: list[tuple[int, bytes]] = []
    size = 0
    for hops, record in records:
        if size + len(record) + _BESIDE > FILL:
            messages.append(Records(tuple(batch)))
            batch, size = [], 0
        batch.append((hops, record))
        size += len(record) + _BESIDE
    return [*messages, Records(tuple(batch))] if batch else messages


def fields(message: Vicinal) -> dict[str, object]:
    """The message as a map, its type under ``t``."""
    match message:
        case Mine(record, proof):
            return {"t": 48, "record": record, "proof": proof}
        case Records(records):
            hops = bytes(hops for hops, _ in records)
            return {"t": 49, "hops": hops, "records": [record for _, record in records]}
        case AskRecords(epoch):
            return {"t": 50, "epoch": epoch}
    assert_never(message)


def read(kind: int, reader: Reader) -> Vicinal:
    """Undo ``fields`` for a type in ``TYPES``. Raises Malformed."""
    match kind:
        case 48:
            return Mine(
                reader.get_bytes("record", limit=RECORD_MAX), reader.get_bytes("proof", limit=SIGNATURE_BYTES)
            )
        case 49:
            hops, records = reader.get_bytes("hops", limit=_COUNT_MAX), reader.get_list("records", _COUNT_MAX)
            if len(hops) != len(records) or not all(_is_record(record) for record in records):
                raise Malformed("not a list of records and their hops")
            return Records(tuple(zip(hops, records, strict=True)))
        case _:
            return AskRecords(reader.get_integer("epoch", 0, 2**32 - 1))


def _is_record(value: object) -> bool:
    return isinstance(value, bytes) and SIGNATURE_BYTES + _HEAD.size <= len(value) <= RECORD_MAX

"""What nodes say of themselves, so that others can lead a stem over them: short-lived descriptors.

Knows: a descriptor's layout, and the messages that carry descriptors. Does not know: signatures, or which
node needs which descriptor.

Types 48 to 50 of a control frame. A descriptor's body, which its owner's short-lived key signs:

::

    verify key 32 | onion key 32 | epoch 4 | serial 4 | links, 8 each        72 to 200 bytes
"""

from __future__ import annotations

import struct
from dataclasses import field
from typing import Final, assert_never, cast

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import Epoch, HopId
from p2pchat.wire.codec import Reader

TYPES: Final = range(48, 51)

ID_BYTES: Final = 8
"""How a descriptor's owner is named: BLAKE2b-64 of its verify key."""

LINKS_MAX: Final = 10
"""Links in one descriptor, and so of one node: three that it seeks, six that it accepts, and one for a
newcomer. A node with more cannot list them all, and the neighbours that it omits end their links."""

DEPTH: Final = 5
"""Hops that a descriptor travels: with two, 85 % of the nodes of a mesh of 1000 find no stem of three hops
(docs/protocol/README.md#61-link-state-map)."""

SIGNATURE_BYTES: Final = 64

_HEAD: Final = struct.Struct(">32s32sII")

_EPOCH: Final = slice(SIGNATURE_BYTES + 64, SIGNATURE_BYTES + 68)

DESCRIPTOR_MAX: Final = SIGNATURE_BYTES + _HEAD.size + LINKS_MAX * ID_BYTES

FILL: Final = 1060
"""Bytes of descriptors in one message, with a few bytes beside each; the rest of a body's 1120 is the map."""

_BESIDE: Final = 4
_COUNT_MAX: Final = FILL // (SIGNATURE_BYTES + _HEAD.size)


@dataclass(frozen=True, slots=True)
class NodeDescriptor:
    """One node during one epoch. Raises Malformed on other sizes."""

    verify_key: bytes
    """Ed25519, 32 bytes, of this node and epoch alone."""
    onion_key: bytes
    """X25519, 32 bytes, of this node and epoch alone."""
    epoch: Epoch
    serial: int
    """Counts the owner's descriptors of this epoch: the highest holds. 32 bits."""
    links: tuple[HopId, ...] = field(repr=False)
    """Ids of its neighbours, at most ``LINKS_MAX``."""

    def __post_init__(self) -> None:
        if len(self.links) > LINKS_MAX or any(len(link) != ID_BYTES for link in self.links):
            raise Malformed("a descriptor with too many links, or an id of another size")


def encode_descriptor(descriptor: NodeDescriptor) -> bytes:
    """Return the body to be signed."""
    head = _HEAD.pack(descriptor.verify_key, descriptor.onion_key, descriptor.epoch, descriptor.serial)
    return head + b"".join(descriptor.links)


def decode_descriptor(body: bytes) -> NodeDescriptor:
    """Undo ``encode_descriptor``. Raises Malformed."""
    size = len(body) - _HEAD.size
    if size < 0 or size % ID_BYTES:
        raise Malformed(f"a descriptor of {len(body)} bytes")
    links = tuple(body[at : at + ID_BYTES] for at in range(_HEAD.size, len(body), ID_BYTES))
    verify_key, onion_key, epoch, serial = _HEAD.unpack_from(body)
    return NodeDescriptor(verify_key, onion_key, epoch, serial, cast("tuple[HopId, ...]", links))


def epoch_of(signed: bytes) -> Epoch:
    """Which epoch a signed descriptor names, unchecked. Raises Malformed."""
    if not SIGNATURE_BYTES + _HEAD.size <= len(signed) <= DESCRIPTOR_MAX:
        raise Malformed(f"a signed descriptor of {len(signed)} bytes")
    return Epoch(int.from_bytes(signed[_EPOCH], "big"))


@dataclass(frozen=True, slots=True)
class OwnDescriptor:
    """The sender's own descriptor, signed, and its signature of the link's secret: no node can send
    another's."""

    descriptor: bytes = field(repr=False)
    proof: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.proof) != SIGNATURE_BYTES:
            raise Malformed("a proof of another size")


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Others' descriptors, signed, and how many hops each may go on; ``FILL`` bytes at most
    (``batch_descriptors``)."""

    descriptors: tuple[tuple[int, bytes], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DescriptorRequest:
    """Send all descriptors of an epoch that may still travel: the sender comes from elsewhere."""

    epoch: Epoch


TopologyMessage = OwnDescriptor | Descriptors | DescriptorRequest


def batch_descriptors(descriptors: list[tuple[int, bytes]]) -> list[Descriptors]:
    """So many messages as it takes to send them all."""
    messages: list[Descriptors] = []
    batch: list[tuple[int, bytes]] = []
    size = 0
    for hops, descriptor in descriptors:
        if size + len(descriptor) + _BESIDE > FILL:
            messages.append(Descriptors(tuple(batch)))
            batch, size = [], 0
        batch.append((hops, descriptor))
        size += len(descriptor) + _BESIDE
    return [*messages, Descriptors(tuple(batch))] if batch else messages


def fields(message: TopologyMessage) -> dict[str, object]:
    """The message as a map, its type under ``t``."""
    match message:
        case OwnDescriptor(descriptor, proof):
            return {"t": 48, "record": descriptor, "proof": proof}
        case Descriptors(descriptors):
            hops = bytes(hops for hops, _ in descriptors)
            return {"t": 49, "hops": hops, "records": [descriptor for _, descriptor in descriptors]}
        case DescriptorRequest(epoch):
            return {"t": 50, "epoch": epoch}
    assert_never(message)


def read(kind: int, reader: Reader) -> TopologyMessage:
    """Undo ``fields`` for a type in ``TYPES``. Raises Malformed."""
    match kind:
        case 48:
            return OwnDescriptor(
                reader.get_bytes("record", limit=DESCRIPTOR_MAX),
                reader.get_bytes("proof", limit=SIGNATURE_BYTES),
            )
        case 49:
            hops, descriptors = (
                reader.get_bytes("hops", limit=_COUNT_MAX),
                reader.get_list("records", _COUNT_MAX),
            )
            if len(hops) != len(descriptors) or not all(
                _is_descriptor(descriptor) for descriptor in descriptors
            ):
                raise Malformed("not a list of descriptors and their hops")
            return Descriptors(tuple(zip(hops, descriptors, strict=True)))
        case _:
            return DescriptorRequest(Epoch(reader.get_integer("epoch", 0, 2**32 - 1)))


def _is_descriptor(value: object) -> bool:
    return isinstance(value, bytes) and SIGNATURE_BYTES + _HEAD.size <= len(value) <= DESCRIPTOR_MAX

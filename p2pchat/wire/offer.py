"""Offers, answers and declines: the plaintexts of the sealed blobs by which two members of a mesh make a
link.

Knows: their fields and bytes. Does not know: how they are sealed, or how a description becomes a connection.

All are msgpack maps, length-prefixed and zero-padded to ``GEOMETRY.blob_plain``, and say their version.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import NodeId
from p2pchat.wire.codec import Reader, length_prefixed, pack, strip_padding, unpack
from p2pchat.wire.description import Description, decode_description, encode_description
from p2pchat.wire.geometry import CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES, GEOMETRY
from p2pchat.wire.version import VERSION, VERSION_KEY, check_version

NODE_BYTES: Final = 8
X25519_BYTES: Final = 32

CAPABILITY_BITS: Final = 16
"""What a bit means never changes, and one that is not known means nothing. None has a meaning yet. More would
not fit beside the most candidates."""

_CAPABILITIES: Final = "c"
_OFFER: Final = 1
_ANSWER: Final = 2
_DECLINE: Final = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """One side's ephemeral keys and how to reach it."""

    node: NodeId
    x25519: bytes
    """Ephemeral public key, 32 bytes."""
    encapsulation_key: bytes = field(repr=False)
    """Ephemeral ML-KEM-768 key, 1184 bytes."""
    description: Description
    relayed: bool = False
    """Whether it is the second try, after one without a TURN server led nowhere."""
    anew: bool = False
    """Whether it is to take the place of a link that there is, because its maker's address has changed."""
    capabilities: int = 0
    """What its maker can do: a bit each, of ``CAPABILITY_BITS``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The other side's, for one offer."""

    node: NodeId
    x25519: bytes
    """Ephemeral public key, 32 bytes."""
    ciphertext: bytes = field(repr=False)
    """ML-KEM-768, 1088 bytes."""
    description: Description
    capabilities: int = 0
    """What its maker can do: a bit each, of ``CAPABILITY_BITS``."""


@dataclass(frozen=True, slots=True)
class Decline:
    """The other side's refusal of one offer."""

    node: NodeId
    linked: bool
    """True: it has a link with the offerer already; False: it has no room."""


Reply = Answer | Decline


def encode_offer(offer: Offer) -> bytes:
    """Return ``GEOMETRY.blob_plain`` bytes, ready to be sealed."""
    return _packed(
        {
            "t": _OFFER,
            "node": offer.node,
            "x": offer.x25519,
            "ek": offer.encapsulation_key,
            "d": encode_description(offer.description),
            "r": offer.relayed,
            "a": offer.anew,
            **_capability_fields(offer.capabilities),
        }
    )


def decode_offer(data: bytes) -> Offer:
    """Undo ``encode_offer``. Raises Malformed or OtherVersion."""
    reader = _reader(data, _OFFER, _OFFER)
    node, x25519 = _who(reader)
    key = reader.get_bytes("ek", ENCAPSULATION_KEY_BYTES)
    description, relayed, anew = _description(reader), reader.get_flag("r"), reader.get_flag("a")
    return Offer(node, x25519, key, description, relayed, anew, _capabilities(reader))


def encode_reply(reply: Reply) -> bytes:
    """Return ``GEOMETRY.blob_plain`` bytes, ready to be sealed."""
    if isinstance(reply, Decline):
        return _packed({"t": _DECLINE, "node": reply.node, "linked": reply.linked})
    return _packed(
        {
            "t": _ANSWER,
            "node": reply.node,
            "x": reply.x25519,
            "ct": reply.ciphertext,
            "d": encode_description(reply.description),
            **_capability_fields(reply.capabilities),
        }
    )


def decode_reply(data: bytes) -> Reply:
    """Undo ``encode_reply``. Raises Malformed or OtherVersion."""
    reader = _reader(data, _ANSWER, _DECLINE)
    if reader.get_integer("t", _ANSWER, _DECLINE) == _DECLINE:
        return Decline(NodeId(reader.get_bytes("node", NODE_BYTES)), reader.get_flag("linked"))
    node, x25519 = _who(reader)
    ciphertext, description = reader.get_bytes("ct", CIPHERTEXT_BYTES), _description(reader)
    return Answer(node, x25519, ciphertext, description, _capabilities(reader))


def _packed(fields: dict[str, object]) -> bytes:
    return length_prefixed(pack({**fields, VERSION_KEY: VERSION}), GEOMETRY.blob_plain)


def _reader(data: bytes, first: int, last: int) -> Reader:
    if len(data) != GEOMETRY.blob_plain:
        raise Malformed(f"an offer or answer of {len(data)} bytes")
    reader = Reader(unpack(strip_padding(data), GEOMETRY.blob_plain))
    check_version(reader)
    reader.get_integer("t", first, last)
    return reader


def _who(reader: Reader) -> tuple[NodeId, bytes]:
    return NodeId(reader.get_bytes("node", NODE_BYTES)), reader.get_bytes("x", X25519_BYTES)


def _description(reader: Reader) -> Description:
    return decode_description(reader.get_bytes("d", limit=GEOMETRY.blob_plain))


def _capability_fields(capabilities: int) -> dict[str, object]:
    return {_CAPABILITIES: capabilities} if capabilities else {}


def _capabilities(reader: Reader) -> int:
    """Read the capabilities, which stand there only if there are any."""
    return reader.get_integer(_CAPABILITIES, 1, (1 << CAPABILITY_BITS) - 1) if _CAPABILITIES in reader else 0

"""Descriptors that certify themselves: signed by a key that names their owner for one epoch and nothing else.

Knows: signing and checking (Ed25519, RFC 8032). Does not know: what a node is beyond its descriptor, or where
its links lead.

These are the only signatures in p2pchat. What they cover says which nodes are linked, or would be, under
names that last for an epoch; no message, contact or long-term key comes near them.
"""

from __future__ import annotations

from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from p2pchat.crypto.exchange import shared_point
from p2pchat.crypto.kdf import digest
from p2pchat.errors import Malformed, Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import HopId
from p2pchat.wire.topology import (
    DESCRIPTOR_MAX,
    ID_BYTES,
    SIGNATURE_BYTES,
    NodeDescriptor,
    decode_descriptor,
    encode_descriptor,
)

assert crypto_sign_BYTES == SIGNATURE_BYTES

_ANY_SCALAR = bytes(31) + b"\x40"
"""X25519 fails for a point of low order with every scalar, or with none (RFC 7748, section 6.1)."""

_LINK = b"p2pchat link"
_TICKET = b"p2pchat ticket"
"""With a binding, or a digest, of 32 bytes behind it shorter than any descriptor."""


class DescriptorKey:
    """Signs one node's descriptors of one epoch."""

    def __init__(self, seed: bytes) -> None:
        """``seed``: 32 random bytes."""
        self.public, self._secret = crypto_sign_seed_keypair(seed)
        self.id = id_of(self.public)
        """The owner's name, 8 bytes."""

    @classmethod
    def generate(cls, entropy: Entropy) -> DescriptorKey:
        """Draw a new one."""
        return cls(entropy.draw_bytes(32))

    def sign(self, descriptor: NodeDescriptor) -> bytes:
        """Return signature and body, at most ``DESCRIPTOR_MAX`` bytes."""
        return crypto_sign(encode_descriptor(descriptor), self._secret)

    def sign_binding(self, binding: bytes) -> bytes:
        """Sign the secret ``binding`` (32 bytes) of a link. The signature, 64 bytes, shows the other end that
        the descriptors of this key are those of this end."""
        return crypto_sign(_LINK + binding, self._secret)[:SIGNATURE_BYTES]

    def sign_ticket(self, walk_key: bytes, key: bytes, vacant: bool) -> bytes:
        """Sign a ticket. The signature, 64 bytes, shows the sender of ``walk_key`` that this node answers
        with ``key`` (32 bytes each), and whether it has room for a link."""
        return crypto_sign(_ticket(walk_key, key, vacant), self._secret)[:SIGNATURE_BYTES]


def read_descriptor(data: bytes) -> NodeDescriptor:
    """Read a signed descriptor without checking it: enough to know whether a check is worth its cost. Raises
    Malformed."""
    if not SIGNATURE_BYTES < len(data) <= DESCRIPTOR_MAX:
        raise Malformed(f"a signed descriptor of {len(data)} bytes")
    return decode_descriptor(data[SIGNATURE_BYTES:])


def check_descriptor(data: bytes, descriptor: NodeDescriptor) -> None:
    """Raises Unreadable unless ``descriptor``, as ``read_descriptor`` from ``data``, was signed by its own
    key and its onion key is one: no onion could be made for a stem over another, and its makers would
    stumble."""
    try:
        crypto_sign_open(data, descriptor.verify_key)
    except (BadSignatureError, ValueError) as error:
        raise Unreadable("a descriptor that its key did not sign") from error
    shared_point(_ANY_SCALAR, descriptor.onion_key)


def check_link(binding: bytes, descriptor: NodeDescriptor, proof: bytes) -> None:
    """Raises Unreadable unless ``proof`` is the ``sign_binding`` of the descriptor's owner for this link."""
    try:
        crypto_sign_open(proof + _LINK + binding, descriptor.verify_key)
    except (BadSignatureError, ValueError) as error:
        raise Unreadable("a descriptor of another node than the neighbour") from error


def check_ticket(verify_key: bytes, walk_key: bytes, key: bytes, vacant: bool, proof: bytes) -> None:
    """Raises Unreadable unless ``proof`` is the ``sign_ticket`` of that key's owner."""
    try:
        crypto_sign_open(proof + _ticket(walk_key, key, vacant), verify_key)
    except (BadSignatureError, ValueError) as error:
        raise Unreadable("a ticket of another node than the one asked") from error


def _ticket(walk_key: bytes, key: bytes, vacant: bool) -> bytes:
    return _TICKET + digest(walk_key + key + bytes([vacant]), 32)


def id_of(verify_key: bytes) -> HopId:
    """The id that goes with a verify key."""
    return HopId(digest(verify_key, ID_BYTES))

"""How two members of a mesh exchange a sealed offer and answer, so that only members can link.

Knows: what is sealed under the mesh secret and to what it is bound. Does not know: how blobs travel, or why.

An offer is bound to its topic, an answer to the very offer it answers; both carry fresh ephemeral keys, so
nothing long-lived crosses the wire and a recorded exchange opens no later one (protocol, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass

from p2pchat.crypto.exchange import HybridKey, respond
from p2pchat.crypto.kdf import derive, digest
from p2pchat.crypto.sealing import LinkKeys, open_blob, seal_blob
from p2pchat.ports import Entropy
from p2pchat.types import NodeId
from p2pchat.wire.description import Description
from p2pchat.wire.offer import (
    Answer,
    Decline,
    Offer,
    Reply,
    decode_offer,
    decode_reply,
    encode_offer,
    encode_reply,
)

NONCE_BYTES = 24


@dataclass(slots=True)
class OpenOffer:
    """An offer of ours that waits for its answer."""

    blob: bytes
    key: HybridKey


class Introducer:
    """Seals and opens the offers and answers of one mesh for one node."""

    def __init__(self, secret: bytes, node: NodeId, entropy: Entropy) -> None:
        self._blob_key = derive(secret, "offer blob")
        self._link_psk = derive(secret, "link psk")
        self._node = node
        self._entropy = entropy

    def offer(self, binding: bytes, description: Description) -> OpenOffer:
        """Seal an offer with a fresh hybrid key, bound to where it is made; ``blob`` is ``GEOMETRY.blob``
        bytes."""
        key = HybridKey.generate(self._entropy)
        plain = encode_offer(Offer(self._node, key.x25519, key.encapsulation_key, description))
        return OpenOffer(self._seal(plain, b"offer" + binding), key)

    def read_offer(self, binding: bytes, blob: bytes) -> Offer:
        """Open an offer that was made there. Raises RefusedInput."""
        return decode_offer(open_blob(self._blob_key, blob, b"offer" + binding))

    def answer(self, offer_blob: bytes, offer: Offer, description: Description) -> tuple[bytes, LinkKeys]:
        """Seal the answer to an offer; return it with the keys of the link. Raises Unreadable on a bad
        offered key."""
        response = respond(self._entropy, offer.x25519, offer.encapsulation_key)
        reply = Answer(self._node, response.x25519, response.ciphertext, description)
        blob = self._reply(offer_blob, reply)
        return blob, LinkKeys.derive(self._link_psk, response.shared, offer_blob, blob)

    def decline(self, offer_blob: bytes, linked: bool) -> bytes:
        """Seal a refusal of an offer, because there is a link already or no room for one."""
        return self._reply(offer_blob, Decline(self._node, linked))

    def read_reply(self, opened: OpenOffer, blob: bytes) -> tuple[Reply, LinkKeys | None]:
        """Open what came back for an offer of ours; with the keys, if it is an answer. Raises
        RefusedInput."""
        reply = decode_reply(open_blob(self._blob_key, blob, b"answer" + digest(opened.blob)))
        if isinstance(reply, Decline):
            return reply, None
        shared = opened.key.agree(reply.x25519, reply.ciphertext)
        return reply, LinkKeys.derive(self._link_psk, shared, opened.blob, blob)

    def _reply(self, offer_blob: bytes, reply: Reply) -> bytes:
        return self._seal(encode_reply(reply), b"answer" + digest(offer_blob))

    def _seal(self, plain: bytes, bound_to: bytes) -> bytes:
        return seal_blob(self._blob_key, self._entropy.bytes(NONCE_BYTES), plain, bound_to)

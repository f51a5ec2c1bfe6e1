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
from p2pchat.types import NodeId, Topic
from p2pchat.wire.description import Description
from p2pchat.wire.offer import Answer, Offer, decode_answer, decode_offer, encode_answer, encode_offer

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

    def offer(self, topic: Topic, description: Description) -> OpenOffer:
        """Seal an offer with a fresh hybrid key; ``blob`` is ``GEOMETRY.blob`` bytes."""
        key = HybridKey.generate(self._entropy)
        plain = encode_offer(Offer(self._node, key.x25519, key.encapsulation_key, description))
        return OpenOffer(self._seal(plain, b"offer" + topic), key)

    def read_offer(self, topic: Topic, blob: bytes) -> Offer:
        """Open an offer left at our seat. Raises RefusedInput."""
        return decode_offer(open_blob(self._blob_key, blob, b"offer" + topic))

    def answer(self, offer_blob: bytes, offer: Offer, description: Description) -> tuple[bytes, LinkKeys]:
        """Seal the answer to an offer; return it with the keys of the link. Raises Unreadable on a bad
        offered key."""
        response = respond(self._entropy, offer.x25519, offer.encapsulation_key)
        plain = encode_answer(Answer(self._node, response.x25519, response.ciphertext, description))
        blob = self._seal(plain, b"answer" + digest(offer_blob))
        return blob, LinkKeys.derive(self._link_psk, response.shared, offer_blob, blob)

    def read_answer(self, opened: OpenOffer, blob: bytes) -> tuple[Answer, LinkKeys]:
        """Open the answer to an offer of ours. Raises RefusedInput."""
        answer = decode_answer(open_blob(self._blob_key, blob, b"answer" + digest(opened.blob)))
        shared = opened.key.agree(answer.x25519, answer.ciphertext)
        return answer, LinkKeys.derive(self._link_psk, shared, opened.blob, blob)

    def _seal(self, plain: bytes, bound_to: bytes) -> bytes:
        return seal_blob(self._blob_key, self._entropy.bytes(NONCE_BYTES), plain, bound_to)

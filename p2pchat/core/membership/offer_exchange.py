"""How two members of a mesh exchange a sealed offer and answer, so that only members can link.

Knows: what is sealed under the mesh secret and to what it is bound. Does not know: how blobs travel, or why.

An offer is bound to where it is made, an answer to the very offer it answers; both carry fresh ephemeral
keys, so nothing long-lived crosses the wire and a recorded exchange opens no later one
(docs/protocol/README.md#3-offers-and-answers). What goes through the hands of other members is sealed under a
secret of the two ends, too.
"""

from __future__ import annotations

from typing import Protocol

from p2pchat.crypto.exchange import HybridKey, respond
from p2pchat.crypto.kdf import derive, digest
from p2pchat.crypto.sealing import LinkKeys, open_blob, seal_blob
from p2pchat.data import dataclass
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


class OfferEndpoint(Protocol):
    """The place at which an offer is made, and the two ends."""

    @property
    def binding(self) -> bytes:
        """What tells it from other places."""
        ...

    @property
    def secret(self) -> bytes:
        """What its two ends share besides the mesh secret, 32 bytes, or nothing."""
        ...


@dataclass(slots=True)
class OpenOffer:
    """An offer of ours that waits for its answer."""

    blob: bytes
    key: HybridKey


class OfferExchange:
    """Seals and opens the offers and answers of one mesh for one node."""

    def __init__(self, secret: bytes, node: NodeId, entropy: Entropy) -> None:
        self._blob_key = derive(secret, "offer blob")
        self._link_psk = derive(secret, "link psk")
        self._node = node
        self._entropy = entropy

    def seal_offer(
        self, at: OfferEndpoint, description: Description, relayed: bool = False, anew: bool = False
    ) -> OpenOffer:
        """Seal an offer with a fresh hybrid key; ``blob`` is ``GEOMETRY.blob`` bytes."""
        key = HybridKey.generate(self._entropy)
        offer = Offer(self._node, key.x25519, key.encapsulation_key, description, relayed, anew)
        plain = encode_offer(offer)
        return OpenOffer(self._seal(at, plain, b"offer" + at.binding), key)

    def read_offer(self, at: OfferEndpoint, blob: bytes) -> Offer:
        """Open an offer that was made there. Raises RefusedInput."""
        return decode_offer(open_blob(self._key(at), blob, b"offer" + at.binding))

    def seal_answer(
        self, at: OfferEndpoint, offer_blob: bytes, offer: Offer, description: Description
    ) -> tuple[bytes, LinkKeys]:
        """Seal the answer to an offer; return it with the keys of the link. Raises Unreadable on a bad
        offered key."""
        response = respond(self._entropy, offer.x25519, offer.encapsulation_key)
        reply = Answer(self._node, response.x25519, response.ciphertext, description)
        blob = self._reply(at, offer_blob, reply)
        return blob, LinkKeys.from_secrets(self._link_psk, response.shared, offer_blob, blob)

    def seal_decline(self, at: OfferEndpoint, offer_blob: bytes, linked: bool) -> bytes:
        """Seal a refusal of an offer, because there is a link already or no room for one."""
        return self._reply(at, offer_blob, Decline(self._node, linked))

    def read_reply(self, at: OfferEndpoint, opened: OpenOffer, blob: bytes) -> tuple[Reply, LinkKeys | None]:
        """Open what came back for an offer of ours; with the keys, if it is an answer. Raises
        RefusedInput."""
        reply = decode_reply(open_blob(self._key(at), blob, b"answer" + digest(opened.blob)))
        if isinstance(reply, Decline):
            return reply, None
        shared = opened.key.derive_secret(reply.x25519, reply.ciphertext)
        return reply, LinkKeys.from_secrets(self._link_psk, shared, opened.blob, blob)

    def _reply(self, at: OfferEndpoint, offer_blob: bytes, reply: Reply) -> bytes:
        return self._seal(at, encode_reply(reply), b"answer" + digest(offer_blob))

    def _seal(self, at: OfferEndpoint, plain: bytes, bound_to: bytes) -> bytes:
        return seal_blob(self._key(at), self._entropy.draw_bytes(NONCE_BYTES), plain, bound_to)

    def _key(self, at: OfferEndpoint) -> bytes:
        return derive(self._blob_key, "between two", at.secret) if at.secret else self._blob_key

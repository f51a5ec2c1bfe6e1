"""How people recognise each other's keys: fingerprints, safety numbers and words.

Knows: what is shown for an identity key, or for two. Does not know: whether two people compared it.
"""

from __future__ import annotations

import hashlib

from p2pchat.crypto.kdf import derive, digest
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.words import WORDS

DIGITS_A_SIDE = 30
"""Five digits from each five bytes (2^40 mod 10^5), six groups a side: about 100 bits a side."""

ITERATIONS = 5200
"""Hash iterations under each half of a safety number and under safety words, which make a near-collision that
much dearer to search for."""

_NO_KEY = b"p2pchat identity"


def fingerprint(identity_key: bytes) -> ContactId:
    """BLAKE2b-256 of the identity key, 64 hexadecimal digits."""
    return ContactId(digest(_NO_KEY + identity_key).hex())


def received_id(contact: ContactId, id: MessageId) -> MessageId:
    """Name a message here that ``contact`` sent as ``id``: no sender can take the id of another's message,
    or of one of ours."""
    return MessageId(derive(_NO_KEY, "received", contact.encode(), id.encode(), size=16).hex())


def named_id(secret: bytes, key: bytes) -> MessageId:
    """Name a message that our person knows by ``key``. Keyed by a secret of the home: the recipient
    of the message learns nothing of the key and cannot test guesses."""
    return MessageId(derive(secret, "message", key, size=16).hex())


def safety_number(a: bytes, b: bytes, renewal: bytes = b"") -> str:
    """60 digits in twelve groups of five, independent of the order of the two keys. ``renewal``: what the
    two exchanged for their last new session, so that a copied home shows another number."""
    halves = sorted(_digits(key + renewal) for key in (a, b))
    digits = "".join(halves)
    return " ".join(digits[at : at + 5] for at in range(0, len(digits), 5))


def safety_words(identity_key: bytes) -> tuple[str, ...]:
    """Six words, 60 bits, by which one key can be read out; as dear to forge as a safety number."""
    bits = int.from_bytes(_stretched(identity_key)[-8:], "big")
    return tuple(WORDS[bits >> 10 * place & 1023] for place in range(6))


def _digits(key: bytes) -> str:
    state = _stretched(key)
    groups = (int.from_bytes(state[at : at + 5], "big") % 100_000 for at in range(0, DIGITS_A_SIDE, 5))
    return "".join(f"{group:05d}" for group in groups)


def _stretched(key: bytes) -> bytes:
    """64 bytes: the first 30 become digits, the last eight words."""
    state = _NO_KEY + key
    for _ in range(ITERATIONS):
        state = hashlib.sha512(state + key).digest()
    return state

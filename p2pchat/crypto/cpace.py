"""CPace: a shared key from a few shared words, with one guess for a stranger (draft-irtf-cfrg-cpace-21,
X25519 and SHA-512).

Knows: the initiator-responder flow and its key confirmation. Does not know: how its messages travel.

The guest is the initiator (A), the host the responder (B). All curve arithmetic is libsodium's. Its Elligator
2 map clears the cofactor, which the draft's does not; dividing by eight in the prime-order group leaves a
generator that differs from the draft's at most by a point of low order, and clamped scalars, multiples of
eight, do not see such a point. Shares and session keys are the draft's to the byte
(tests/crypto/test_cpace.py).
"""

from __future__ import annotations

import hashlib

from nacl.bindings import (
    crypto_core_ed25519_from_uniform,
    crypto_scalarmult,
    crypto_scalarmult_ed25519_noclamp,
    crypto_sign_ed25519_pk_to_curve25519,
)

from p2pchat.crypto.exchange import shared_point
from p2pchat.crypto.kdf import derive

_DSI = b"CPace255"
_DSI_ISK = b"CPace255_ISK"
_HASH_BLOCK = 128
"""SHA-512's input block (draft, section on the generator string)."""

_GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
_EIGHTH = pow(8, -1, _GROUP_ORDER).to_bytes(32, "little")


def generator(secret: bytes, channel: bytes, sid: bytes) -> bytes:
    """Make the generator that only the owners of ``secret`` can make: a u coordinate, 32 bytes. ``channel``
    names the two ends and the place (the draft's CI), ``sid`` is fresh for each session."""
    padding = bytes(max(0, _HASH_BLOCK - 1 - len(_prefixed(secret)) - len(_prefixed(_DSI))))
    uniform = hashlib.sha512(_lv_cat(_DSI, secret, padding, channel, sid)).digest()[:32]
    cleared = crypto_core_ed25519_from_uniform(_without_top_bit(uniform))
    return crypto_sign_ed25519_pk_to_curve25519(crypto_scalarmult_ed25519_noclamp(_EIGHTH, cleared))


def share(point: bytes, scalar: bytes) -> bytes:
    """What is sent: the generator times our secret scalar (32 random bytes)."""
    return crypto_scalarmult(scalar, point)


def session_key(
    scalar: bytes, peer: bytes, sid: bytes, ya: bytes, ada: bytes, yb: bytes, adb: bytes
) -> bytes:
    """The intermediate session key, 64 bytes, the same for both only if both knew the secret.

    Raises Unreadable on a low-order share.
    """
    shared = shared_point(scalar, peer)
    return hashlib.sha512(_lv_cat(_DSI_ISK, sid, shared) + _lv_cat(ya, ada) + _lv_cat(yb, adb)).digest()


def confirmation(isk: bytes, role: str, ya: bytes, yb: bytes) -> bytes:
    """What the end in ``role`` (``guest`` or ``host``) shows to prove that it has the key; 32 bytes."""
    return derive(isk, "cpace confirmation", role.encode(), ya, yb)


def _without_top_bit(uniform: bytes) -> bytes:
    """A field element has 255 bits; libsodium would read the 256th as the sign of a coordinate we do not
    use."""
    return uniform[:31] + bytes([uniform[31] & 0x7F])


def _prefixed(data: bytes) -> bytes:
    """The draft's prepend_len: LEB128 length, then the data."""
    length, prefix = len(data), b""
    while length >= 0x80:
        prefix += bytes([length & 0x7F | 0x80])
        length >>= 7
    return prefix + bytes([length]) + data


def _lv_cat(*parts: bytes) -> bytes:
    return b"".join(map(_prefixed, parts))

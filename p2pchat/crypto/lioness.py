"""LIONESS: a block cipher as wide as the message, so that one altered bit leaves nothing of it.

Knows: the four rounds (Anderson and Biham 1996) with BLAKE2b-256 and ChaCha20. Does not know: what is
enciphered.
"""

from __future__ import annotations

from hashlib import blake2b

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

KEY_BYTES = 192
"""Four round keys: 32, 64, 32 and 64 bytes."""

LEFT_BYTES = 32
_NONCE = bytes(16)


def stream_xor(key: bytes, data: bytes) -> bytes:
    """``data`` XOR the ChaCha20 stream of a 32-byte key, nonce and counter zero. A key must serve once."""
    return Cipher(ChaCha20(key, _NONCE), None).encryptor().update(data)


def encipher(key: bytes, block: bytes) -> bytes:
    """``block`` has more than 32 bytes."""
    left, right = block[:LEFT_BYTES], block[LEFT_BYTES:]
    right = stream_xor(_xor(left, key[:32]), right)
    left = _xor(left, _hash(key[32:96], right))
    right = stream_xor(_xor(left, key[96:128]), right)
    return _xor(left, _hash(key[128:], right)) + right


def decipher(key: bytes, block: bytes) -> bytes:
    """Undo ``encipher``."""
    left, right = block[:LEFT_BYTES], block[LEFT_BYTES:]
    left = _xor(left, _hash(key[128:], right))
    right = stream_xor(_xor(left, key[96:128]), right)
    left = _xor(left, _hash(key[32:96], right))
    return left + stream_xor(_xor(left, key[:32]), right)


def _hash(key: bytes, data: bytes) -> bytes:
    return blake2b(data, key=key, digest_size=LEFT_BYTES).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")

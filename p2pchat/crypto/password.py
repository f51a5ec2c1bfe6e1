"""A passphrase becomes bytes, these a key, and a key is kept under another.

Knows: which texts are one passphrase, Argon2id and its parameters, wrapping. Does not know: files, or what
the wrapped key opens.
"""

from __future__ import annotations

import unicodedata

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from p2pchat.data import dataclass
from p2pchat.errors import StoreError, Unreadable, UsageError

SALT_BYTES = argon2id.SALTBYTES
NONCE_BYTES = 24
KEY_BYTES = 32

OPS_MAX = 64
MEMORY_MAX = 4 << 30
"""Above these, stored parameters are damage and not a choice."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Argon2id parameters (RFC 9106): passes, and memory in bytes."""

    ops: int = argon2id.OPSLIMIT_MODERATE
    memory: int = argon2id.MEMLIMIT_MODERATE
    """libsodium's "moderate": 3 passes over 256 MB, about 0.4 s (measured)."""


def prepare_passphrase(text: str) -> bytes:
    """The bytes of a passphrase, the same however a keyboard composes its letters: each space as that of
    ASCII, then NFC, in UTF-8. These are the rules of RFC 8265's OpaqueString; no character is refused.

    Raises UsageError on half of a surrogate pair, for which UTF-8 has no bytes."""
    spaced = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in text)
    try:
        return unicodedata.normalize("NFC", spaced).encode()
    except UnicodeEncodeError:
        raise UsageError("a passphrase cannot have half of a surrogate pair: that is no text") from None


def list_passphrase_forms(text: str) -> tuple[bytes, ...]:
    """What may have been stretched where this passphrase was set: one form, or two where they differ.

    The first is the present one. Earlier versions took the bytes as they came, composed (NFC) on most systems
    and decomposed (NFD) on some: so the second is the text as it is, or decomposed if it is composed already.
    """
    present, as_typed = prepare_passphrase(text), text.encode()
    other = unicodedata.normalize("NFD", text).encode() if as_typed == present else as_typed
    return (present,) if other == present else (present, other)


def stretch(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    """A 32-byte key of a prepared passphrase. Raises Unreadable on parameters out of reason, StoreError
    without the memory."""
    if not (
        1 <= cost.ops <= OPS_MAX
        and argon2id.MEMLIMIT_MIN <= cost.memory <= MEMORY_MAX
        and len(salt) == SALT_BYTES
    ):
        raise Unreadable("key stretching parameters out of reason")
    try:
        return argon2id.kdf(KEY_BYTES, passphrase, salt, opslimit=cost.ops, memlimit=cost.memory)
    except CryptoError as error:
        megabytes = cost.memory >> 20
        raise StoreError(
            f"unlocking needs {megabytes} MB of free memory; close something and retry"
        ) from error


def wrap(key: bytes, secret: bytes, nonce: bytes, bound_to: bytes) -> bytes:
    """Seal a key under a key: XChaCha20-Poly1305, 16 bytes longer than ``secret``."""
    return crypto_aead_xchacha20poly1305_ietf_encrypt(secret, bound_to, nonce, key)


def unwrap(key: bytes, wrapped: bytes, nonce: bytes, bound_to: bytes) -> bytes:
    """Undo ``wrap``. Raises Unreadable: the key is another, or the bytes are damaged."""
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(wrapped, bound_to, nonce, key)
    except (CryptoError, ValueError) as error:
        raise Unreadable("the key does not unwrap") from error

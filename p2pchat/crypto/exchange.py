"""Ephemeral key agreement: X25519 and ML-KEM-768 together, so that one may be broken.

Knows: how two sides come to one secret. Does not know: what is derived from it.

ML-KEM encapsulation draws its randomness inside the library, from the operating system: no interface takes it
from outside.
"""

from __future__ import annotations

from dataclasses import field

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base
from nacl.exceptions import CryptoError

from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy

SEED_BYTES = 64
X25519_BYTES = 32


class KemKey:
    """An ML-KEM-768 key pair (FIPS 203)."""

    def __init__(self, seed: bytes) -> None:
        self._private = MLKEM768PrivateKey.from_seed_bytes(seed)
        self.seed = seed

    @classmethod
    def generate(cls, entropy: Entropy) -> KemKey:
        """Draw a new pair."""
        return cls(entropy.draw_bytes(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> KemKey:
        """Return the pair of a seed of 64 bytes."""
        return cls(seed)

    @property
    def encapsulation_key(self) -> bytes:
        """The public half, 1184 bytes."""
        return self._private.public_key().public_bytes_raw()

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """The 32-byte secret in a 1088-byte ciphertext. Raises Unreadable on another size.

        A ciphertext that was altered yields another secret and no error (implicit rejection): what follows
        will not open.
        """
        try:
            return self._private.decapsulate(ciphertext)
        except ValueError as error:
            raise Unreadable("not an ML-KEM-768 ciphertext") from error


def encapsulate(encapsulation_key: bytes) -> tuple[bytes, bytes]:
    """Return a new secret (32 bytes) and its ciphertext (1088). Raises Unreadable on a bad key."""
    try:
        return MLKEM768PublicKey.from_public_bytes(encapsulation_key).encapsulate()
    except ValueError as error:
        raise Unreadable("not an ML-KEM-768 key") from error


class HybridKey:
    """One side's ephemeral pair of pairs."""

    def __init__(self, scalar: bytes, kem: KemKey) -> None:
        self._scalar = scalar
        self._kem = kem
        self.x25519 = crypto_scalarmult_base(scalar)

    @classmethod
    def generate(cls, entropy: Entropy) -> HybridKey:
        """Draw a new one."""
        return cls(entropy.draw_bytes(32), KemKey.generate(entropy))

    @property
    def encapsulation_key(self) -> bytes:
        """1184 bytes."""
        return self._kem.encapsulation_key

    def derive_secret(self, peer_x25519: bytes, ciphertext: bytes) -> bytes:
        """Return X25519 secret | ML-KEM secret, 64 bytes. Raises Unreadable."""
        return shared_point(self._scalar, peer_x25519) + self._kem.decapsulate(ciphertext)


@dataclass(frozen=True, slots=True)
class Response:
    """The other side's half: its public value, the ciphertext for the first side's key, and the secret."""

    x25519: bytes
    ciphertext: bytes = field(repr=False)
    shared: bytes = field(repr=False)


def respond(entropy: Entropy, peer_x25519: bytes, encapsulation_key: bytes) -> Response:
    """Agree with the owner of a HybridKey. Raises Unreadable on bad public values."""
    scalar = entropy.draw_bytes(32)
    point = shared_point(scalar, peer_x25519)
    secret, ciphertext = encapsulate(encapsulation_key)
    return Response(crypto_scalarmult_base(scalar), ciphertext, point + secret)


def public_point(scalar: bytes) -> bytes:
    """The public value of 32 random bytes: X25519 of the base point (RFC 7748)."""
    return crypto_scalarmult_base(scalar)


def shared_point(scalar: bytes, point: bytes) -> bytes:
    """X25519 (RFC 7748). Raises Unreadable where the result would be zero: a low-order point contributes
    nothing, and neither does one that is not 32 bytes."""
    if len(point) != X25519_BYTES:  # the binding does not look, and libsodium would read past the end
        raise Unreadable("an X25519 point of another size")
    try:
        return crypto_scalarmult(scalar, point)
    except CryptoError as error:
        raise Unreadable("not a usable X25519 point") from error

"""Sealing of what travels between two nodes: rendezvous blobs, and the frames of a link.

Knows: the AEADs, their nonces, the keys of a link. Does not know: what is inside.
"""

from __future__ import annotations

from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from p2pchat.crypto.kdf import derive, digest
from p2pchat.errors import Unreadable
from p2pchat.wire.geometry import GEOMETRY

Role = Literal["offerer", "answerer"]
"""The two ends of a link, named by what they said first."""


def seal_blob(key: bytes, nonce: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """Nonce 24 | XChaCha20-Poly1305. ``plain`` is ``GEOMETRY.blob_plain`` bytes, the result
    ``GEOMETRY.blob``."""
    if (len(nonce), len(plain)) != (GEOMETRY.nonce, GEOMETRY.blob_plain):
        raise ValueError("a blob has one size")
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(plain, bound_to, nonce, key)


def open_blob(key: bytes, blob: bytes, bound_to: bytes) -> bytes:
    """Undo ``seal_blob``. Raises Unreadable."""
    if len(blob) != GEOMETRY.blob:
        raise Unreadable("a blob of another size")
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(
            blob[GEOMETRY.nonce :], bound_to, blob[: GEOMETRY.nonce], key
        )
    except CryptoError as error:
        raise Unreadable("the blob does not open") from error


class LinkKeys:
    """The keys of one link (docs/protocol/README.md#4-links)."""

    def __init__(self, link64: bytes) -> None:
        self._confirm, self._frames = link64[:32], link64[32:]

    @classmethod
    def from_secrets(cls, psk: bytes, shared: bytes, offer_blob: bytes, answer_blob: bytes) -> LinkKeys:
        """Derive the keys from the mesh's pre-shared key, the hybrid secret (64 bytes) and the two blobs that
        were exchanged."""
        return cls(derive(psk, "link", shared, digest(offer_blob), digest(answer_blob), size=64))

    def make_confirmation(self, role: Role, own_fingerprint: bytes, peer_fingerprint: bytes) -> bytes:
        """Derive what the end in ``role`` sends to confirm the two DTLS fingerprints that it saw; 32 bytes.

        An attacker that ends DTLS on both legs shows each end a fingerprint that the other did not see, and
        cannot derive this.
        """
        return derive(self._confirm, "confirm", role.encode(), own_fingerprint, peer_fingerprint)

    @property
    def binding(self) -> bytes:
        """The channel binding (RFC 5056), 32 bytes: only the two ends of this link know it."""
        return derive(self._confirm, "binding")

    def make_sealer(self, role: Role) -> FrameSealer:
        """Make the sealer of the frames that the end in ``role`` sends."""
        return FrameSealer(derive(self._frames, f"frames from {role}"))

    def make_opener(self, role: Role) -> FrameOpener:
        """Make the opener of the frames that the end in ``role`` receives."""
        return FrameOpener(
            derive(self._frames, f"frames from {'answerer' if role == 'offerer' else 'offerer'}")
        )


class _Counting:
    """ChaCha20-Poly1305 (RFC 8439) with a counter as nonce: a frame is never told its place, it has it."""

    def __init__(self, key: bytes) -> None:
        self._aead = ChaCha20Poly1305(key)
        self._count = 0

    def _nonce(self) -> bytes:
        return self._count.to_bytes(12, "big")


class FrameSealer(_Counting):
    """Seals frames in order."""

    def seal_frame(self, plain: bytes) -> bytes:
        """Seal ``GEOMETRY.frame_plain`` bytes into ``GEOMETRY.frame``."""
        if len(plain) != GEOMETRY.frame_plain:
            raise ValueError("a frame has one size")
        sealed = self._aead.encrypt(self._nonce(), plain, None)
        self._count += 1
        return sealed


class FrameOpener(_Counting):
    """Opens frames in the order they were sealed; one left out, repeated or altered does not open."""

    def open_frame(self, data: bytes) -> bytes:
        """Undo ``seal_frame``. Raises Unreadable and then has changed nothing."""
        if len(data) != GEOMETRY.frame:
            raise Unreadable("a frame of another size")
        try:
            plain = self._aead.decrypt(self._nonce(), data, None)
        except InvalidTag as error:
            raise Unreadable("the frame does not open") from error
        self._count += 1
        return plain

"""A TLS peer that sends what ssl would not: one KeyUpdate after another (RFC 8446, sections 4.6.3 and 7.1).

Knows: the keys of one end of a connection, from its key log. Does not know: the connection.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

HASHES: dict[str, HashAlgorithm] = {"TLS_AES_128_GCM_SHA256": SHA256(), "TLS_AES_256_GCM_SHA384": SHA384()}
KEY_UPDATE_REQUESTED = bytes([24, 0, 0, 1, 1])
HANDSHAKE = b"\x16"


class KeyUpdates:
    """Of one end that has sent nothing yet but its handshake. ``side``: CLIENT or SERVER."""

    def __init__(self, log: Path, side: str, shown: ssl.SSLObject) -> None:
        """``shown``: an end whose cipher it is."""
        (line,) = [one for one in log.read_text().splitlines() if one.startswith(f"{side}_TRAFFIC_SECRET_0")]
        self._secret = bytes.fromhex(line.split()[2])
        cipher = shown.cipher()
        assert cipher is not None, "after the handshake"
        self._hash = HASHES[cipher[0]]
        self._key_bytes = 16 if "128" in cipher[0] else 32

    def make_record(self) -> bytes:
        """Make the next one; each has a key of its own."""
        key, nonce = self._expand("key", self._key_bytes), self._expand("iv", 12)
        inner = KEY_UPDATE_REQUESTED + HANDSHAKE
        head = b"\x17\x03\x03" + (len(inner) + 16).to_bytes(2, "big")
        self._secret = self._expand("traffic upd", self._hash.digest_size)
        return head + AESGCM(key).encrypt(nonce, inner, head)

    def _expand(self, label: str, size: int) -> bytes:
        full = b"tls13 " + label.encode()
        info = size.to_bytes(2, "big") + bytes([len(full)]) + full + b"\0"
        return HKDFExpand(self._hash, size, info).derive(self._secret)

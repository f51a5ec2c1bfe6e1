"""One side of an Olm session, played by the other: what makes its transcripts worthless as proof.

Knows: Olm as its specification has it (version 1), and how to be its initiator with the *public* identity
key of the contact that is to have begun it. Does not know: what is said.

The session's secret is three agreements: initiator's identity with responder's one-time key, initiator's
base key with responder's identity, and base key with one-time key. The responder owns the private half in
the first and makes the base key itself: so it has all three, and everything after follows from them. Nothing
in the transcript shows who of the two made it.

Used by ``p2pchat forge`` alone. The sessions of people are vodozemac's.
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import field

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.padding import PKCS7

from p2pchat.crypto.exchange import public_point, shared_point
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy

_VERSION = b"\3"
_MAC_BYTES = 8
_BLOCK_BITS = 128
_PRE_KEY, _NORMAL = b"\0", b"\1"


@dataclass(frozen=True, slots=True)
class OwnSecrets:
    """The responder's private halves, 32 bytes each."""

    identity: bytes = field(repr=False)
    one_time: bytes = field(repr=False)


def own_secrets(account: bytes, key: bytes) -> OwnSecrets:
    """Read the private halves from one's own account: vodozemac's pickle, and its 32-byte key. The first
    one-time key is used."""
    sealed = base64.b64decode(account + b"==")
    keys = _hkdf(key, b"Pickle", 80)
    cipher, padder = Cipher(AES256(keys[:32]), CBC(keys[64:])).decryptor(), PKCS7(_BLOCK_BITS).unpadder()
    plain = padder.update(cipher.update(sealed[:-_MAC_BYTES]) + cipher.finalize()) + padder.finalize()
    value = json.loads(plain)
    one_time = next(iter(value["one_time_keys"]["private_keys"].values()))
    return OwnSecrets(bytes(value["diffie_hellman_key"]), bytes(one_time))


class ForgedInitiator:
    """Speaks Olm as ``identity`` (a public key, 32 bytes) would. The interface is that of ``OlmSession``."""

    def __init__(self, identity: bytes, ours: OwnSecrets, entropy: Entropy) -> None:
        base = entropy.draw_bytes(32)
        secret = (
            shared_point(ours.one_time, identity)
            + shared_point(base, public_point(ours.identity))
            + shared_point(base, public_point(ours.one_time))
        )
        self._entropy = entropy
        self._root, self._chain = _halves(_hkdf(secret, b"OLM_ROOT", 64))
        self._ratchet = entropy.draw_bytes(32)
        self._index = 0
        self._theirs = b""
        self._their_chain = b""
        self._their_index = 0
        self._begins = (
            _VERSION
            + _bytes(0x0A, public_point(ours.one_time))
            + _bytes(0x12, public_point(base))
            + _bytes(0x1A, identity)
        )

    def encrypt(self, plain: bytes) -> bytes:
        """Message type (1 byte) and body."""
        if not self._chain:
            self._turn()
        aes, mac, iv = _message_keys(self._chain)
        self._chain = _next(self._chain)
        padder = PKCS7(_BLOCK_BITS).padder()
        cipher = Cipher(AES256(aes), CBC(iv)).encryptor()
        sealed = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
        body = _VERSION + _bytes(0x0A, public_point(self._ratchet)) + b"\x10" + _varint(self._index)
        body += _bytes(0x22, sealed)
        body += hmac.digest(mac, body, "sha256")[:_MAC_BYTES]
        self._index += 1
        if self._theirs:
            return _NORMAL + body
        return _PRE_KEY + self._begins + _bytes(0x22, body)

    def decrypt(self, message: bytes) -> bytes:
        """Decrypt the responder's messages in their order. Raises Unreadable."""
        body = message[1:-_MAC_BYTES]
        ratchet, index, sealed = body[3:35], *_index_and_sealed(body[35:])
        if ratchet != self._theirs:
            self._theirs = ratchet
            shared = shared_point(self._ratchet, ratchet)
            self._root, self._their_chain = _halves(_hkdf(shared, b"OLM_RATCHET", 64, self._root))
            self._their_index, self._chain = 0, b""
        while self._their_index < index:
            self._their_chain, self._their_index = _next(self._their_chain), self._their_index + 1
        aes, mac, iv = _message_keys(self._their_chain)
        if not hmac.compare_digest(hmac.digest(mac, body, "sha256")[:_MAC_BYTES], message[-_MAC_BYTES:]):
            raise Unreadable("the message does not decrypt")
        self._their_chain, self._their_index = _next(self._their_chain), self._their_index + 1
        cipher, padder = Cipher(AES256(aes), CBC(iv)).decryptor(), PKCS7(_BLOCK_BITS).unpadder()
        return padder.update(cipher.update(sealed) + cipher.finalize()) + padder.finalize()

    def pickle(self) -> bytes:
        """Return nothing: a forged session is never kept."""
        return b""

    def _turn(self) -> None:
        """Draw a new ratchet key of our own after an answer."""
        self._ratchet, self._index = self._entropy.draw_bytes(32), 0
        shared = shared_point(self._ratchet, self._theirs)
        self._root, self._chain = _halves(_hkdf(shared, b"OLM_RATCHET", 64, self._root))


def _hkdf(secret: bytes, info: bytes, size: int, salt: bytes = bytes(32)) -> bytes:
    return HKDF(SHA256(), size, salt, info).derive(secret)


def _halves(both: bytes) -> tuple[bytes, bytes]:
    return both[:32], both[32:]


def _next(chain: bytes) -> bytes:
    return hmac.digest(chain, b"\2", "sha256")


def _message_keys(chain: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the keys for AES and for the MAC, and the first block."""
    keys = _hkdf(hmac.digest(chain, b"\1", "sha256"), b"OLM_KEYS", 80)
    return keys[:32], keys[32:64], keys[64:]


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _bytes(tag: int, data: bytes) -> bytes:
    return bytes([tag]) + _varint(len(data)) + data


def _index_and_sealed(fields: bytes) -> tuple[int, bytes]:
    index, rest = _read_varint(fields[1:])
    size, rest = _read_varint(rest[1:])
    return index, rest[:size]


def _read_varint(data: bytes) -> tuple[int, bytes]:
    value = 0
    for at, byte in enumerate(data):
        value |= (byte & 0x7F) << 7 * at
        if byte < 0x80:
            return value, data[at + 1 :]
    raise Unreadable("a number without an end")

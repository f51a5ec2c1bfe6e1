"""A file sealed under a phrase, in chunks that follow each other: the seal of a backup.

Knows: its header, how a phrase becomes a key, how chunks are sealed and opened one after the other. Does not
know: files, or what is in the chunks.

::

    header = magic (15) | version (1) | passes (4) | KiB of memory (4) | salt (16) | stream header (24)
    key    = derive(Argon2id(phrase, salt), "backup")
    chunk  = libsodium's secretstream, XChaCha20-Poly1305, each with the header as associated data

All chunks but the last hold ``CHUNK_BYTES``; the last alone has the final tag. So none can be left out,
repeated, moved, cut off or added without the next not opening, or the end missing.
"""

from __future__ import annotations

from typing import Final

from nacl.bindings import crypto_secretstream as sodium
from nacl.exceptions import CryptoError

from p2pchat.crypto.kdf import derive
from p2pchat.crypto.password import SALT_BYTES, Cost, list_passphrase_forms, prepare_passphrase, stretch
from p2pchat.errors import Malformed, OtherVersion, Unreadable
from p2pchat.ports import Entropy, below
from p2pchat.wire.words import WORDS

MAGIC: Final = b"p2pchat backup\n"
VERSION: Final = 1
STREAM_BYTES: Final = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
HEADER_BYTES: Final = len(MAGIC) + 1 + 4 + 4 + SALT_BYTES + STREAM_BYTES
TAG_BYTES: Final = sodium.crypto_secretstream_xchacha20poly1305_ABYTES

CHUNK_BYTES: Final = 64 * 1024
"""What one chunk holds: so much of a file is in memory at a time."""

PHRASE_WORDS: Final = 10
"""Of 1024 each: 100 bits."""

OPS_MAX: Final = 16
MEMORY_MAX_KIB: Final = 1 << 20
"""Above these a header asks for minutes, or for 1 GB: no program wrote it in this form."""


def draw_phrase(entropy: Entropy) -> str:
    """Ten new random words."""
    return " ".join(WORDS[below(entropy, len(WORDS))] for _ in range(PHRASE_WORDS))


def settle_phrase(typed: str) -> str:
    """The same phrase however its ten words were written; anything else as it is."""
    words = typed.lower().replace("-", " ").replace(",", " ").split()
    known = len(words) == PHRASE_WORDS and all(word in WORDS for word in words)
    return " ".join(words) if known else typed


class ArchiveSeal:
    """Seals one file. ``header`` goes first, then every chunk as it was made."""

    def __init__(self, phrase: str, entropy: Entropy, cost: Cost | None = None) -> None:
        """Takes the time that a phrase takes to become a key. Raises StoreError without the memory."""
        cost = cost or Cost()
        salt, stream = entropy.draw_bytes(SALT_BYTES), entropy.draw_bytes(STREAM_BYTES)
        costs = cost.ops.to_bytes(4, "big") + (cost.memory >> 10).to_bytes(4, "big")
        self.header = MAGIC + bytes([VERSION]) + costs + salt + stream
        # Both ends of the stream begin alike; this one takes the header that it is given.
        self._state = _begun(prepare_passphrase(settle_phrase(phrase)), cost, salt, stream)

    def seal_chunk(self, plain: bytes, last: bool = False) -> bytes:
        """``CHUNK_BYTES``, or with the ``last`` chunk what is left."""
        final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
        tag = final if last else sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
        return sodium.crypto_secretstream_xchacha20poly1305_push(self._state, plain, self.header, tag)


class ArchiveOpening:
    """Opens one file, chunk after chunk."""

    def __init__(self, header: bytes, phrase: str) -> None:
        """Raises Malformed (no such header), OtherVersion, StoreError without the memory."""
        if len(header) != HEADER_BYTES or not header.startswith(MAGIC):
            raise Malformed("not the header of a backup")
        version, at = header[len(MAGIC)], len(MAGIC) + 1
        if version != VERSION:
            raise OtherVersion(version)
        ops, kib = (int.from_bytes(header[at + 4 * part : at + 4 * part + 4], "big") for part in (0, 1))
        if ops > OPS_MAX or kib > MEMORY_MAX_KIB:
            raise Malformed("a header that asks for too much")
        salt = header[at + 8 : at + 8 + SALT_BYTES]
        self._header = header
        self._cost, self._salt = Cost(ops, kib << 10), salt
        self._forms = list(list_passphrase_forms(settle_phrase(phrase)))
        """Of the phrase, those that were not tried."""
        self._state = self._begin_next()

    def open_chunk(self, sealed: bytes) -> tuple[bytes, bool]:
        """The next chunk, and whether it is the last. Raises Unreadable.

        The first one takes the time of another key if the phrase has two forms and the one tried is wrong;
        then it raises StoreError without the memory.
        """
        plain, tag = self._pull(sealed)
        last = tag == sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
        if not last and len(plain) != CHUNK_BYTES:
            raise Unreadable("a chunk that is neither whole nor the last")
        return plain, last

    def _pull(self, sealed: bytes) -> tuple[bytes, int]:
        while True:
            try:
                opened = sodium.crypto_secretstream_xchacha20poly1305_pull(self._state, sealed, self._header)
            except (CryptoError, ValueError) as error:
                if not self._forms:
                    raise Unreadable("the chunk does not open") from error
                self._state = self._begin_next()
            else:
                self._forms.clear()
                return opened

    def _begin_next(self) -> sodium.crypto_secretstream_xchacha20poly1305_state:
        return _begun(self._forms.pop(0), self._cost, self._salt, self._header[-STREAM_BYTES:])


def _begun(
    phrase: bytes, cost: Cost, salt: bytes, stream: bytes
) -> sodium.crypto_secretstream_xchacha20poly1305_state:
    key = derive(stretch(phrase, salt, cost), "backup")
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, stream, key)
    return state

"""The hashes by which a file is known, and the seal of its pieces.

Knows: the tree over a file's pieces, the path of each, how a piece is sealed. Does not know: where pieces are
kept, or how they travel (``wire.files``).

::

    leaf   derive(salt, "file piece", number 4, piece)          derive: keyed BLAKE2b (crypto.kdf)
    node   derive(salt, "file node", left 32, right 32)         a last one alone goes up as it is
    root   derive(salt, "file root", size 8, pieces 4, top 32)
    seal   XChaCha20-Poly1305(derive(salt, "file seal"), nonce: number 24, AD: root)

The salt is told only in the offer, so a piece can be read by those who have the offer, however it travelled:
it is as secret as what people write.
"""

from __future__ import annotations

from typing import Final

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from p2pchat.crypto.kdf import derive
from p2pchat.errors import Unreadable
from p2pchat.wire.files import (
    HASH_BYTES,
    SEAL_BYTES,
    count_pieces,
    decode_piece,
    encode_piece,
    path_length,
    piece_size,
)

_NONCE_BYTES: Final = 24


def hash_piece(salt: bytes, index: int, piece: bytes) -> bytes:
    """The leaf of a piece, 32 bytes."""
    return derive(salt, "file piece", index.to_bytes(4, "big"), piece)


class FileTree:
    """Grows by one leaf after the other; then it has a root, and a path for each piece.

    It takes 64 bytes for each piece, 1 MB for the largest file, and nothing for what is in them.
    """

    def __init__(self, salt: bytes) -> None:
        self._salt = salt
        self._levels = [bytearray()]
        """The leaves, then what is above them, 32 bytes each; the last is the top once ``close_tree`` ran."""

    def add_leaf(self, leaf: bytes) -> None:
        """The next piece has this leaf."""
        self._levels[0] += leaf

    def close_tree(self, size: int) -> bytes:
        """Return the root of a file of so many bytes. Raises ValueError if it has another number of
        pieces."""
        count = len(self._levels[0]) // HASH_BYTES
        if count != count_pieces(size):
            raise ValueError(f"{count} leaves for {size} bytes")
        del self._levels[1:]
        while len(self._levels[-1]) > HASH_BYTES:
            self._levels.append(self._make_level(self._levels[-1]))
        return _hash_root(self._salt, size, count, bytes(self._levels[-1]))

    def list_path(self, index: int) -> tuple[bytes, ...]:
        """The hashes beside the way from a piece to the top, from the lowest up."""
        path: list[bytes] = []
        for level in self._levels[:-1]:
            beside = (index ^ 1) * HASH_BYTES
            if beside < len(level):
                path.append(bytes(level[beside : beside + HASH_BYTES]))
            index //= 2
        return tuple(path)

    def _make_level(self, below: bytearray) -> bytearray:
        level = bytearray()
        for at in range(0, len(below), 2 * HASH_BYTES):
            left, right = below[at : at + HASH_BYTES], below[at + HASH_BYTES : at + 2 * HASH_BYTES]
            level += _hash_node(self._salt, bytes(left), bytes(right)) if right else left
        return level


def seal_piece(salt: bytes, root: bytes, index: int, path: tuple[bytes, ...], piece: bytes) -> bytes:
    """A piece as it travels (``wire.files.encode_piece``)."""
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(piece, root, _nonce(index), _seal_key(salt))
    return encode_piece(path, sealed)


def open_piece(salt: bytes, root: bytes, size: int, index: int, sent: bytes) -> bytes:
    """Return the piece that has this place in the file of this root and size. Raises RefusedInput where it is
    another."""
    path, sealed = decode_piece(sent)
    try:
        piece = crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, root, _nonce(index), _seal_key(salt))
    except CryptoError as error:
        raise Unreadable("a piece that does not open") from error
    if not is_piece(salt, root, size, index, path, piece):
        raise Unreadable("a piece that is not of this file")
    return piece


def is_piece(salt: bytes, root: bytes, size: int, index: int, path: tuple[bytes, ...], piece: bytes) -> bool:
    """Whether a piece has this place in the file of this root and size."""
    count = count_pieces(size)
    if not 0 <= index < count or len(path) != path_length(count, index):
        return False
    if len(piece) != piece_size(size, index):
        return False
    above, width, at, beside = hash_piece(salt, index, piece), count, index, iter(path)
    while width > 1:
        if at ^ 1 < width:
            other = next(beside)
            above = _hash_node(salt, above, other) if at % 2 == 0 else _hash_node(salt, other, above)
        width, at = (width + 1) // 2, at // 2
    return _hash_root(salt, size, count, above) == root


def _hash_node(salt: bytes, left: bytes, right: bytes) -> bytes:
    return derive(salt, "file node", left, right)


def _hash_root(salt: bytes, size: int, count: int, top: bytes) -> bytes:
    return derive(salt, "file root", size.to_bytes(8, "big"), count.to_bytes(4, "big"), top)


def _seal_key(salt: bytes) -> bytes:
    return derive(salt, "file seal")


def _nonce(index: int) -> bytes:
    return index.to_bytes(_NONCE_BYTES, "big")


def seal_kept(key: bytes, name: bytes, index: int, piece: bytes) -> bytes:
    """A piece as a home keeps it, ``SEAL_BYTES`` longer. A key seals the pieces of one file, each once."""
    return crypto_aead_xchacha20poly1305_ietf_encrypt(piece, name, _nonce(index), key)


def open_kept(key: bytes, name: bytes, index: int, sealed: bytes) -> bytes | None:
    """Undo ``seal_kept``; None: it was not kept so."""
    if len(sealed) < SEAL_BYTES:
        return None
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, name, _nonce(index), key)
    except CryptoError:
        return None

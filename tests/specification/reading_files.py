"""A file's hashes and the seal of its pieces, read by docs/protocol/files.md alone.

As ``reading``, with no line of p2pchat.
"""

from __future__ import annotations

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt

from tests.specification.reading import derive, require

PIECE = 262_144


def cut(content: bytes) -> list[bytes]:
    return [content[at : at + PIECE] for at in range(0, len(content), PIECE)] or [b""]


def leaf(salt: bytes, number: int, piece: bytes) -> bytes:
    return derive(salt, "file piece", number.to_bytes(4, "big"), piece)


def climb(salt: bytes, number: int, pieces: int, hashed: bytes, path: list[bytes]) -> bytes:
    """The top above a leaf."""
    path = list(path)
    while pieces > 1:
        if number ^ 1 < pieces:
            beside = path.pop(0)
            pair = (hashed, beside) if number % 2 == 0 else (beside, hashed)
            hashed = derive(salt, "file node", *pair)
        number, pieces = number // 2, (pieces + 1) // 2
    require(not path)
    return hashed


def root(salt: bytes, size: int, pieces: int, top: bytes) -> bytes:
    return derive(salt, "file root", size.to_bytes(8, "big"), pieces.to_bytes(4, "big"), top)


def open_sent(salt: bytes, of: bytes, number: int, sent: bytes) -> tuple[list[bytes], bytes]:
    """The path and the piece."""
    end = 1 + 32 * sent[0]
    path = [sent[at : at + 32] for at in range(1, end, 32)]
    key, nonce = derive(salt, "file seal"), number.to_bytes(24, "big")
    return path, crypto_aead_xchacha20poly1305_ietf_decrypt(sent[end:], of, nonce, key)

"""The primitives of Lightning's onions, to run our Sphinx header against their published vector.

Knows: secp256k1, slowly and for tests alone, and BOLT 4's keys. Does not know: how a header is built.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from p2pchat.crypto.lioness import stream_xor

_P = 2**256 - 2**32 - 977
_G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)

_Point = tuple[int, int] | None


class Bolt04:
    """Points are compressed, 33 bytes."""

    beta = 1300
    slot_max = 1300

    def multiply_point(self, scalar: bytes, point: bytes) -> bytes:
        return _compressed(_times(int.from_bytes(scalar, "big"), _decompressed(point)))

    def public_point(self, scalar: bytes) -> bytes:
        return _compressed(_times(int.from_bytes(scalar, "big"), _G))

    def shared_secret(self, point: bytes) -> bytes:
        return sha256(point).digest()

    def blinding_factor(self, alpha: bytes, secret: bytes) -> bytes:
        return sha256(alpha + secret).digest()

    def derive_keys(self, secret: bytes) -> tuple[bytes, bytes]:
        return key(b"rho", secret), key(b"mu", secret)

    def xor_stream(self, key: bytes, data: bytes) -> bytes:
        return stream_xor(key, data)

    def compute_mac(self, key: bytes, alpha: bytes, beta: bytes, associated: bytes) -> bytes:
        return hmac.digest(key, beta + associated, "sha256")


def key(label: bytes, secret: bytes) -> bytes:
    """A key for one purpose."""
    return hmac.digest(label, secret, "sha256")


def _add(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % _P == 0:
        return None
    slope = 3 * x1 * x1 * pow(2 * y1, -1, _P) if one == other else (y2 - y1) * pow(x2 - x1, -1, _P)
    x = (slope * slope - x1 - x2) % _P
    return x, (slope * (x1 - x) - y1) % _P


def _times(scalar: int, point: _Point) -> _Point:
    total: _Point = None
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _compressed(point: _Point) -> bytes:
    assert point is not None
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


def _decompressed(data: bytes) -> _Point:
    x = int.from_bytes(data[1:], "big")
    y = pow(x**3 + 7, (_P + 1) // 4, _P)
    return x, y if y % 2 == data[0] % 2 else _P - y

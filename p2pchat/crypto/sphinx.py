"""The header of a Sphinx packet (Danezis and Goldberg 2009): a path of which each hop learns one step.

Knows: blinding, the routing slots, their filler and their MACs, for any suite of primitives. Does not know:
which primitives, what a slot says, or the payload that goes with the header.

::

    alpha                beta                              gamma
    a point for this hop every hop's slot, the first open  MAC of alpha and beta
                         to this hop, then a fixed size
                         of what the others have or had

A slot is its content and the gamma for the next hop. Each hop takes its slot from the front, and the same
stream that opens it puts as many bytes behind: a header never shows how far it has come.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Protocol

from p2pchat.data import dataclass
from p2pchat.errors import Unreadable


class Suite(Protocol):
    """The primitives and sizes."""

    beta: int
    """Bytes of all slots together."""
    slot_max: int
    """Bytes of the longest slot."""

    def multiply_point(self, scalar: bytes, point: bytes) -> bytes:
        """Multiply a point by a scalar. Raises Unreadable where the result would not depend on the scalar."""
        ...

    def public_point(self, scalar: bytes) -> bytes:
        """Multiply the base point by a scalar."""
        ...

    def shared_secret(self, point: bytes) -> bytes:
        """Derive the secret of a shared point."""
        ...

    def blinding_factor(self, alpha: bytes, secret: bytes) -> bytes:
        """Derive the scalar that turns this hop's point into the next hop's."""
        ...

    def derive_keys(self, secret: bytes) -> tuple[bytes, bytes]:
        """Derive the keys of the stream and of the MAC."""
        ...

    def xor_stream(self, key: bytes, data: bytes) -> bytes:
        """XOR ``data`` with the stream of the key."""
        ...

    def compute_mac(self, key: bytes, alpha: bytes, beta: bytes, associated: bytes) -> bytes:
        """Compute the gamma of a header."""
        ...


@dataclass(frozen=True, slots=True)
class Header:
    alpha: bytes
    beta: bytes = field(repr=False)
    gamma: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """What the sender has in common with one hop."""

    alpha: bytes
    secret: bytes = field(repr=False)


def steps(suite: Suite, scalar: bytes, keys: Sequence[bytes]) -> Iterator[Step]:
    """The points and secrets along hops with these public keys. Raises Unreadable on a bad key.

    Each hop's secret takes all blinding so far, one multiplication after the other: X25519 clamps every
    scalar, so their product would be another.
    """
    scalars, alpha = [scalar], suite.public_point(scalar)
    for key in keys:
        point = key
        for factor in scalars:
            point = suite.multiply_point(factor, point)
        secret = suite.shared_secret(point)
        yield Step(alpha, secret)
        blind = suite.blinding_factor(alpha, secret)
        scalars.append(blind)
        alpha = suite.multiply_point(blind, alpha)


def build(
    suite: Suite,
    path: Sequence[Step],
    contents: Sequence[bytes],
    last: bytes,
    padding: bytes,
    associated: bytes,
) -> Header:
    """Build the header for the first hop.

    ``contents``: what each hop's slot says; ``last``: the bytes in place of a gamma in the last slot;
    ``padding``: ``suite.beta`` random bytes, of which those behind the last slot remain.
    """
    filler = _filler(suite, path, [len(content) + len(last) for content in contents])
    beta, gamma = padding, last
    for at in reversed(range(len(path))):
        stream, key = suite.derive_keys(path[at].secret)
        beta = suite.xor_stream(stream, (contents[at] + gamma + beta)[: suite.beta])
        if at == len(path) - 1 and filler:
            beta = beta[: -len(filler)] + filler
        gamma = suite.compute_mac(key, path[at].alpha, beta, associated)
    return Header(path[0].alpha, beta, gamma)


def open_slot(suite: Suite, scalar: bytes, header: Header, associated: bytes) -> tuple[bytes, bytes]:
    """Return the secret, and all slots with the first one open and zero bytes behind them turned to filler:
    ``suite.beta + suite.slot_max`` bytes. Raises Unreadable unless the header was made for this hop."""
    secret = suite.shared_secret(suite.multiply_point(scalar, header.alpha))
    stream, key = suite.derive_keys(secret)
    if not hmac.compare_digest(suite.compute_mac(key, header.alpha, header.beta, associated), header.gamma):
        raise Unreadable("an onion for another hop, or altered")
    return secret, suite.xor_stream(stream, header.beta + bytes(suite.slot_max))


def blinded(suite: Suite, alpha: bytes, secret: bytes) -> bytes:
    """Compute the next hop's point."""
    return suite.multiply_point(suite.blinding_factor(alpha, secret), alpha)


def _filler(suite: Suite, path: Sequence[Step], sizes: Sequence[int]) -> bytes:
    """Compute what the hops before the last append to the slots: the sender needs it for the last MAC."""
    filler = b""
    for step, size in zip(path[:-1], sizes, strict=False):
        stream, _ = suite.derive_keys(step.secret)
        start = suite.beta - len(filler)
        filler = suite.xor_stream(stream, bytes(start) + filler + bytes(size))[start:]
    return filler
